"""What a text dialect leaves no choice about: drafts for `decoding.batching`.

After a coordinate's last digit comes its quote and the next coordinate's name; a label is said
twice. A draft that is wrong costs a slightly wider step and changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from molmo_point.models.tokenizer import encode_text

__all__ = ["draft_fixed_words", "fixed_steps", "fixed_words"]

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


def fixed_steps(end: str) -> list[str]:
    """The same for some steps, after each of which comes one token of the model's own: a digit.

    They go as far as the next point's first digit, so that a host looks once a point.

    Args:
        end: the end of an answer of Molmo or Molmo2.
    """
    first = fixed_words(end)
    x, y = _X.search(end), _Y.search(end)
    if x and x[1]:  # two digits, a dot and a digit are the most frequent coordinate
        return [first, "", ".", fixed_words(f"{end}{first}50.0"), "", "."]
    if x or (y and y[1]):
        return [first, "", "."]
    if _COORDS_Y.search(end):
        return [first, "", "", " ", "", ""]
    if _COORDS_X.search(end):
        return [first, "", ""]
    return [first]


def draft_fixed_words(
    tokenizer: Any, *, ahead: int = 1
) -> Callable[[Sequence[int]], list[list[int]]]:
    """A function from an answer's tokens so far to what probably follows; see `DecodeOptions`.

    Args:
        tokenizer: of the model; what it makes of the words alone is what the model would write,
            as digits, quotes and spaces are never joined across these ends.
        ahead: steps to go where nothing is fixed: more for answers that are words.
    """

    def draft(written: Sequence[int]) -> list[list[int]]:
        end = tokenizer.decode(list(written[-_SEEN:]), skip_special_tokens=False)
        steps = fixed_steps(end)
        if steps == [""]:
            return [[]] * ahead
        return [
            encode_text(tokenizer, words, plain=False)[:_LONGEST] if words else []
            for words in steps
        ]

    return draft
