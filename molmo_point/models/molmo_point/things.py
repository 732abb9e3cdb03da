"""What lies where, whatever is asked: the small model's map of the things in an image.

Ours, for small models; no published checkpoint has it. Every ViT patch says what the thing under it
is called and which colour it has (among the words of a closed list), whether the thing's centre
lies in it, and how far the thing reaches. A large thing covers many patches, so patches whose boxes
overlap are taken for one thing: the one nearest to the middle of their boxes speaks for all, with
the sum of their probabilities to hold the centre, because at most one of them does, and what they
say together.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["ThingMap"]

_SAME = 0.25  # intersection over union from which two boxes are of one thing; chosen on dev scenes
_SOMETHING = 0.3  # probability of not being background from which a patch takes part
_MOST = 1024  # patches of an image that take part, the likeliest
_FAINT, _CERTAIN = 1e-6, 0.999


@dataclass(frozen=True, slots=True)
class ThingMap:
    """Every ViT patch of a batch of prompts: n image tokens of k patches.

    Attributes:
        centre: [B, n, k] probability that a thing's centre lies in this patch.
        names: [B, n, k, K] probability of each name; together, that there is something.
        colours: [B, n, k, L] probability of each colour, of one thing; they sum to 1.
        extents: [B, n, k, 4] how far the thing's box reaches from the patch's middle: left, up,
            right, down, in ViT patches.
    """

    centre: Tensor
    names: Tensor
    colours: Tensor
    extents: Tensor

    def probability(self, row: Tensor, names: Tensor, colours: Tensor) -> Tensor:
        """How likely the centre of a thing that is asked for lies in each patch.

        Args:
            row: int [Q], which prompt each question is about.
            names: bool [Q, K], which names are asked for; none of them means all things.
            colours: bool [Q, L], the same of colours.

        Returns:
            [Q, n, k].
        """
        something = self.names.sum(-1, keepdim=True).clamp(min=_FAINT)
        named = _share(self.names / something, row, names)
        coloured = _share(self.colours, row, colours)
        return (self.centre[row] * named * coloured).clamp(_FAINT, _CERTAIN)

    def group(self, places: Tensor, valid: Tensor) -> ThingMap:
        """Let one patch speak for each thing; the others' centres get no probability.

        Args:
            places: int [n, k, 3] image, row, column of each ViT patch.
            valid: bool [B, n, k], patches that take part.
        """
        centre, names, colours = (
            value.flatten(1, 2).clone() for value in (self.centre, self.names, self.colours)
        )
        for number in range(len(centre)):
            something = names[number].sum(-1) * valid[number].flatten()
            chosen = (something > _SOMETHING).nonzero()[:, 0]
            score = (centre[number] * something)[chosen]
            chosen = chosen[score.argsort(descending=True, stable=True)[:_MOST]]
            reach, spots = self.extents[number].flatten(0, 1)[chosen], places.flatten(0, 1)[chosen]
            same, boxes = _same_thing(reach, spots), (reach[:, 2:] - reach[:, :2]) / 2
            middles = spots[:, [2, 1]] + boxes  # of the boxes, in patches
            before = centre[number].clone()
            centre[number] = 0.0
            free = torch.ones(len(chosen), dtype=torch.bool, device=centre.device)
            for rank in range(len(chosen)):
                if not free[rank]:
                    continue
                ranks = (same[rank] & free).nonzero()[:, 0]
                free &= ~same[rank]
                members = chosen[ranks]
                share = before[members, None] / before[members].sum()
                off = spots[ranks][:, [2, 1]] - (middles[ranks] * share).sum(0)
                leader = members[off.square().sum(-1).argmin()]
                centre[number, leader] = before[members].sum().clamp(max=_CERTAIN)
                agreed = _agree(names[number, members])
                names[number, leader] = agreed * something[members].mean()
                colours[number, leader] = _agree(colours[number, members])
        return ThingMap(
            centre.reshape(self.centre.shape),
            names.reshape(self.names.shape),
            colours.reshape(self.colours.shape),
            self.extents,
        )


def _agree(values: Tensor) -> Tensor:
    """What several patches say together [m, K] -> [K]: the mean of logarithms, as probabilities."""
    agreed: Tensor = values.clamp(min=_FAINT).log().mean(0).softmax(-1)
    return agreed


def _share(values: Tensor, row: Tensor, asked: Tensor) -> Tensor:
    """Sum [Q, n, k] of [B, n, k, K] over what is asked, bool [Q, K]; 1 where nothing is."""
    total = torch.einsum("qnkc,qc->qnk", values[row], asked.to(values.dtype))
    return torch.where(asked.any(-1)[:, None, None], total, torch.ones_like(total))


def _same_thing(reach: Tensor, places: Tensor) -> Tensor:
    """Bool [m, m], whether the boxes of two patches largely agree; each agrees with itself."""
    image, row, column = places.unbind(-1)
    middle = torch.stack([column, row], dim=-1) + 0.5
    low, high = middle - reach[:, :2], middle + reach[:, 2:]  # [m, 2]
    shared = torch.minimum(high[:, None], high[None]) - torch.maximum(low[:, None], low[None])
    both = shared.clamp(min=0).prod(-1)
    area = (high - low).prod(-1)
    same = both / (area[:, None] + area[None] - both).clamp(min=1e-9) > _SAME
    same &= image[:, None] == image[None]
    return same | torch.eye(len(same), dtype=torch.bool, device=same.device)
