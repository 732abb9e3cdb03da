"""Many requests on a few rows: when an answer ends, the next request takes its row.

A short answer does not wait for a long one, and images need not be the same: a row begins with what
one image's session has read. Each step reads, for every row, either a new request's question or the
last choice and its draft; one read of the device a step, for all rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor

from molmo_point.decoding.drafted import DraftedRow, accept, choose
from molmo_point.decoding.options import Choice, DecodeOptions

__all__ = ["Board", "Request", "decode_continuously"]


@dataclass(frozen=True, slots=True)
class Request:
    """One question about one image.

    Attributes:
        prefix: the session of one row that has read the image; it is only read.
        question: token ids, up to where the answer begins.
    """

    prefix: Any
    question: Sequence[int]


class Board(Protocol):
    """Rows of a model's memory, each an answer of its own."""

    rows: int

    def admit(self, row: int, prefix: Any) -> None:
        """Begin a row anew with what a session of one row has read."""
        ...

    def read(self, chunks: Mapping[int, Sequence[int]]) -> Tensor:
        """Read some more tokens of some rows; logits [rows, T, V] after each of them."""
        ...

    def forget(self, row: int, count: int) -> None:
        """Unread the last so many tokens of a row."""
        ...


@torch.inference_mode()
def decode_continuously(
    board: Board, requests: Iterable[Request], options: DecodeOptions
) -> Iterator[Choice]:
    """Answer requests, a few at a time; yields each token as soon as it is chosen.

    Args:
        board: whose rows are all free.
        requests: taken one by one, when a row is free; an endless iterable is fine.
        options: see `DecodeOptions`; for answers in words.

    Yields:
        Choices, whose `row` is the number of the request.
    """
    opening = () if options.template is None else options.template.opening
    waiting = enumerate(requests)
    rows: dict[int, DraftedRow] = {}
    while True:
        for place in range(board.rows):
            if place not in rows and (taken := next(waiting, None)) is not None:
                number, request = taken
                board.admit(place, request.prefix)
                row = DraftedRow(number, list(opening))
                row.chunk = [*request.question, *opening]
                rows[place] = row
                yield from (Choice(number, token, 1.0, given=True) for token in opening)
        if not rows:
            return
        logits = board.read({place: row.chunk for place, row in rows.items()})
        for place, best in zip(list(rows), _after(logits, rows), strict=True):
            row = rows[place]
            yield from accept(row, best, options)
            if row.done:
                del rows[place]
                continue
            board.forget(place, row.unused)
            row.expect(options)


def _after(logits: Tensor, rows: Mapping[int, DraftedRow]) -> list[list[tuple[int, float]]]:
    """The model's choices after the last chosen token of each row, and after each drafted one."""
    spans = [
        (place, range(len(row.chunk) - 1 - len(row.draft), len(row.chunk)))
        for place, row in rows.items()
    ]
    where = torch.tensor([(place, at) for place, span in spans for at in span])
    place, at = where.to(logits.device).unbind(1)
    flat = choose(logits[place, at][None])[0]
    ends = iter(flat)
    return [[next(ends) for _ in span] for _, span in spans]
