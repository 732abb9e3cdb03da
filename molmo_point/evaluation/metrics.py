"""Scores of pointing and counting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["PointScore", "calibration_error", "match_boxes", "match_owners", "match_pairs"]

Box = tuple[float, float, float, float]


def match_boxes(
    xy: NDArray[np.float64], boxes: Sequence[Box], *, margin: float = 0.0
) -> NDArray[np.bool_]:
    """Which points hit a thing of their own, one to one, as many as possible.

    Args:
        xy: [N, 2] pixels.
        boxes: left, top, right, bottom of each thing, pixels.
        margin: pixels that a point may lie outside.

    Returns:
        bool [N].
    """
    if not len(xy) or not boxes:
        return np.zeros(len(xy), dtype=np.bool_)
    edges = np.array(boxes, dtype=np.float64)  # [M, 4]
    low, high = edges[None, :, :2] - margin, edges[None, :, 2:] + margin
    inside: NDArray[np.bool_] = np.asarray(
        ((xy[:, None] >= low) & (xy[:, None] <= high)).all(-1)
    )  # [N, M]
    return match_pairs(inside)


def match_owners(
    xy: NDArray[np.float64], owner: NDArray[np.int16], things: Sequence[int], *, margin: int = 0
) -> NDArray[np.bool_]:
    """The same where it is known whose each pixel is.

    Args:
        xy: [N, 2] pixels.
        owner: int16 [H, W], 1 + index of the thing that each pixel shows.
        things: indices of the things.
        margin: pixels that a point may lie beside one of the thing's.
    """
    inside = np.zeros((len(xy), len(things)), dtype=np.bool_)
    for row, (x, y) in enumerate(xy):
        top, left = max(int(y) - margin, 0), max(int(x) - margin, 0)
        near = owner[top : int(y) + margin + 1, left : int(x) + margin + 1]
        inside[row] = [bool((near == thing + 1).any()) for thing in things]
    return match_pairs(inside)


def match_pairs(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bool [N], which points get a thing of their own, out of bool [N, M]: which lie in which."""
    from scipy.optimize import linear_sum_assignment

    right = np.zeros(len(inside), dtype=np.bool_)
    points, things = linear_sum_assignment(inside, maximize=True)
    right[points] = inside[points, things]
    return right


@dataclass(slots=True)
class PointScore:
    """Sums over questions, from which the figures are made.

    Attributes:
        right: points that hit a thing of their own.
        said: points.
        there: things.
        questions: how many.
        exact: questions whose count is right.
        off: sum of absolute differences of counts.
        asked: questions about something that is there.
        hit: of those, the ones whose surest point is right: what a click would need.
    """

    right: int = 0
    said: int = 0
    there: int = 0
    questions: int = 0
    exact: int = 0
    off: int = 0
    asked: int = 0
    hit: int = 0

    def add(self, *, right: int, said: int, there: int, hit: bool = False) -> None:
        """One more question; `hit`: its surest point is right."""
        self.asked += there > 0
        self.hit += hit
        self.right += right
        self.said += said
        self.there += there
        self.questions += 1
        self.exact += said == there
        self.off += abs(said - there)

    @property
    def precision(self) -> float:
        """Share of the points that are right; 1 if there is none."""
        return self.right / self.said if self.said else 1.0

    @property
    def recall(self) -> float:
        """Share of the things that are found; 1 if there is none."""
        return self.right / self.there if self.there else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, over all points of all questions."""
        total = self.said + self.there
        return 2 * self.right / total if total else 1.0

    @property
    def exact_share(self) -> float:
        """Share of questions whose count is right."""
        return self.exact / max(self.questions, 1)

    @property
    def hit_rate(self) -> float:
        """Share of the questions about something that is there whose surest point is right."""
        return self.hit / max(self.asked, 1)

    @property
    def mean_error(self) -> float:
        """Mean absolute difference of counts."""
        return self.off / max(self.questions, 1)

    def to_dict(self) -> dict[str, float]:
        """The figures, rounded."""
        figures = {
            "f1": self.f1, "precision": self.precision, "recall": self.recall,
            "hit": self.hit_rate, "exact_count": self.exact_share, "count_error": self.mean_error,
        }  # fmt: skip
        return {name: round(value, 4) for name, value in figures.items()} | {
            "questions": self.questions
        }


def calibration_error(
    confidence: Sequence[float], right: Sequence[bool], *, bins: int = 10
) -> float:
    """Expected calibration error: mean gap of confidence and hit rate over equal-width bins.

    Source: Naeini et al., AAAI 2015.
    """
    if not confidence:
        return 0.0
    sure, hit = np.array(confidence), np.array(right, dtype=np.float64)
    bin_of = np.minimum((sure * bins).astype(int), bins - 1)
    gaps = [
        abs(sure[bin_of == index].mean() - hit[bin_of == index].mean()) * (bin_of == index).sum()
        for index in np.unique(bin_of)
    ]
    return float(sum(gaps) / len(sure))
