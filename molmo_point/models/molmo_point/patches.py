"""The image tokens of a batch as a table of patches that points refer to."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import TypeVar

import torch
from torch import Tensor

from molmo_point.models.steps import ExtendedVocabulary

__all__ = [
    "ImageFeatures",
    "PatchTable",
    "distinct_rows",
    "fill_rows",
    "last_chosen",
    "pick_rows",
    "take_rows",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ImageFeatures:
    """What the vision encoder and the connector made of all crops of a batch.

    Attributes:
        tokens: [N, E] one for each image token, in the order of the prompts.
        patches: [N, k, F] the ViT features behind each, zero where there is none.
        valid: bool [N, k].
    """

    tokens: Tensor
    patches: Tensor
    valid: Tensor


@dataclass(frozen=True, slots=True)
class PatchTable:
    """The patches of each prompt of a batch; n is the longest prompt's number of them.

    Attributes:
        features: [B, n, E] connector outputs, added to the embedding of a chosen patch.
        patches: [B, n, k, F] ViT features, zero where there is none.
        valid: bool [B, n, k], which subpatches exist.
        selectable: bool [B, n + 1], which patches may be chosen; the last is "no more points".
        order: int [B, n], how many selectable patches come before: the rotary's position. Others
            have the rank of the last selectable one before them, -1 if there is none.
        count: int [B], how many are the prompt's own; the rest fill up the batch.
    """

    features: Tensor
    patches: Tensor
    valid: Tensor
    selectable: Tensor
    order: Tensor
    count: Tensor

    @classmethod
    def spread(cls, features: ImageFeatures, image: Tensor, indexable: Tensor) -> PatchTable:
        """Lay the features of a batch out by prompt.

        Args:
            features: of all prompts, one after the other.
            image: bool [B, T], tokens that carry a feature.
            indexable: bool [B, T], those of them that points may choose.
        """
        count = image.sum(1)
        slot = torch.arange(int(count.max()), device=image.device)[None] < count[:, None]
        can = fill_rows(slot, indexable[image])
        always = torch.ones_like(can[:, :1])
        return cls(
            features=fill_rows(slot, features.tokens),
            patches=fill_rows(slot, features.patches),
            valid=fill_rows(slot, features.valid),
            selectable=torch.cat([can, always], dim=1),
            order=can.cumsum(1) - 1,
            count=count,
        )

    def own(self) -> Tensor:
        """Bool [B, n], False for rows that only fill up the batch."""
        rank = torch.arange(self.order.shape[1], device=self.order.device)
        return rank[None] < self.count[:, None]

    def vocabulary(self, text: int, locations: int) -> ExtendedVocabulary:
        """The ids that go with this table."""
        _, patches, subpatches = self.valid.shape
        return ExtendedVocabulary(text, patches, subpatches, locations)


def fill_rows(slot: Tensor, values: Tensor) -> Tensor:
    """Values [N, ...] into the N true places of slot, bool [B, n], zero elsewhere: [B, n, ...]."""
    out = values.new_zeros(*slot.shape, *values.shape[1:])
    out[slot] = values
    return out


def distinct_rows(value: Tensor) -> Tensor:
    """[B, ...], or its first row [1, ...] if all are the same memory."""
    return value[:1] if value.stride(0) == 0 else value


def pick_rows(value: Tensor, rows: Tensor) -> Tensor:
    """[B, ...] at these rows, int [R], in this order: [R, ...].

    Questions about one image share its memory, which must not be written to in place.
    """
    distinct = distinct_rows(value)
    if len(distinct) == 1:
        return distinct.expand(len(rows), *value.shape[1:])
    return value[rows]


def take_rows(table: T, rows: Tensor) -> T:
    """A dataclass of tensors with the same batch, at these rows, as by `pick_rows`."""
    changes: dict[str, object] = {}
    for field in fields(table):  # type: ignore[arg-type]
        value = getattr(table, field.name)
        if isinstance(value, Tensor):
            changes[field.name] = pick_rows(value, rows)
        elif value is not None:
            changes[field.name] = take_rows(value, rows)
    return replace(table, **changes)  # type: ignore[type-var]


def last_chosen(
    input_ids: Tensor, first_id: int, kind: Tensor, before: Tensor, segment_ids: Tensor | None
) -> Tensor:
    """The index of the grounding token of one kind seen last at or before each token.

    Args:
        input_ids: int [B, T].
        first_id: id of index 0 of this kind.
        kind: bool [B, T], where the ids are of this kind.
        before: int [B], the index chosen before the first token, -1 for none.
        segment_ids: int [B, T], within which to look; None for one segment.

    Returns:
        int [B, T], -1 where there is none.
    """
    step = torch.arange(input_ids.shape[1], device=input_ids.device)
    at = torch.where(kind, step, -1).cummax(1).values
    index = input_ids.gather(1, at.clamp(min=0)) - first_id
    found = at >= 0
    if segment_ids is not None:
        found &= segment_ids.gather(1, at.clamp(min=0)) == segment_ids
    return torch.where(found, index, before[:, None])
