"""What a text dialect leaves no choice about: drafts for `decoding.drafted`.

After a coordinate's last digit comes its quote and the next coordinate's name; a label is said
twice. A draft that is wrong costs a slightly wider step and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["draft_fixed_words", "fixed_words"]

_SEEN = 48  # tokens of the end of an answer that are looked at
_LONGEST = 24  # tokens of a draft

_X = re.compile(r' x([0-9]*)="[0-9]{1,3}\.[0-9]\Z')
_Y = re.compile(r' y([0-9]*)="[0-9]{1,3}\.[0-9]\Z')
_WHOLE = re.compile(r' [xy][0-9]*="[0-9]{2}\Z')
_LABEL = re.compile(r' y([0-9]*)="[0-9.]+" alt="([^"<>]+)">\Z')
_COORDS_X = re.compile(r'(?:coords="[0-9]+|;[0-9]+| [0-9]{3}) ([0-9]{1,3}) [0-9]{3}\Z')
_COORDS_Y = re.compile(r'(?:coords="[0-9]+|;[0-9]+| [0-9]{3}) ([0-9]{1,3}) [0-9]{3} [0-9]{3}\Z')


def fixed_words(end: str) -> str:
    """What most probably follows in a well-formed answer, or "".

    Args:
        end: the end of an answer of Molmo or Molmo2.
    """
    if found := _X.search(end):
        return f'" y{found[1]}="'
    if found := _Y.search(end):
        return f'" x{int(found[1]) + 1}="' if found[1] else '" alt="'
    if found := _LABEL.search(end):
        return f"{found[2]}</points>" if found[1] else f"{found[2]}</point>"
    if found := _COORDS_Y.search(end):
        return f" {int(found[1]) + 1} "
    if _WHOLE.search(end):
        return "."
    return " " if _COORDS_X.search(end) else ""


def draft_fixed_words(tokenizer: Any) -> Callable[[Sequence[int]], list[int]]:
    """A function from an answer's tokens so far to tokens that probably follow.

    Args:
        tokenizer: of the model; what it makes of the words alone is what the model would write,
            as digits, quotes and spaces are never joined across these ends.
    """

    def draft(written: Sequence[int]) -> list[int]:
        end = tokenizer.decode(list(written[-_SEEN:]), skip_special_tokens=False)
        words = fixed_words(end)
        ids = tokenizer(words, add_special_tokens=False).input_ids if words else []
        return [int(value) for value in ids[:_LONGEST]]

    return draft
