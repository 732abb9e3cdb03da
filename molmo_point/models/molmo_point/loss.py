"""What MolmoPoint learns from: next words, and the patch, subpatch, location of each point.

Source: MolmoPoint (arXiv 2603.28069): the usual next-token loss, in which a patch, subpatch or
location counts as its marker token, plus one cross-entropy for each choice at the token before it.
Points come sorted, so patches before the last point's are hidden from the choice, as in decoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from molmo_point.models.molmo_point.grounding import MASKED, Reading
from molmo_point.models.molmo_point.heat import HeatPrior
from molmo_point.models.molmo_point.patches import last_chosen
from molmo_point.models.molmo_point.things import ThingMap
from molmo_point.models.steps import ExtendedVocabulary

if TYPE_CHECKING:
    from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration

__all__ = ["PointingLoss", "pointing_loss"]


@dataclass(frozen=True, slots=True)
class PointingLoss:
    """Scalars: means over the tokens or choices they are about; zero where there is none.

    Attributes:
        text: next-token cross-entropy.
        patch: over selectable patches and "no more points".
        subpatch: over the ViT patches of the right patch.
        location: over the places in the right ViT patch.
    """

    text: Tensor
    patch: Tensor
    subpatch: Tensor
    location: Tensor

    def total(self) -> Tensor:
        """The sum."""
        return self.text + self.patch + self.subpatch + self.location


def pointing_loss(
    model: MolmoPointForConditionalGeneration,
    reading: Reading,
    input_ids: Tensor,
    labels: Tensor,
    *,
    segment_ids: Tensor | None = None,
    question_end: Tensor | None = None,
) -> PointingLoss:
    """Losses of teacher-forced tokens.

    Args:
        model: whose heads to use.
        reading: of `model.read` on `input_ids`.
        input_ids: int [B, T] extended ids.
        labels: int [B, T] extended ids, -100 to ignore; token t is predicted at t - 1.
        segment_ids: int [B, T] as in `model.read`.
        question_end: int [B, T], for each token the index of the last token of its question, -1
            where there is none. Needed for the heat prior alone.
    """
    states, keys = reading.states, reading.keys
    batch, step = (labels[:, 1:] >= 0).nonzero(as_tuple=True)  # predicted at (batch, step)
    target = labels[batch, step + 1]
    zero = states.sum() * 0.0
    config = model.config
    marker = target
    if keys is not None:
        vocabulary = model.vocabulary(keys.table)
        marker = torch.where(target >= vocabulary.text, config.patch_token_id, target)
        marker[target >= vocabulary.first_subpatch] = config.subpatch_token_id
        marker[target >= vocabulary.first_location] = config.location_token_id
    words = model.lm_head(model.model.language_model.norm(states[batch, step]))
    text = cross_entropy(words.float(), marker) if len(target) else zero
    if keys is None:
        return PointingLoss(text, zero, zero, zero)

    prior = None
    if keys.things is not None and question_end is not None:
        probability, question = _heat(model, keys.things, input_ids, question_end)
        last = _trace_subpatch(input_ids, vocabulary, segment_ids)
        prior = _PriorAt(probability, question, last)
    choices = _Choices(batch, step, target, prior)
    return PointingLoss(
        text,
        _patch_loss(model, reading, choices, vocabulary),
        _subpatch_loss(model, reading, choices, vocabulary),
        _location_loss(model, reading, choices, vocabulary),
    )


@dataclass(frozen=True, slots=True)
class _PriorAt:
    """The heat of every question, and what is needed to read it at a token."""

    probability: Tensor  # [Q, n, k]
    question: Tensor  # int [B, T]
    last_subpatch: Tensor  # int [B, T]

    def at(self, row: Tensor, step: Tensor, valid: Tensor) -> HeatPrior:
        return HeatPrior.of(self.probability[self.question[row, step]], valid[row])


@dataclass(frozen=True, slots=True)
class _Choices:
    """Tokens to predict: token `target` of row `row` is predicted at `step`."""

    row: Tensor
    step: Tensor
    target: Tensor
    prior: _PriorAt | None

    def of(self, kind: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.row[kind], self.step[kind], self.target[kind]


def _trace_subpatch(
    input_ids: Tensor, vocabulary: ExtendedVocabulary, segment_ids: Tensor | None
) -> Tensor:
    kind = vocabulary.is_subpatch(input_ids)
    none = input_ids.new_full((len(input_ids),), -1)
    return last_chosen(input_ids, vocabulary.first_subpatch, kind, none, segment_ids)


def _patch_loss(
    model: MolmoPointForConditionalGeneration,
    reading: Reading,
    choices: _Choices,
    vocabulary: ExtendedVocabulary,
) -> Tensor:
    states, trace, keys = reading.states, reading.last_patch, reading.keys
    assert keys is not None
    row, step, target = choices.of(
        (choices.target >= vocabulary.text) & (choices.target <= vocabulary.no_more_points)
    )
    if not len(target):
        return states.sum() * 0.0
    last = trace[row, step][:, None]
    logits = model.model.point_predictor.patch_logits(states, trace, keys)[row, step]  # [S, n + 1]
    if choices.prior is not None:
        prior = choices.prior.at(row, step, keys.table.valid)
        subpatch = choices.prior.last_subpatch[row, step][:, None]
        logits = logits + prior.patch_prior(last, subpatch)[:, 0]
    passed = torch.arange(logits.shape[1], device=logits.device) < last
    logits = logits.masked_fill(passed, MASKED)
    return cross_entropy(logits.float(), target - vocabulary.text)


def _subpatch_loss(
    model: MolmoPointForConditionalGeneration,
    reading: Reading,
    choices: _Choices,
    vocabulary: ExtendedVocabulary,
) -> Tensor:
    states, trace, keys = reading.states, reading.last_patch, reading.keys
    assert keys is not None
    row, step, target = choices.of(vocabulary.is_subpatch(choices.target))
    if not len(target):
        return states.sum() * 0.0
    predictor = model.model.point_predictor
    chosen = trace[row, step][:, None]
    logits = predictor.subpatch_logits(states, trace.clamp(min=0), keys)[row, step]  # [S, k]
    if choices.prior is not None:
        prior = choices.prior.at(row, step, keys.table.valid)
        before = trace[row, (step - 1).clamp(min=0)][:, None]
        subpatch = choices.prior.last_subpatch[row, step][:, None]
        logits = logits + prior.subpatch_prior(chosen, before, subpatch)[:, 0]
    return cross_entropy(logits.float(), target - vocabulary.first_subpatch)


def _location_loss(
    model: MolmoPointForConditionalGeneration,
    reading: Reading,
    choices: _Choices,
    vocabulary: ExtendedVocabulary,
) -> Tensor:
    states = reading.states
    row, step, target = choices.of(choices.target >= vocabulary.first_location)
    if not len(target):
        return states.sum() * 0.0
    logits = model.model.point_predictor.location_logits(states[row, step])
    return cross_entropy(logits.float(), target - vocabulary.first_location)


def _heat(
    model: MolmoPointForConditionalGeneration,
    things: ThingMap,
    input_ids: Tensor,
    question_end: Tensor,
) -> tuple[Tensor, Tensor]:
    """The heat [Q, n, k] of every question, and the question [B, T] of each token (-1: none)."""
    batch, length = input_ids.shape
    offset = torch.arange(batch, device=input_ids.device)[:, None] * length
    flat = torch.where(question_end >= 0, question_end + offset, -1)
    places, question = torch.unique(flat, return_inverse=True)
    if places[0] < 0:
        places, question = places[1:], question - 1
    row, at = places // length, places % length
    words = [
        input_ids[r, (question_end[r] == end).nonzero()[:, 0]][: end + 1].tolist()
        for r, end in zip(row.tolist(), at.tolist(), strict=True)
    ]
    return things.probability(row, model.model.heat.asked(words)), question
