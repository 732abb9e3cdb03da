"""Naming every ViT patch while training: the loss that teaches a small vision encoder to see.

It trains the heat prior's own reading of the image, with the decoder's own word embeddings.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from molmo_point.models.molmo_point.heat import HeatHead
from molmo_point.models.molmo_point.pointing import PointingParts
from molmo_point.training.packing import IGNORE, PackedBatch

__all__ = ["DenseLoss", "box_overlap", "dense_loss", "name_tokens"]

_BACKGROUND_WEIGHT = 0.3
_THING_WEIGHT = 0.5  # of names at the centres, where each thing counts alike, small or large
_COLOUR_WEIGHT = 0.3
_MEANING_WEIGHT = 0.5
_NO_MEANING_WEIGHT = 0.1
_CENTRE_WEIGHT = 3.0
_CENTRES_AGAINST_OTHERS = (
    3.0  # what is not sure of its centre is there nevertheless: 1 lost a tenth
)


@dataclass(frozen=True, slots=True)
class DenseLoss:
    """Scalars.

    Attributes:
        total: what to minimise.
        named: share of the things' patches that are named right.
        overlap: mean intersection over union of the things' boxes.
    """

    total: Tensor
    named: Tensor
    overlap: Tensor


def dense_loss(
    heat: HeatHead,
    features: Tensor,
    table: Tensor,
    names: Tensor,
    colours: Tensor,
    meanings: Tensor,
    centres: Tensor,
    extents: Tensor,
) -> DenseLoss:
    """Cross-entropy of names and colours, of centres, and boxes' -log IoU (UnitBox, 1608.01471).

    Args:
        heat: what is trained.
        features: [C, P, F].
        table: [V, E] word embeddings.
        names: int [C, P], 0 for background, else 1 + index of the name; -100 to ignore.
        colours: int [C, P] index of the colour; -100 to ignore.
        meanings: int [C, P], 0 for none, else 1 + index of the meaning; -100 to ignore.
        centres: bool [C, P], patches that hold a thing's centre.
        extents: [C, P, 4] how far the thing's box reaches, in patches; 0 where that is not known.
    """
    used = names >= 0
    flat, names, colours, meanings, centres, extents = (
        value[used] for value in (features, names, colours, meanings, centres, extents)
    )
    logits, hues = heat.name_logits(flat, table)
    weight = torch.ones(logits.shape[-1], device=flat.device)
    weight[0] = _BACKGROUND_WEIGHT
    loss = cross_entropy(logits, names, weight=weight)
    middle = centres & (names > 0)
    if middle.any():
        loss = loss + _THING_WEIGHT * cross_entropy(logits[middle], names[middle])
    coloured = colours >= 0
    if coloured.any():
        loss = loss + _COLOUR_WEIGHT * cross_entropy(hues[coloured], colours[coloured])
    meant = meanings >= 0
    if meant.any():
        said = heat.meaning_logits(flat[meant], table)
        assert said is not None
        weight = torch.ones(said.shape[-1], device=flat.device)
        weight[0] = _NO_MEANING_WEIGHT
        loss = loss + _MEANING_WEIGHT * cross_entropy(said, meanings[meant], weight=weight)
    loss = loss + _CENTRE_WEIGHT * binary_cross_entropy_with_logits(
        heat.centre_logits(flat),
        centres.float(),
        pos_weight=torch.tensor(_CENTRES_AGAINST_OTHERS, device=flat.device),
    )
    front = names > 0
    boxed = extents[..., 0] > 0
    overlap = box_overlap(heat.extents(flat[boxed]), extents[boxed])
    right = (logits[front, 1:].argmax(-1) + 1 == names[front]).float().mean()
    return DenseLoss(loss - overlap.log().mean(), right.detach(), overlap.mean().detach())


def name_tokens(body: PointingParts, crops: Tensor, batch: PackedBatch) -> DenseLoss:
    """The loss of all patches behind the image tokens of a batch, as the model reads them.

    Args:
        body: of the model.
        crops: [C, P, F] ViT features.
        batch: on the same device.
    """
    patches, valid = body.gather_patches(crops, batch.token_pooling)
    patches = body.see_overview(patches, valid, batch.grids)
    at = batch.token_pooling.clamp(min=0)
    names, colours, meanings, centres, extents = (
        value.flatten(0, 1)[at]
        for value in (batch.names, batch.colours, batch.meanings, batch.centres, batch.extents)
    )
    return dense_loss(
        body.heat,
        patches,
        body.language_model.embed_tokens.weight,
        *(names.masked_fill(~valid, IGNORE), colours, meanings, centres, extents),
    )


def box_overlap(first: Tensor, second: Tensor) -> Tensor:
    """IoU of boxes given by their positive reach from one common place, [..., 4] -> [...]."""
    shared = torch.minimum(first, second)

    def area(reach: Tensor) -> Tensor:
        left, up, right, down = reach.unbind(-1)
        return (left + right) * (up + down)

    both = area(shared)
    return both / (area(first) + area(second) - both)
