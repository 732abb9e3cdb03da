"""Which part of an answer is the label of a tag.

Nothing in an answer is escaped: `alt="the "Save" button">the "Save" button</point>`. So where `alt`
ends is not certain from the quotes; that the inner text says the same again is what tells.
"""

from __future__ import annotations

import re

from molmo_point.parsing.marks import Tag

__all__ = ["read_label"]

_AFTER = re.compile(r"\n| shows? a total of ")  # what follows a label that nothing closed
_BREAK = re.compile(r"[\"']\s{0,8}/?>")


def read_label(text: str, tag: Tag) -> str:
    """The inner text of the tag; its `alt` if there is none (or if it was never closed), or ""."""
    if tag.alt_start is not None and tag.alt_end is None:
        alt, inner = _split(text[tag.alt_start : tag.end], tag.alt_quote)
    else:
        known = tag.alt_start is not None and tag.alt_end is not None
        alt = text[tag.alt_start : tag.alt_end] if known else ""
        inner = "" if tag.inner_start is None else text[tag.inner_start : tag.end]
    if not tag.closed:
        # behind an inner text that nothing ends, anything may follow
        return alt if alt.strip() else _AFTER.split(inner, maxsplit=1)[0]
    return inner if inner.strip() or not alt.strip() else alt


def _split(both: str, quote: str) -> tuple[str, str]:
    """`alt` and inner text of `A">B`, where both may hold quotes and brackets."""
    half, odd = divmod(len(both) - 2, 2)
    if not odd and half > 0 and both[half : half + 2] == quote + ">" and quote:
        alt, inner = both[:half], both[half + 2 :]
        if alt == inner:
            return alt, inner
    match = _BREAK.search(both)
    if match:
        return both[: match.start()], both[match.end() :]
    alt, bracket, inner = both.partition(">")
    return (alt, inner) if bracket else (both, "")
