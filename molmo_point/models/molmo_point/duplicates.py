"""Patches that speak of the same thing, made to speak once.

A large thing covers many ViT patches, and a small model is seldom sure which of them holds its
centre, so the heat of one thing is spread over several. Each patch also says how far its thing
reaches: patches whose boxes largely agree mean one thing, and the likeliest of them takes the
probability of all, the sum, because at most one of them holds the centre.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["merge_duplicates"]

_SAME = 0.5  # intersection over union from which two boxes are of one thing, the usual bound
_FAINT = 0.02  # probabilities below take no part
_MOST = 512  # patches a question that take part, the likeliest
_CERTAIN = 0.999


def merge_duplicates(logits: Tensor, extents: Tensor, places: Tensor, valid: Tensor) -> Tensor:
    """Give each thing's heat to the likeliest of its patches.

    Args:
        logits: [B, n, k] of the probability that a thing's centre lies in a subpatch.
        extents: [B, n, k, 4] how far its box reaches: left, up, right, down, in ViT patches.
        places: int [n, k, 3] image, row, column of each ViT patch.
        valid: bool [B, n, k].

    Returns:
        [B, n, k] logits; those of merged patches are very low.
    """
    out = logits.flatten(1).float().clone()
    heat = out.sigmoid().masked_fill(~valid.flatten(1), 0.0)
    image, row, column = places.flatten(0, 1).unbind(-1)
    for number in range(len(out)):
        top = heat[number].topk(min(_MOST, heat.shape[1]))
        chosen = top.indices[top.values > _FAINT]  # the likeliest first
        reach = extents[number].flatten(0, 1)[chosen].float()
        middle = torch.stack([column[chosen], row[chosen]], dim=-1) + 0.5
        boxes = torch.cat([middle - reach[:, :2], middle + reach[:, 2:]], dim=-1)
        same = _box_iou(boxes) > _SAME
        same &= image[chosen][:, None] == image[chosen]
        free = torch.ones(len(chosen), dtype=torch.bool, device=out.device)
        for rank in range(len(chosen)):
            if not free[rank]:
                continue
            members = same[rank] & free
            members[rank] = True
            free &= ~members
            total = heat[number, chosen[members]].sum().clamp(max=_CERTAIN)
            out[number, chosen[members]] = -30.0
            out[number, chosen[rank]] = torch.logit(total)
    return out.reshape(logits.shape)


def _box_iou(boxes: Tensor) -> Tensor:
    """Intersection over union [m, m] of boxes [m, 4] as left, top, right, bottom."""
    low = torch.maximum(boxes[:, None, :2], boxes[None, :, :2])
    high = torch.minimum(boxes[:, None, 2:], boxes[None, :, 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    area = (boxes[:, 2:] - boxes[:, :2]).prod(-1)
    return shared / (area[:, None] + area[None] - shared).clamp(min=1e-9)
