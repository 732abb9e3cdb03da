"""An answer's tokens -> the points in it, and the text that a person would read."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from molmo_point.models.molmo_point.locations import PointTokens
from molmo_point.models.steps import ExtendedVocabulary

__all__ = ["AnswerPoint", "read_answer", "spell_answer"]

_NUMBER = re.compile(r" ?(\d+)")


@dataclass(frozen=True, slots=True)
class AnswerPoint:
    """A point of an answer.

    Attributes:
        tokens: patch, subpatch, location.
        object_id: the number written after it, or None if the answer ends before.
        end: index of its location in the answer's tokens.
    """

    tokens: PointTokens
    object_id: int | None
    end: int


def read_answer(
    tokens: Sequence[int], vocabulary: ExtendedVocabulary, decode: Callable[[list[int]], str]
) -> list[AnswerPoint]:
    """The points in an answer, in order.

    Args:
        tokens: extended ids.
        vocabulary: of the prompt.
        decode: text of text tokens.
    """
    found: list[AnswerPoint] = []
    patch = subpatch = -1
    for index, token in enumerate(tokens):
        if vocabulary.text <= token < vocabulary.no_more_points:
            patch, subpatch = token - vocabulary.text, -1
        elif vocabulary.first_subpatch <= token < vocabulary.first_location:
            subpatch = token - vocabulary.first_subpatch
        elif token >= vocabulary.first_location and patch >= 0 and subpatch >= 0:
            after: list[int] = []
            for word in tokens[index + 1 : index + 9]:
                if word >= vocabulary.text:
                    break
                after.append(word)
            number = _NUMBER.match(decode(after)) if after else None
            place = PointTokens(patch, subpatch, token - vocabulary.first_location)
            found.append(AnswerPoint(place, int(number[1]) if number else None, index))
            patch = subpatch = -1
    return found


def spell_answer(
    tokens: Sequence[int], vocabulary: ExtendedVocabulary, decode: Callable[[list[int]], str]
) -> str:
    """The answer as text, grounding tokens as `<POINT_i>`, the published tokenizer's spelling."""
    pieces: list[str] = []
    words: list[int] = []
    for token in tokens:
        if token < vocabulary.text:
            words.append(token)
            continue
        pieces += [decode(words) if words else "", f"<POINT_{token - vocabulary.text}>"]
        words = []
    return "".join([*pieces, decode(words) if words else ""])
