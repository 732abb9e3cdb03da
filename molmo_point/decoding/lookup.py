"""Drafts from what was said before: names that the question gave, phrases that come again.

After Saxena's prompt lookup decoding; a draft that is wrong costs a slightly wider step.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["look_up"]

_KEY = 2  # tokens that must have come before
_LONGEST = 6  # tokens of a draft


def look_up(said: Sequence[int]) -> list[int]:
    """What followed when the last tokens were said before, most recently; or nothing.

    Args:
        said: token ids of the question and of its answer so far.
    """
    key = list(said[-_KEY:])
    for at in range(len(said) - _KEY - 1, -1, -1):
        if list(said[at : at + _KEY]) == key:
            return list(said[at + _KEY : at + _KEY + _LONGEST])
    return []
