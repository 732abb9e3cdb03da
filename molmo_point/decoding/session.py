"""What decoding needs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor

from molmo_point.models.steps import ExtendedVocabulary, StepLogits

__all__ = ["DraftSession", "Session"]


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


@runtime_checkable
class DraftSession(Session, Protocol):
    """One that can read tokens which may turn out not to be said."""

    def read(self, chunks: Sequence[Sequence[int]]) -> Tensor:
        """Read some more tokens of each row's answer; logits [B, T, V] after each of them."""
        ...

    def forget(self, counts: Sequence[int]) -> None:
        """Unread the last so many tokens of each row."""
        ...

    def fork(self, rows: Sequence[int]) -> DraftSession:
        """See `Session`."""
        ...
