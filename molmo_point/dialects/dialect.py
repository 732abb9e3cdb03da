"""What a view needs of a generation: to read images, to be asked, to turn tokens into points."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

import torch

from molmo_point.decoding.batching import Board, Request
from molmo_point.decoding.options import Choice, DecodeOptions
from molmo_point.errors import DeviceError
from molmo_point.points import Point, Points

__all__ = ["AnswerReader", "Dialect", "device_memory", "rows_for"]

_ROWS = 16  # answers that are written at the same time at most


class AnswerReader(Protocol):
    """Follows one answer, token by token."""

    def feed(self, choice: Choice) -> list[Point]:
        """Take the next token; the points that it completes."""
        ...

    def finish(self) -> Points:
        """The whole answer."""
        ...

    def words(self) -> str:
        """The whole answer as a person would read it."""
        ...


class Dialect(Protocol):
    """One or several images that have been read by one model."""

    def decode(
        self, questions: Sequence[Sequence[int]], options: DecodeOptions
    ) -> Iterator[Choice]:
        """Answer questions together, token ids up to where an answer begins."""
        ...

    def board(self, rows: int) -> AbstractContextManager[Board]:
        """Rows for answers to requests about images that the model has read."""
        ...

    def request(self, question: Sequence[int]) -> Request:
        """A question about these images."""
        ...

    def encode_question(self, prompt: str) -> list[int]:
        """Token ids of a question, up to where its answer begins."""
        ...

    def options(self, *, single: bool, words: bool) -> DecodeOptions:
        """How to decode: exactly one point, or an answer in words, or neither."""
        ...

    def reader(self, query: str, *, single: bool = False) -> AnswerReader:
        """A reader of one answer to a query."""
        ...


def rows_for(questions: int) -> int:
    """Rows for so many questions: few different numbers, as boards are kept for the next ones."""
    return min(1 << max(questions - 1, 0).bit_length(), _ROWS)


@contextmanager
def device_memory() -> Iterator[None]:
    """Turn a device's running out of memory into a sentence."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise DeviceError(
            "The device ran out of memory: use a smaller image, fewer queries at once, a smaller "
            'dtype, or device="cpu".'
        ) from error
