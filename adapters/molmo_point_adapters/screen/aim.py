"""Which place is meant, out of those that were found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from molmo_point.errors import QueryError
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.screen_map import Place

__all__ = ["Aim", "Target", "choose", "merge_targets"]


@dataclass(frozen=True, slots=True)
class Target:
    """One place that fits what was asked.

    Attributes:
        place: input coordinates.
        xy: the same, pixels of the screenshot.
        confidence: 0-1, or None.
        element: what lies there, where the screen can tell.
    """

    place: Place
    xy: tuple[float, float]
    confidence: float | None = None
    element: Element | None = None

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "xy": [round(value, 2) for value in self.xy],
            "place": [round(value, 2) for value in self.place],
            "confidence": self.confidence,
            "element": None if self.element is None else self.element.to_dict(),
        }


@dataclass(frozen=True, slots=True)
class Aim:
    """Where a query leads.

    Attributes:
        query: the words.
        candidates: all places that fit, the surest first; people count them from 1.
        chosen: the index of the one that is meant, or None.
        reason: why none is; "" if one is.
    """

    query: str
    candidates: tuple[Target, ...]
    chosen: int | None
    reason: str = ""

    @property
    def target(self) -> Target | None:
        """The one that is meant."""
        return None if self.chosen is None else self.candidates[self.chosen]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "query": self.query,
            "chosen": None if self.chosen is None else self.chosen + 1,
            "reason": self.reason,
            "candidates": [target.to_dict() for target in self.candidates],
        }


def merge_targets(targets: Sequence[Target]) -> tuple[Target, ...]:
    """The surest first, one for each element that is made to be acted on."""
    ordered = sorted(targets, key=lambda target: -(target.confidence or 0.0))
    kept: list[Target] = []
    for target in ordered:
        known = [other.element for other in kept if other.element is not None]
        if not any(one.interactive and one.is_same(target.element) for one in known):
            kept.append(target)
    return tuple(kept)


def choose(
    query: str,
    targets: Sequence[Target],
    *,
    min_confidence: float,
    min_lead: float,
    number: int | None = None,
) -> Aim:
    """Take the one that is meant, or say why that cannot be told.

    Args:
        query: the words.
        targets: places that fit, in any order.
        min_confidence: below it a place is not taken, unless by its number.
        min_lead: how much surer the first has to be than the second.
        number: which of the candidates, from 1, if a person or an agent has said so.

    Raises:
        QueryError: there is no candidate of that number.
    """
    candidates = merge_targets(targets)
    if number is not None:
        if not 1 <= number <= len(candidates):
            raise QueryError(f'"{query}" has {len(candidates)} candidates, there is no {number}.')
        return Aim(query, candidates, number - 1)
    if not candidates:
        return Aim(query, (), None, f'Nothing was found for "{query}".')
    best = candidates[0].confidence
    if best is not None and best < min_confidence:
        return Aim(
            query,
            candidates,
            None,
            f'The best place for "{query}" has confidence {best:.2f}, below {min_confidence:.2f}: '
            "name it otherwise, or choose a candidate by its number.",
        )
    if len(candidates) > 1 and (best or 0.0) - (candidates[1].confidence or 0.0) < min_lead:
        return Aim(
            query,
            candidates,
            None,
            f'{len(candidates)} places fit "{query}": choose a candidate by its number.',
        )
    return Aim(query, candidates, 0)
