"""An answer that comes as pieces of text, each with its probability: points as they are complete.

Needs no model: the pieces may come from a server.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from molmo_point.parsing import PointStream
from molmo_point.points import Point, Points

__all__ = ["PieceReader"]


class PieceReader:
    """Follows one answer.

    A point's confidence is the product of the probabilities of the pieces with digits in them that
    came since the point before; None if a piece came without a probability.

    Args:
        query: the user's words.
        sizes: (width, height) of each image.
        single: the first point is all that counts.
    """

    def __init__(self, query: str, sizes: Sequence[tuple[int, int]], *, single: bool) -> None:
        self._query, self._sizes, self._single = query, list(sizes), single
        self._points = PointStream(image_size=self._sizes, query=query)
        self._pieces: list[str] = []
        self._odds: float | None = 1.0
        self._found: list[Point] = []
        self.truncated = False

    def take(self, piece: str, probability: float | None) -> list[Point]:
        """Take the next piece; the points that it completes."""
        self._pieces.append(piece)
        fresh = self._points.feed(piece)
        if any(char.isdigit() for char in piece):
            known = self._odds is not None and probability is not None
            self._odds = self._odds * probability if known else None  # type: ignore[operator]
        if not fresh:
            return []
        share = None if self._odds is None else round(min(max(self._odds, 0.0), 1.0), 4)
        points = [replace(p, label=p.label or self._query, confidence=share) for p in fresh]
        self._odds = 1.0
        self._found += points
        return points

    def finish(self) -> Points:
        """The whole answer."""
        text = self.words()
        if self._single and self._found:
            return Points((self._found[0],), self._sizes[0], self._query, text)
        points = self._points.finish()
        sure = [found.confidence for found in self._found]
        sure += [None] * (len(points) - len(sure))  # bare pairs are known at the end only
        items = tuple(
            replace(point, label=point.label or self._query, confidence=share)
            for point, share in zip(points, sure, strict=False)
        )[: 1 if self._single else None]
        cut = points.truncated or self.truncated
        return replace(points, items=items, text=text, truncated=cut)

    def words(self) -> str:
        """The whole answer as a person would read it."""
        return "".join(self._pieces).strip()
