"""Which things are big, and which small, among those of their kind."""

from __future__ import annotations

from collections.abc import Sequence

from molmo_point.data.canvas import Thing

__all__ = ["size_words"]

_CLEAR = 2.0  # the smallest big one over the largest small one
_ALIKE = 1.6  # the largest over the smallest within either


def _length(thing: Thing) -> float:
    left, top, right, bottom = thing.box
    return max(right - left, bottom - top)


def size_words(things: Sequence[Thing]) -> tuple[str, ...]:
    """Say "big" or "small" for each thing, and "" where no one could tell.

    The things of a name must fall into two groups by the longer side of their boxes, the big ones
    at least twice as long as the small ones and each group alike in itself.
    """
    words = [""] * len(things)
    for name in {thing.name for thing in things}:
        own = [number for number, thing in enumerate(things) if thing.name == name]
        own.sort(key=lambda number: _length(things[number]))
        lengths = [_length(things[number]) for number in own]
        for cut in range(1, len(own)):
            small, big = lengths[:cut], lengths[cut:]
            alike = small[-1] <= _ALIKE * small[0] and big[-1] <= _ALIKE * big[0]
            if big[0] >= _CLEAR * small[-1] and alike:
                for place, number in enumerate(own):
                    words[number] = "small" if place < cut else "big"
    return tuple(words)
