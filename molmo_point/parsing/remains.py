"""What of an answer the tags leave: the words around them, and parts that no reader took."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from molmo_point.parsing.marks import Mark, Span, Tag
from molmo_point.parsing.sentences import TAG

__all__ = ["find_lost", "find_silent", "read_prose"]

# an attribute of a point whose tag is too damaged to be one
_LOST = re.compile(
    r"(?<!\w)(?:coords\s?=\s?[\"'][0-9.,:;\s]{3,400}"
    r"|[xy][0-9]{0,6}=[\"']\s{0,3}[0-9.]{1,24}(?:[\"']\s{1,4}y[0-9]{0,6}=[\"']\s{0,3}[0-9.]{1,24})?)"
    r"[\"']?"
)


def _around(text: str, tags: Sequence[Tag]) -> Iterator[Span]:
    """The spans in front of each tag, and the one behind the last."""
    at = 0
    for tag in tags:
        yield at, tag.start
        # nothing closed it: what stands behind its `>` may be words of the answer
        unclosed = not tag.closed and tag.inner_start is not None
        stop = tag.inner_start if unclosed and tag.inner_start is not None else tag.stop
        at = max(at, stop)
    yield at, len(text)


def read_prose(text: str, tags: Sequence[Tag]) -> str:
    """The words around the tags, with `sentences.TAG` in the place of each tag."""
    return TAG.join(text[start:end] for start, end in _around(text, tags))


def find_lost(text: str, tags: Sequence[Tag]) -> list[Span]:
    """Attributes with coordinates that stand outside the tags."""
    return [
        match.span()
        for start, end in _around(text, tags)
        for match in _LOST.finditer(text, start, end)
    ]


def find_silent(tags: Sequence[Tag], marks: Sequence[Mark], unread: Sequence[Span]) -> list[Span]:
    """Tags of which neither a mark nor an unread part has come."""
    spoken = {mark.tag for mark in marks}
    starts = sorted(start for start, _ in unread)
    silent = []
    for index, tag in enumerate(tags):
        end = tag.stop if tag.inner_start is None else tag.inner_start
        inside = bisect_right(starts, tag.stop) - bisect_right(starts, tag.start)
        if index not in spoken and not inside:
            silent.append((tag.start, end))
    return silent
