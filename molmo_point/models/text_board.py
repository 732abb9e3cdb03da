"""Answers in words, written in fixed memory; see `decoding.batching.Board`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from molmo_point.models.fixed_memory import FixedMemory, KeyValue
from molmo_point.models.steps import ExtendedVocabulary, StepLogits
from molmo_point.models.text_session import TextModel, TextSession

__all__ = ["TextBoard"]


class TextBoard:
    """Rows of fixed memory, each an answer of its own.

    Args:
        like: a session of the model that they are asked.
        rows: how many answers are written at a time.
        captured: whether steps are CUDA graphs.
    """

    def __init__(self, like: TextSession, rows: int, *, captured: bool = False) -> None:
        self.rows, self.captured = rows, captured
        self.vocabulary = ExtendedVocabulary(like.rows, 0, 0, 0)
        self._model: TextModel = like.model
        self._memory = FixedMemory(_layers(like), rows, captured=captured)

    @property
    def device(self) -> torch.device:
        """Where ids are read from."""
        return self._memory.lengths.device

    def admit(self, row: int, prefix: TextSession, at: int, question: Sequence[int]) -> int:
        """See `Board`."""
        length = prefix.length_of(at)
        self._memory.fill(row, _layers(prefix), at, length)
        return length

    def reserve(self, tokens: int) -> None:
        """See `Board`."""
        self._memory.reserve(tokens)

    def read(self, tokens: Tensor) -> StepLogits:
        """See `Board`."""
        return self._memory.run(self._read, tokens)

    def keep(self, counts: Tensor) -> None:
        """See `Board`."""
        self._memory.lengths += counts

    def _read(self, tokens: Tensor) -> StepLogits:
        slots, seen = self._memory.open(tokens.shape[1])
        dtype = self._memory.dtype
        mask = torch.zeros(seen.shape, dtype=dtype, device=seen.device)
        output = self._model(
            input_ids=tokens,
            attention_mask=mask.masked_fill(~seen, torch.finfo(dtype).min),
            position_ids=slots,
            past_key_values=self._memory,
            use_cache=True,
        )
        return StepLogits(output.logits)


def _layers(session: TextSession) -> list[KeyValue]:
    return [(layer.keys, layer.values) for layer in session.cache.layers]
