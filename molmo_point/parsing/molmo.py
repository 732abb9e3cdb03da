"""Molmo's dialect: percent of the image, in attributes, in `Click(x, y)`, and in bare forms.

    <point x="63.5" y="44.5" alt="cup">cup</point>
    <points x1="10.0" y1="20.5" x2="30.0" y2="40.0" alt="cups">cups</points>
    Click(63.5, 44.5)
    <point p=635,445 alt="cup">cup</point>                      compact: 0.1 percent
    <points 1=100,205 2=300,400 alt="cups">cups</points>
    (63.5, 44.5)        bare: only if the answer has no tag and no click
    p=635,445           bare, compact

Source: the point formatting and the extractor of Molmo's training code (arXiv:2409.17146).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from molmo_point.parsing.marks import PERCENT, PERMILLE, Mark, Span, read_number

__all__ = ["PairReader", "format_pairs", "read_bare", "read_click", "read_compact"]

_NUM = r"[0-9]{1,6}(?:\.[0-9]{1,12})?"
_CLICK = re.compile(rf"\s{{0,4}}({_NUM})\s{{0,4}}[, ]\s{{0,4}}({_NUM})\s{{0,4}}")
_COMPACT = re.compile(r"([0-9]{3,4}),([0-9]{3,4})")
_BARE = re.compile(
    rf"(?<![\w)\]])\(\s{{0,3}}(?P<px>{_NUM})%?(?:\s{{0,3}},\s{{0,3}}|\s{{1,3}})(?P<py>{_NUM})%?\s{{0,3}}\)"
    r"|(?<![\w.])(?:p[0-9]{0,4}|[0-9]{1,4})\s{0,3}=\s{0,3}(?P<cx>[0-9]{3,4})"
    r"\s{0,3},\s{0,3}(?P<cy>[0-9]{3,4})(?![0-9]|\.[0-9])"
    rf"|(?<!\w)x(?P<k>[0-9]{{0,4}})=[\"']\s{{0,3}}(?P<ax>{_NUM})\s{{0,3}}[\"']\s{{1,4}}"
    rf"y(?P=k)=[\"']\s{{0,3}}(?P<ay>{_NUM})\s{{0,3}}[\"']"
)
_CUT = re.compile(
    r"(?:(?<![\w)\]])\(\s{0,3}[0-9][0-9.,%\s]{0,24}"
    r"|(?<![\w.])(?:p[0-9]{0,4}|[0-9]{1,4}(?==[0-9]{3},))=(?:[0-9]{0,4}|[0-9]{3,4},[0-9]{0,2}))\Z"
)


_NEAR = re.compile(
    r"(?<![\w.])p[0-9]{0,4}\s{0,3}=\s{0,3}[0-9.]{1,24}\s{0,3},\s{0,3}[0-9.]{1,24}(?<!\.)"
)


class PairReader:
    """Pairs the x and y attributes of one tag.

    An x and the y behind it are one point if their numbers agree (`x2`, `y2`) or one has none. An x
    with the y of another number is not read: it could be half of each of two points.
    """

    def __init__(self, tag: int, unread: list[Span]) -> None:
        self._tag = tag
        self._unread = unread
        self._x: tuple[str, float | None, Span] | None = None

    def put(self, name: str, value: float | None, span: Span) -> Mark | None:
        """Take one attribute (value None: not a number); a `Mark` if it completes a point."""
        if name[0] == "x":
            self.end()
            self._x = (name[1:], value, span)
            return None
        if self._x is None:
            self._unread.append(span)
            return None
        number, x, (start, _) = self._x
        self._x = None
        whole = (start, span[1])
        if number and name[1:] and number != name[1:]:
            self._unread.append(whole)
            return None
        if x is None or value is None or max(x, value) > PERCENT:
            self._unread.append(whole)
            return None
        return Mark(x, value, PERCENT, whole, self._tag)

    def end(self, *, cut_from: int | None = None, cut_to: int = 0) -> None:
        """The tag ends, or (with `cut_from`) the text does, inside an attribute."""
        if self._x is not None:
            start, end = self._x[2]
            self._unread.append((start, end if cut_from is None else cut_to))
        elif cut_from is not None:
            self._unread.append((cut_from, cut_to))
        self._x = None


def read_click(inside: str, span: Span) -> Mark | None:
    """The point of `Click(inside)`, or None."""
    match = _CLICK.fullmatch(inside)
    if not match:
        return None
    x, y = read_number(match[1]), read_number(match[2])
    if x is None or y is None or max(x, y) > PERCENT:
        return None
    return Mark(x, y, PERCENT, span)


def read_compact(value: str) -> tuple[float, float] | None:
    """The x and y of "063,445", in 0.1 percent and not yet bounded, or None."""
    match = _COMPACT.fullmatch(value)
    return (float(match[1]), float(match[2])) if match else None


def read_bare(text: str) -> tuple[list[Mark], list[Span], bool]:
    """The points of an answer that has neither a tag nor a click.

    `(x, y)` counts when a number has a decimal point, as Molmo writes it. A pair of whole numbers
    is more often prose, `(1, 2) items`, and counts only in an answer of nothing but pairs; a pair
    behind a word or a bracket, `f(3.0, 4.0)`, is a call and never counts.

    Returns:
        The marks, what looks like points and is not read, and whether the text ends inside one.
    """
    marks: list[Mark] = []
    unread: list[Span] = []
    alone = re.search(r"\w", _BARE.sub("", text)) is None
    found_at = list(_BARE.finditer(text))
    for match in found_at:
        found = match.groupdict()
        scale = PERMILLE if found["cx"] else PERCENT
        left = found["px"] or found["cx"] or found["ax"]
        right = found["py"] or found["cy"] or found["ay"]
        whole = found["px"] is not None and "." not in left + right and not alone
        x, y = float(left), float(right)
        if whole or max(x, y) > scale:
            unread.append(match.span())
        else:
            marks.append(Mark(x, y, scale, match.span()))
    last = found_at[-1].end() if found_at else 0
    cut = _CUT.search(text, max(last, len(text) - 40))
    if cut:
        unread.append(cut.span())
    starts = {match.start() for match in found_at} | {cut.start() if cut else -1}
    unread += [near.span() for near in _NEAR.finditer(text) if near.start() not in starts]
    return marks, unread, cut is not None


def format_pairs(pairs: Sequence[tuple[float, float]], label: str, alt: str | None = None) -> str:
    """The trained tag of points in percent: one decimal, by x, then y, of the rounded values."""
    rounded = sorted((round(x, 1) + 0.0, round(y, 1) + 0.0) for x, y in pairs)  # no -0.0
    alt = label if alt is None else alt
    if len(rounded) == 1:
        x, y = rounded[0]
        return f'<point x="{x:.1f}" y="{y:.1f}" alt="{alt}">{label}</point>'
    attributes = " ".join(f'x{i}="{x:.1f}" y{i}="{y:.1f}"' for i, (x, y) in enumerate(rounded, 1))
    return f'<points {attributes} alt="{alt}">{label}</points>'
