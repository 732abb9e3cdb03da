"""Naming every ViT patch while training: the loss that teaches a small vision encoder to see.

Names are read with the heat prior's own keys and the decoder's own word embeddings, so that what is
learnt here is what a question about one word needs. The rest of this head is not kept.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from molmo_point.models.molmo_point.heat import HeatHead

__all__ = ["DenseHead"]

_BACKGROUND_WEIGHT = 0.3
_CENTRE_WEIGHT = 3.0


class DenseHead(nn.Module):
    """Names, colours and centres of things at every ViT patch.

    Args:
        feature_dim: width of the ViT features.
        dim: width of the heat prior's keys.
        words: int [K], token ids of the names.
        colours: int [L], token ids of the colours.
    """

    words: Tensor
    colours: Tensor

    def __init__(
        self, feature_dim: int, dim: int, words: Sequence[int], colours: Sequence[int]
    ) -> None:
        super().__init__()
        self.background = nn.Parameter(torch.zeros(1, dim))
        self.centre = nn.Sequential(nn.LayerNorm(feature_dim), nn.Linear(feature_dim, 1))
        self.register_buffer("words", torch.tensor(list(words)))
        self.register_buffer("colours", torch.tensor(list(colours)))

    def forward(
        self,
        heat: HeatHead,
        features: Tensor,
        table: Tensor,
        names: Tensor,
        colours: Tensor,
        centres: Tensor,
        extents: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, the share of the things' patches that are named right, the extents' mean IoU.

        Args:
            heat: whose keys to use.
            features: [C, P, F].
            table: [V, E] word embeddings.
            names: int [C, P], 0 for background, else 1 + index into words; -100 to ignore.
            colours: int [C, P] index into colours; -100 to ignore.
            centres: bool [C, P], patches that hold a thing's centre.
            extents: [C, P, 4] how far the thing's box reaches, in patches; used where there is one.
        """
        used = names >= 0
        flat, names, colours, centres, extents = (
            value[used] for value in (features, names, colours, centres, extents)
        )
        keys = heat.name_keys(flat) * heat.key.out_features**-0.5
        queries = torch.cat([self.background, heat.words(table[self.words])])
        logits = keys @ queries.T
        weight = torch.ones(len(queries), device=flat.device)
        weight[0] = _BACKGROUND_WEIGHT
        loss = cross_entropy(logits, names, weight=weight)
        coloured = colours >= 0
        if coloured.any():
            hue = keys[coloured] @ heat.words(table[self.colours]).T
            loss = loss + 0.3 * cross_entropy(hue, colours[coloured])
        centre = self.centre(flat)[:, 0]
        cost = binary_cross_entropy_with_logits(
            centre, centres.float(), pos_weight=torch.tensor(3.0, device=flat.device)
        )
        front = names > 0
        right = (logits[front, 1:].argmax(-1) + 1 == names[front]).float().mean()
        overlap = box_overlap(heat.extents(flat[front]), extents[front])
        loss = loss + _CENTRE_WEIGHT * cost - overlap.log().mean()  # UnitBox, arXiv 1608.01471
        return loss, right.detach(), overlap.mean().detach()


def box_overlap(first: Tensor, second: Tensor) -> Tensor:
    """IoU of boxes given by their positive reach from one common place, [..., 4] -> [...]."""
    shared = torch.minimum(first, second)

    def area(reach: Tensor) -> Tensor:
        left, up, right, down = reach.unbind(-1)
        return (left + right) * (up + down)

    both = area(shared)
    return both / (area(first) + area(second) - both)
