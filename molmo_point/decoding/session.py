"""What decoding needs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from molmo_point.models.steps import ExtendedVocabulary, StepLogits

__all__ = ["Session"]


class Session(Protocol):
    """A model in the middle of a batch of prompts; extended in place."""

    @property
    def vocabulary(self) -> ExtendedVocabulary:
        """Ids of these prompts."""
        ...

    def ask(self, questions: Sequence[Sequence[int]], opening: Sequence[int] = ()) -> StepLogits:
        """Read one question a row, and the given opening of its answer."""
        ...

    def extend(self, chunks: Sequence[Sequence[int]]) -> StepLogits:
        """Read some more tokens of each row's answer."""
        ...

    def fork(self, rows: Sequence[int]) -> Session:
        """A session of its own over these rows, repeated as asked."""
        ...
