"""Molmo2's dialect: per-mille of the image, in one attribute `coords`.

    <points coords="1 1 123 456 2 500 600;2 3 700 800">cups</points>
    <tracks coords="0.0 1 123 456;0.5 1 130 456">ball</tracks>

A group is `frame (id x y)*`; groups are parted by `;` (a tab in older models; `,` and `:` as in the
published reader). x and y have three or four digits; anything else is skipped, number by number, up
to the next three that fit, as the published reader does.

Source: the point formatting of Molmo2's training code and its model card.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from molmo_point.parsing.marks import PERMILLE, Mark, Span

__all__ = ["CoordsReader", "format_groups", "is_frame"]

_FRAME = re.compile(r"[0-9]{1,9}(?:\.[0-9]{0,9})?|\.[0-9]{1,9}")
_OBJECT = re.compile(r"[0-9]{1,12}")
_COORDINATE = re.compile(r"[0-9]{3,4}")
_LONGEST = 32  # characters of a number; a longer one is none, and must not cost memory


def is_frame(text: str) -> bool:
    """Whether a group's first number can be an image number or a timestamp."""
    return _FRAME.fullmatch(text) is not None


class CoordsReader:
    """Reads the value of one `coords` attribute, a character at a time."""

    def __init__(self, tag: int, unread: list[Span]) -> None:
        self._tag = tag
        self._unread = unread
        self._number = ""
        self._start = 0
        self._frame: str | None = None
        self._frame_span = (0, 0)
        self._window: list[tuple[str, Span]] = []
        self._skipped: Span | None = None
        self._empty = True

    def put(self, char: str, place: int) -> Mark | None:
        """Take one character of the value; a `Mark` if it completes a point."""
        if char in ";\t,:":
            # "0: 1 500 250": a colon right behind the frame does not end its group
            names_frame = char == ":" and self._number != "" and self._frame is None
            mark = self._end_number(place)
            if not names_frame:
                self._end_group()
            return mark
        if char.isspace():
            return self._end_number(place)
        if not self._number:
            self._start = place
        if len(self._number) < _LONGEST:
            self._number += char
        return None

    def end(self, place: int) -> Mark | None:
        """The value ends before `place`."""
        mark = self._end_number(place)
        self._end_group()
        return mark

    def cut(self, place: int) -> None:
        """The text ends at `place`: a number that touches it may be half of one."""
        if self._number:
            start = self._window[0][1][0] if self._window else self._start
            self._window.clear()
            self._skip((start, place))
            self._empty = False
        self._end_group()

    def _end_number(self, place: int) -> Mark | None:
        number, self._number = self._number, ""
        if not number:
            return None
        span = (self._start, place)
        if self._frame is None:
            self._frame, self._frame_span = number, span
            return None
        self._empty = False
        self._window.append((number, span))
        if len(self._window) < 3:
            return None
        (name, first), (x, _), (y, last) = self._window
        if not (_OBJECT.fullmatch(name) and _COORDINATE.fullmatch(x) and _COORDINATE.fullmatch(y)):
            self._skip(self._window.pop(0)[1])
            return None
        self._window.clear()
        whole = (first[0], last[1])
        if max(int(x), int(y)) > PERMILLE or not is_frame(self._frame):
            self._flush()
            self._unread.append(whole)
            return None
        self._flush()
        return Mark(float(x), float(y), PERMILLE, whole, self._tag, self._frame, int(name))

    def _end_group(self) -> None:
        for _, span in self._window:
            self._skip(span)
        if self._frame is not None and self._empty and not is_frame(self._frame):
            self._skip(self._frame_span)
        self._flush()
        self._window.clear()
        self._frame = None
        self._empty = True

    def _skip(self, span: Span) -> None:
        self._skipped = (self._skipped[0] if self._skipped else span[0], span[1])

    def _flush(self) -> None:
        if self._skipped:
            self._unread.append(self._skipped)
        self._skipped = None


def format_groups(
    groups: Sequence[tuple[str, Sequence[tuple[int, int, int]]]],
    label: str,
    *,
    name: str = "points",
    separator: str = ";",
    alt: str | None = None,
) -> str:
    """The trained tag of groups `(frame, [(object number, x, y)])`, x and y in per-mille."""
    coords = separator.join(
        f"{frame} " + " ".join(f"{i} {x:03d} {y:03d}" for i, x, y in rows) for frame, rows in groups
    )
    words = "" if alt is None else f' alt="{alt}"'
    return f'<{name}{words} coords="{coords}">{label}</{name}>'
