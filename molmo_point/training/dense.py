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
_THING_WEIGHT = 1.0  # of names at the centres, where each thing counts alike, small or large
_COLOUR_WEIGHT = 0.3
_MEANING_WEIGHT = 0.5
_NO_MEANING_WEIGHT = 0.1
_CENTRE_WEIGHT = 3.0
_CENTRES_AGAINST_OTHERS = (
    3.0  # what is not sure of its centre is there nevertheless: 1 lost a tenth
)
_GLOBAL_WEIGHT = 0.25  # of patches of the global view, which crops hear and no answer names


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
    weights: Tensor | None = None,
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
        weights: [C, P] how much each patch counts; None for all alike.
    """
    used = names >= 0
    weights = torch.ones_like(names, dtype=features.dtype) if weights is None else weights
    flat, names, colours, meanings, centres, extents, weights = (
        value[used] for value in (features, names, colours, meanings, centres, extents, weights)
    )
    logits, hues = heat.name_logits(flat, table)
    front, middle = names > 0, centres & (names > 0)
    loss = _entropy(logits, names, torch.where(front, weights, weights * _BACKGROUND_WEIGHT))
    loss = loss + _THING_WEIGHT * _entropy(logits[middle], names[middle], weights[middle])
    coloured = colours >= 0
    loss = loss + _COLOUR_WEIGHT * _entropy(hues[coloured], colours[coloured], weights[coloured])
    meant = meanings >= 0
    if meant.any():
        said, meanings = heat.meaning_logits(flat[meant], table), meanings[meant]
        assert said is not None
        heard = torch.where(meanings > 0, 1.0, _NO_MEANING_WEIGHT) * weights[meant]
        loss = loss + _MEANING_WEIGHT * _entropy(said, meanings, heard)
    centred = binary_cross_entropy_with_logits(
        heat.centre_logits(flat),
        centres.float(),
        pos_weight=torch.tensor(_CENTRES_AGAINST_OTHERS, device=flat.device),
        reduction="none",
    )
    loss = loss + _CENTRE_WEIGHT * _mean(centred, weights)
    boxed = extents[..., 0] > 0
    overlap = box_overlap(heat.extents(flat[boxed]), extents[boxed])
    right = (logits[front, 1:].argmax(-1) + 1 == names[front]).float()
    return DenseLoss(
        loss - _mean(overlap.log(), weights[boxed]),
        _mean(right, weights[front]).detach(),
        _mean(overlap, weights[boxed]).detach(),
    )


def _entropy(logits: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    return _mean(cross_entropy(logits, wanted, reduction="none"), weights)


def _mean(values: Tensor, weights: Tensor) -> Tensor:
    """Weighted; 0 of no values, as of a batch that shows nothing."""
    return (values * weights).sum() / weights.sum().clamp(min=1e-6)


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
        weights=_token_weights(batch.grids)[:, None].expand_as(names),
    )


def _token_weights(grids: Tensor) -> Tensor:
    """[N] by grids [B, 4]: pooled rows and columns of each global view and of each canvas."""
    parts = []
    for rows, columns, more_rows, more_columns in grids.tolist():
        parts += [
            torch.full((rows * columns,), _GLOBAL_WEIGHT),
            torch.ones(more_rows * more_columns),
        ]
    return torch.cat(parts).to(grids.device)


def box_overlap(first: Tensor, second: Tensor) -> Tensor:
    """IoU of boxes given by their positive reach from one common place, [..., 4] -> [...]."""
    shared = torch.minimum(first, second)

    def area(reach: Tensor) -> Tensor:
        left, up, right, down = reach.unbind(-1)
        return (left + right) * (up + down)

    both = area(shared)
    return both / (area(first) + area(second) - both)
