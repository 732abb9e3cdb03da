"""Answers with grounding tokens, written in fixed memory; see `decoding.batching.Board`.

Rows may be about images of different sizes: their tables of patches are filled up to the largest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from molmo_point.models.fixed_memory import FixedMemory
from molmo_point.models.molmo_point.grounding import PointKeys
from molmo_point.models.molmo_point.heat import HeatPrior
from molmo_point.models.molmo_point.patches import PatchTable, last_chosen
from molmo_point.models.molmo_point.session import PointSession
from molmo_point.models.steps import ExtendedVocabulary, StepLogits

__all__ = ["PointBoard"]

_ROOM = 256  # patches by which the tables grow


@dataclass(frozen=True, slots=True)
class _Step:
    logits: StepLogits
    patch: Tensor  # [R, T] the patch chosen last, at each token
    subpatch: Tensor


class PointBoard:
    """Rows of fixed memory, each an answer of its own.

    Args:
        like: a session of the model that they are asked, with images.
        rows: how many answers are written at a time.
        captured: whether steps are CUDA graphs.
    """

    def __init__(self, like: PointSession, rows: int, *, captured: bool = False) -> None:
        assert like.keys is not None
        self.rows, self.captured = rows, captured
        self._model: Any = like.model
        self._memory = FixedMemory(like.cache.layers, rows, captured=captured)
        self._keys = _empty(like.keys, rows)
        self._prior = _no_prior(self._keys.table) if like.keys.things is not None else None
        self._patch, self._subpatch = (torch.full_like(self._memory.lengths, -1) for _ in range(2))
        self._step: _Step | None = None

    @property
    def device(self) -> torch.device:
        """Where ids are read from."""
        return self._memory.lengths.device

    @property
    def vocabulary(self) -> ExtendedVocabulary:
        """Ids, of as many patches as the largest image has or had."""
        vocabulary: ExtendedVocabulary = self._model.vocabulary(self._keys.table)
        return vocabulary

    def admit(self, row: int, prefix: PointSession, at: int, question: Sequence[int]) -> int:
        """See `Board`."""
        assert prefix.keys is not None
        length = prefix.length_of(at)
        self._memory.fill(row, prefix.cache.layers, at, length)
        patches = prefix.keys.table.valid.shape[1]
        if patches > self._keys.table.valid.shape[1]:
            self._grow(-(-patches // _ROOM) * _ROOM)
        _fill(self._keys, row, prefix.keys, at)
        self._patch[row] = self._subpatch[row] = -1
        if self._prior is not None:
            prior = prefix.prior_of(at, question)
            self._prior.present[row].fill_(HeatPrior.FLOOR)[:patches] = prior.present[0]
            self._prior.absent[row].fill_(0.0)[:patches] = prior.absent[0]
            assert self._prior.location is not None
            assert prior.location is not None
            self._prior.location[row, :patches] = prior.location[0]
        return length

    def reserve(self, tokens: int) -> None:
        """See `Board`."""
        self._memory.reserve(tokens)

    def read(self, tokens: Tensor) -> StepLogits:
        """See `Board`."""
        self._step = self._memory.run(self._read, tokens)
        return self._step.logits

    def keep(self, counts: Tensor) -> None:
        """See `Board`."""
        assert self._step is not None
        last = (counts - 1).clamp(min=0)[:, None]
        some = counts > 0
        self._memory.lengths += counts
        for kept, trace in ((self._patch, self._step.patch), (self._subpatch, self._step.subpatch)):
            kept.copy_(torch.where(some, trace.gather(1, last)[:, 0], kept))

    def _read(self, tokens: Tensor) -> _Step:
        slots, seen = self._memory.open(tokens.shape[1])
        keys, ids = self._keys, self.vocabulary
        reading = self._model.read(
            tokens,
            mask=seen,
            position_ids=slots,
            cache=self._memory,
            keys=keys,
            last_patch=self._patch,
        )
        states, patch = reading.states, reading.last_patch
        kind = ids.is_subpatch(tokens)
        subpatch = last_chosen(tokens, ids.first_subpatch, kind, self._subpatch, None)
        text, begin = self._model.text_logits(states)
        predictor = self._model.model.point_predictor
        patches = predictor.patch_logits(states, reading.rotation, keys)
        inside = predictor.subpatch_logits(states, patch.clamp(min=0), keys)
        location = predictor.location_logits(states)
        if self._prior is not None:
            at = patch.clamp(min=0), subpatch.clamp(min=0)
            location = location + self._prior.location_prior(*at, location.shape[-1])
            patches = patches + self._prior.patch_prior(patch, subpatch)
            before = self._patch[:, None].expand_as(patch)
            inside = inside + self._prior.subpatch_prior(patch.clamp(min=0), before, subpatch)
        logits = StepLogits(text, begin, patches, inside, location)
        return _Step(logits, patch, subpatch)

    def _grow(self, patches: int) -> None:
        """Tables of so many patches; graphs are captured again."""
        before = self._keys
        self._keys = _empty(before, self.rows, patches)
        for row in range(self.rows):
            _fill(self._keys, row, before, row)
        if self._prior is not None:
            had, self._prior = self._prior, _no_prior(self._keys.table)
            count = had.present.shape[1]
            for name in ("present", "absent", "location"):
                getattr(self._prior, name)[:, :count] = getattr(had, name)
        self._memory.forget_graphs()


def _empty(like: PointKeys, rows: int, patches: int = 0) -> PointKeys:
    """Keys of no patches, for so many rows."""
    table = like.table
    width = {"features": table.features, "patches": table.patches, "valid": table.valid,
             "order": table.order}  # fmt: skip
    made = {name: value.new_zeros(rows, patches, *value.shape[2:]) for name, value in width.items()}
    return PointKeys(
        table=PatchTable(
            **made,
            selectable=table.selectable.new_zeros(rows, patches + 1),
            count=table.count.new_zeros(rows),
        ),
        patch_key=like.patch_key.new_zeros(rows, patches + 1, like.patch_key.shape[2]),
        subpatch_key=like.subpatch_key.new_zeros(rows, patches, *like.subpatch_key.shape[2:]),
    )


def _fill(keys: PointKeys, row: int, read: PointKeys, at: int) -> None:
    """Write row `at` of what was read to a row of as many patches or more."""
    count = read.table.valid.shape[1]
    pairs = [(keys.subpatch_key, read.subpatch_key)]
    pairs += [
        (getattr(keys.table, name), getattr(read.table, name))
        for name in ("features", "patches", "valid", "order")
    ]
    for own, other in pairs:
        own[row, :count] = other[at]
        own[row, count:] = 0
    for own, other in (
        (keys.patch_key, read.patch_key),
        (keys.table.selectable, read.table.selectable),
    ):
        own[row, :count] = other[at, :count]
        own[row, count:] = 0
        own[row, -1] = other[at, -1]  # "no more points" comes after all patches
    keys.table.count[row] = read.table.count[at]


def _no_prior(table: PatchTable) -> HeatPrior:
    shape = table.valid.shape
    floor = torch.full(shape, HeatPrior.FLOOR, device=table.valid.device)
    return HeatPrior(floor, torch.zeros_like(floor), torch.zeros_like(floor, dtype=torch.long))
