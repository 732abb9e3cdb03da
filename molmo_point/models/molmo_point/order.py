"""Which one of several: the second, the last, the one at the top left."""

from __future__ import annotations

import torch
from torch import Tensor

from molmo_point.models.molmo_point.asked import PLACES

__all__ = ["choose_place"]

_ORDINALS = PLACES.index("last")
_SIDES = {"top": (1, -1), "bottom": (1, 1), "left": (0, -1), "right": (0, 1)}  # axis, direction


def choose_place(spots: Tensor, reach: Tensor, asked: Tensor) -> Tensor:
    """The rank of the thing at a place; none if there are not so many.

    Args:
        spots: int [m, 3] image, row, column of each thing's ViT patch.
        reach: [m, 4] how far each thing's box reaches from there: left, up, right, down.
        asked: bool [`PLACES`]; sides may be joined, as in "top left".

    Returns:
        int [0] or [1].
    """
    if not len(spots):
        return torch.zeros(0, dtype=torch.long, device=spots.device)
    middle = spots[:, [2, 1]] + 0.5 + (reach[:, 2:] - reach[:, :2]) / 2  # [m, 2]
    for place in range(_ORDINALS + 1):
        if asked[place]:
            order = _reading_order(spots[:, 0], middle, (reach[:, 1] + reach[:, 3]) / 2)
            at = len(order) - 1 if place == _ORDINALS else place
            return order[at : at + 1]
    score = torch.zeros(len(spots), device=spots.device)
    spread = (middle.amax(0) - middle.amin(0)).clamp(min=1e-6)
    for side, (axis, way) in _SIDES.items():
        if asked[PLACES.index(side)]:
            score = score + way * middle[:, axis] / spread[axis]
    return score.argmax(keepdim=True)


def _reading_order(image: Tensor, middle: Tensor, half: Tensor) -> Tensor:
    """Ranks row by row from the top, and from left to right in a row; rows are half a thing apart.

    Args:
        image: int [m].
        middle: [m, 2] x, y.
        half: [m] half of each thing's height.
    """
    ranks = sorted(range(len(image)), key=lambda i: (int(image[i]), float(middle[i, 1])))
    keys: list[tuple[int, float, int]] = []
    line = -1
    top, last = 0.0, -1
    for rank in ranks:
        y = float(middle[rank, 1])
        if int(image[rank]) != last or y > top + float(half[rank]):
            line, top, last = line + 1, y, int(image[rank])
        keys.append((line, float(middle[rank, 0]), rank))
    return torch.tensor([rank for *_, rank in sorted(keys)], device=image.device)
