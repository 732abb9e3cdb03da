"""How far points move, and counts change, when a model is kept or run in another way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from molmo_point.images import ImageSource
from molmo_point.pointer import Pointer
from molmo_point.points import Points

__all__ = ["Parity", "ParityRow", "answer_all", "compare_answers", "match_points"]


@dataclass(frozen=True, slots=True)
class ParityRow:
    """One question, asked of both.

    Attributes:
        image: its name.
        query: the user's words.
        before: points of the reference.
        after: points of the other.
        moved: for each pair of points, how far they are apart, pixels of the image.
        share: the same as a share of the image's diagonal.
    """

    image: str
    query: str
    before: int
    after: int
    moved: tuple[float, ...]
    share: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Parity:
    """All questions.

    Attributes:
        rows: one a question.
    """

    rows: tuple[ParityRow, ...]

    def to_dict(self) -> dict[str, float]:
        """The figures: distances in pixels over all pairs of points, shares over questions."""
        moved = [value for row in self.rows for value in row.moved]
        shares = [value for row in self.rows for value in row.share]
        count = max(len(self.rows), 1)
        return {
            "questions": len(self.rows),
            "same_count": round(sum(row.before == row.after for row in self.rows) / count, 4),
            "mean_count_change": round(
                sum(abs(row.before - row.after) for row in self.rows) / count, 4
            ),
            "points": len(moved),
            "median_moved": round(median(moved), 2) if moved else 0.0,
            "most_moved": round(max(moved), 2) if moved else 0.0,
            "within_1_percent": round(sum(s <= 0.01 for s in shares) / max(len(shares), 1), 4),
        }


def match_points(before: Points, after: Points) -> list[float]:
    """Distances of points paired one to one so that they are shortest in sum, pixels.

    As many pairs as the shorter list has points, images being apart.
    """
    from scipy.optimize import linear_sum_assignment

    one, two = before.xy(), after.xy()
    if not len(one) or not len(two):
        return []
    apart = np.linalg.norm(one[:, None] - two[None], axis=-1)
    images = np.array([point.image_index for point in before])
    others = np.array([point.image_index for point in after])
    apart = np.where(images[:, None] == others[None], apart, 1e9)
    pairs = apart[linear_sum_assignment(apart)]
    return [float(value) for value in pairs if value < 1e9]


def answer_all(
    pointer: Pointer,
    images: Sequence[tuple[str, ImageSource]],
    queries: Sequence[str],
    progress: Callable[[], None] = lambda: None,
) -> Iterator[tuple[str, str, Points]]:
    """Ask every query about every image.

    Args:
        pointer: whom to ask.
        images: with a name each.
        queries: the user's words.
        progress: called after each image.

    Yields:
        Image, query, points.
    """
    for name, image in images:
        with pointer.look(image) as view:
            for query, points in zip(queries, view.points(queries), strict=True):
                yield name, query, points
        progress()


def compare_answers(
    before: Sequence[tuple[str, str, Points]], after: Sequence[tuple[str, str, Points]]
) -> Parity:
    """Put two lists of `answer_all`, of the same questions, side by side."""
    rows = []
    for (image, query, one), (_, _, two) in zip(before, after, strict=True):
        moved = match_points(one, two)
        diagonal = float(np.hypot(*one.image_size))
        share = tuple(value / diagonal for value in moved)
        rows.append(ParityRow(image, query, len(one), len(two), tuple(moved), share))
    return Parity(tuple(rows))
