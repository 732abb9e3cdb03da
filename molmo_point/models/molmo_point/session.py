"""Prompts being answered: images read once, then questions, then tokens, many rows at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from molmo_point.models.molmo_point.grounding import PointKeys, Reading
from molmo_point.models.molmo_point.heat import HeatPrior
from molmo_point.models.molmo_point.key_values import KeyValues
from molmo_point.models.molmo_point.patches import (
    ImageFeatures,
    last_chosen,
    take_rows,
)
from molmo_point.models.steps import ExtendedVocabulary, StepLogits

__all__ = ["PointSession"]


@dataclass(slots=True)
class PointSession:
    """The state of a batch of prompts while it is read and answered.

    A session is extended in place; `fork` leaves it as it is, so that the reading of an image is
    shared by many questions.

    Attributes:
        model: whose session it is; a `PointingModel`.
        cache: keys and values of all tokens so far.
        valid: bool [B, S], False for padding.
        keys: what points can choose among; None without images.
        last_patch: int [B], -1 for none.
        last_subpatch: int [B], -1 for none.
        prior: of the question, for a model with a heat prior.
    """

    model: Any
    cache: KeyValues
    valid: Tensor
    keys: PointKeys | None
    last_patch: Tensor
    last_subpatch: Tensor
    prior: HeatPrior | None = None

    @classmethod
    def read_images(
        cls,
        model: Any,
        input_ids: Tensor,
        valid: Tensor,
        image: Tensor,
        features: ImageFeatures | None,
        places: Tensor | None = None,
    ) -> PointSession:
        """Read the beginnings of prompts: the image tokens and what stands before them.

        Args:
            model: to read with.
            input_ids: int [B, T], padded at the end.
            valid: bool [B, T].
            image: bool [B, T], tokens that see each other both ways.
            features: of the images; None for prompts without any.
            places: int [n, k, 3], where every subpatch lies, the same for all rows (as
                `PatchGrids.places`); None leaves the heat of large things spread.
        """
        cache = KeyValues()
        reading = model.read(input_ids, valid=valid, image=image, features=features, cache=cache)
        none = input_ids.new_full((len(input_ids),), -1)
        keys = reading.keys
        if keys is not None and keys.things is not None and places is not None:
            keys = replace(keys, things=keys.things.group(places, _open_patches(keys)))
        return cls(model, cache, valid, keys, none, none)

    @property
    def vocabulary(self) -> ExtendedVocabulary:
        """Ids of these prompts."""
        if self.keys is None:
            return ExtendedVocabulary(self.model.config.extended_vocab_size, 0, 0, 0)
        vocabulary: ExtendedVocabulary = self.model.vocabulary(self.keys.table)
        return vocabulary

    def fork(self, rows: Sequence[int]) -> PointSession:
        """A session of its own over these rows, repeated as asked, with all read so far."""
        index = torch.tensor(rows, device=self.valid.device)
        if len(self.valid) == 1 and len(rows) == 1:
            index = index[:0]  # nothing to rearrange: tensors are never changed in place

        def pick(value: Tensor) -> Tensor:
            return value[index] if len(index) else value

        keys, prior = self.keys, self.prior
        if len(index):
            keys = None if keys is None else take_rows(keys, index)
            prior = None if prior is None else take_rows(prior, index)
        return PointSession(
            self.model,
            self.cache.take(index if len(index) else None),
            pick(self.valid),
            keys,
            pick(self.last_patch),
            pick(self.last_subpatch),
            prior,
        )

    def ask(self, questions: Sequence[Sequence[int]], opening: Sequence[int] = ()) -> StepLogits:
        """Read one question a row, and the given opening of its answer.

        Args:
            questions: token ids of each row's question, up to where the answer begins.
            opening: token ids that every answer begins with.
        """
        rows = [[*question, *opening] for question in questions]
        tokens, valid = self._pad(rows)
        states, trace = self._read(tokens, valid)
        if self.keys is not None and self.keys.things is not None:
            row = torch.arange(len(rows), device=tokens.device)
            self.prior = self._prior(row, questions, _open_patches(self.keys))
        return self._logits(states, trace, valid)

    def vocabulary_of(self, row: int) -> ExtendedVocabulary:
        """Ids of one row's prompt, as if it had been read alone; reads the device."""
        if self.keys is None:
            return self.vocabulary
        return replace(self.vocabulary, patches=int(self.keys.table.count[row]))

    def length_of(self, row: int) -> int:
        """How many tokens a row has, padding apart; reads the device."""
        return int(self.valid[row].sum())

    def prior_of(self, row: int, question: Sequence[int]) -> HeatPrior:
        """The prior [1, n, k] of a question to one row; the model has one."""
        assert self.keys is not None
        one = torch.tensor([row], device=self.valid.device)
        return self._prior(one, [question], _open_patches(self.keys)[row : row + 1])

    def _prior(self, row: Tensor, questions: Sequence[Sequence[int]], valid: Tensor) -> HeatPrior:
        assert self.keys is not None
        assert self.keys.things is not None
        asked, things = self.model.model.heat.asked(questions), self.keys.things
        return HeatPrior.of(things.probability(row, asked), valid, things.locations(row))

    def extend(self, chunks: Sequence[Sequence[int]]) -> StepLogits:
        """Read some more tokens of each row's answer (at least one each)."""
        tokens, valid = self._pad(chunks)
        states, trace = self._read(tokens, valid)
        return self._logits(states, trace, valid)

    def _pad(self, rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
        longest = max(len(row) for row in rows)
        device = self.valid.device
        tokens = torch.tensor([[*row, *[0] * (longest - len(row))] for row in rows], device=device)
        length = torch.tensor([len(row) for row in rows], device=device)
        return tokens, torch.arange(longest, device=device)[None] < length[:, None]

    def _read(self, tokens: Tensor, valid: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
        """States [B, T, E]; and the patch, the rotation's patch and the subpatch at each token."""
        self.valid = torch.cat([self.valid, valid], dim=1)
        reading: Reading = self.model.read(
            tokens,
            valid=self.valid,
            cache=self.cache,
            keys=self.keys,
            last_patch=self.last_patch,
        )
        states, patch, rotation = reading.states, reading.last_patch, reading.rotation
        subpatch = self.last_subpatch[:, None].expand_as(patch)
        if self.keys is not None:
            vocabulary = self.vocabulary
            kind = vocabulary.is_subpatch(tokens)
            first = vocabulary.first_subpatch
            subpatch = last_chosen(tokens, first, kind, self.last_subpatch, None)
        return states, (patch, rotation, subpatch)

    def _logits(
        self, states: Tensor, trace: tuple[Tensor, Tensor, Tensor], valid: Tensor
    ) -> StepLogits:
        row = torch.arange(len(valid), device=valid.device)
        last = valid.sum(1) - 1
        state = states[row, last][:, None]  # [B, 1, E]
        patch, rotation, subpatch = (value[row, last][:, None] for value in trace)
        before = self.last_patch[:, None]
        text, begin = self.model.text_logits(state)
        self.last_patch, self.last_subpatch = patch[:, 0], subpatch[:, 0]
        if self.keys is None:
            return StepLogits(text[:, 0])
        predictor = self.model.model.point_predictor
        patch_logits = predictor.patch_logits(state, rotation, self.keys)
        subpatch_logits = predictor.subpatch_logits(state, patch.clamp(min=0), self.keys)
        location = predictor.location_logits(state)
        if self.prior is not None:
            location = location + self.prior.location_prior(
                patch.clamp(min=0), subpatch.clamp(min=0), location.shape[-1]
            )
            patch_logits = patch_logits + self.prior.patch_prior(patch, subpatch)
            subpatch_logits = subpatch_logits + self.prior.subpatch_prior(
                patch.clamp(min=0), before, subpatch
            )
        return StepLogits(
            text=text[:, 0],
            begin=begin[:, 0],
            patch=patch_logits[:, 0],
            subpatch=subpatch_logits[:, 0],
            location=location[:, 0],
        )


def _open_patches(keys: PointKeys) -> Tensor:
    """Bool [B, n, k], ViT patches that a point may choose."""
    return keys.table.valid & keys.table.selectable[:, :-1, None]
