"""Prompts being answered in words alone: points, if any, are written as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from transformers.cache_utils import DynamicCache

from molmo_point.models.steps import ExtendedVocabulary, StepLogits

__all__ = ["TextModel", "TextSession"]


class TextModel(Protocol):
    """What a generation's model class offers; transformers' calling convention."""

    config: Any

    def __call__(self, **inputs: Any) -> Any:
        """Keyword arguments of `forward` -> an output with `logits` [B, T, V]."""
        ...


@dataclass(slots=True)
class TextSession:
    """The state of a batch of prompts while it is read and answered.

    A session is extended in place; `fork` leaves it as it is, so that the reading of an image is
    shared by many questions.

    Attributes:
        model: whose session it is.
        cache: keys and values of all tokens so far.
        valid: bool [B, S], False for padding.
        rows: how many ids the text head has.
        padded: whether any of `valid` is False; without padding attention needs no mask.
    """

    model: TextModel
    cache: DynamicCache
    valid: Tensor
    rows: int
    padded: bool

    @classmethod
    def read_images(cls, model: TextModel, inputs: Mapping[str, Tensor]) -> TextSession:
        """Read the beginnings of prompts: the image tokens and what stands before them.

        Args:
            model: to read with.
            inputs: keyword arguments of its `forward`, `input_ids` and `attention_mask` among them.
        """
        cache = DynamicCache(config=model.config.get_text_config())
        output = model(**inputs, past_key_values=cache, use_cache=True, logits_to_keep=1)
        valid = inputs["attention_mask"].bool()
        return cls(model, cache, valid, output.logits.shape[-1], not bool(valid.all()))

    @property
    def vocabulary(self) -> ExtendedVocabulary:
        """Ids of these prompts: words only."""
        return ExtendedVocabulary(self.rows, 0, 0, 0)

    def vocabulary_of(self, row: int) -> ExtendedVocabulary:
        """Ids of one row's prompt."""
        return self.vocabulary

    def length_of(self, row: int) -> int:
        """How many tokens a row has, padding apart; reads the device if there is any."""
        return int(self.valid[row].sum()) if self.padded else self.valid.shape[1]

    def fork(self, rows: Sequence[int]) -> TextSession:
        """A session of its own over these rows, repeated as asked, with all read so far."""
        index = torch.tensor(rows, device=self.valid.device)
        cache = DynamicCache(config=self.model.config.get_text_config())
        for number, layer in enumerate(self.cache.layers):
            cache.update(layer.keys[index], layer.values[index], number)
        return TextSession(self.model, cache, self.valid[index], self.rows, self.padded)

    def ask(self, questions: Sequence[Sequence[int]], opening: Sequence[int] = ()) -> StepLogits:
        """Read one question a row, and the given opening of its answer."""
        return self.extend([[*question, *opening] for question in questions])

    def extend(self, chunks: Sequence[Sequence[int]]) -> StepLogits:
        """Read some more tokens of each row (at least one each)."""
        longest = max(len(chunk) for chunk in chunks)
        device = self.valid.device
        padded = [[*chunk, *[0] * (longest - len(chunk))] for chunk in chunks]
        length = torch.tensor([len(chunk) for chunk in chunks], device=device)
        new = torch.arange(longest, device=device)[None] < length[:, None]
        self.valid = torch.cat([self.valid, new], dim=1)
        positions = (self.valid.long().cumsum(1) - 1).clamp(min=0)[:, -longest:]
        self.padded = self.padded or any(len(chunk) < longest for chunk in chunks)
        output = self.model(
            input_ids=torch.tensor(padded, device=device),
            attention_mask=self.valid.long() if self.padded else None,
            position_ids=positions,
            past_key_values=self.cache,
            use_cache=True,
        )
        return StepLogits(output.logits[torch.arange(len(chunks), device=device), length - 1])
