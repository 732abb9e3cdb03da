"""What a view needs of a generation: to read images, to be asked, to turn tokens into points."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import torch

from molmo_point.decoding.engine import Choice, DecodeOptions, Session
from molmo_point.errors import DeviceError
from molmo_point.points import Point, Points

__all__ = ["LIMIT", "AnswerReader", "Dialect", "device_memory"]

LIMIT = 1024
"""Tokens an answer at most."""


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

    def session(self, rows: int) -> Session:
        """A session of its own, with the images read, for so many questions."""
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
