"""What a scan of a model's answer leaves behind: marks (raw points) and tags, by place in the text.

All places are offsets in characters from the start of the answer; a span is `(start, end)`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["PERCENT", "PERMILLE", "Mark", "Span", "Tag", "read_number"]

Span = tuple[int, int]

PERCENT = 100.0
PERMILLE = 1000.0

_NUMBER = re.compile(r"[0-9]{1,12}(?:\.[0-9]{1,24})?%?")


@dataclass(frozen=True, slots=True)
class Mark:
    """One point as the text has it, not yet in pixels.

    Attributes:
        x: 0 to `scale` of the image's width.
        y: 0 to `scale` of the image's height.
        scale: `PERCENT` or `PERMILLE`.
        span: where in the text.
        tag: index of the tag it was read from, or None.
        frame: Molmo2's group number as written, such as "1" or "2.5", or "".
        object_id: Molmo2's object number, or None.
    """

    x: float
    y: float
    scale: float
    span: Span
    tag: int | None = None
    frame: str = ""
    object_id: int | None = None


@dataclass(slots=True)
class Tag:
    """One `<point ...>`, `<points ...>` or `<tracks ...>` with what belongs to it.

    Attributes:
        name: the tag's name.
        start: offset of its `<`.
        alt_start: offset of the first character of the value of `alt`, or None.
        alt_end: offset behind that value, or None where only the label tells (see `labels`).
        alt_quote: the quote that opened the value of `alt`, or "".
        inner_start: offset behind the `>` that opened the inner text, or None.
        end: offset behind the inner text (or behind the tag, if it has none).
        stop: offset behind all that belongs to the tag.
        closed: a closing tag, or `/>`, was there.
        coordinates: how many coordinate attributes were begun.
    """

    name: str
    start: int
    alt_start: int | None = None
    alt_end: int | None = None
    alt_quote: str = ""
    inner_start: int | None = None
    end: int = 0
    stop: int = 0
    closed: bool = False
    coordinates: int = 0


def read_number(text: str) -> float | None:
    """A plain decimal number ("63.5", "63", "63.5%"), or None for all else."""
    return float(text.removesuffix("%")) if _NUMBER.fullmatch(text) else None
