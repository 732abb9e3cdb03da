"""What decoding is asked for, and what it says of each token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

__all__ = ["LIMIT", "Choice", "DecodeOptions", "Template"]

LIMIT = 1024
"""Tokens an answer at most."""


@dataclass(frozen=True, slots=True)
class Template:
    """An answer whose words are known beforehand: only points are chosen.

    Attributes:
        opening: what every answer begins with, such as the tokens of `<points coords="`.
        after_point: tokens after the i-th point (from 1): its number.
        single: exactly one point, as for a click.
    """

    opening: tuple[int, ...]
    after_point: Callable[[int], Sequence[int]]
    single: bool = False


@dataclass(frozen=True, slots=True)
class DecodeOptions:
    """How to decode.

    Attributes:
        stop: tokens that end an answer.
        limit: at most so many tokens an answer; reaching it is reported.
        template: the words, if they are known beforehand; None to let the model speak.
        stop_after_points: end at "no more points" instead of writing the rest of the sentence.
        empty_list: whether "no more points" may come before the first point.
        hub_order: choose the best patch first and mask then, as the published inference code does.
        draft: from the tokens of an answer so far, what probably follows: words for each of the
            next steps, in which they are read after the token that the step before chose, and kept
            as far as the model agrees, so that the answer is the same without them. As many steps
            are taken before the host looks at them. What was said before is drafted where it says
            nothing.
    """

    stop: frozenset[int] = frozenset()
    limit: int = LIMIT
    template: Template | None = None
    stop_after_points: bool = True
    empty_list: bool = True
    hub_order: bool = False
    draft: Callable[[Sequence[int]], Sequence[Sequence[int]]] | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """One token of one row's answer.

    Attributes:
        row: of the batch.
        token: extended id.
        probability: of this token among what the rules allowed; 1 for given words.
        given: it came from the template.
        last: the answer ends here.
        truncated: it ends because of the limit.
    """

    row: int
    token: int
    probability: float
    given: bool = False
    last: bool = False
    truncated: bool = False
