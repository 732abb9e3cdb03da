"""Antialiased bilinear scaling in float32, as torch's, as a few dense matrix products.

Each block of rows of the result needs only some rows of the image, so a block is one small matrix
times those rows; then the same along the width, the three colours side by side, each with what it
is multiplied by. Source of the weights: torch's `_upsample_bilinear2d_aa`, in float32 as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

__all__ = ["scale_smoothly"]

_ROWS, _COLUMNS = 6, 8  # places of the result at a time: more waste zeros, fewer waste calls

_Colours = tuple[float, float, float]
_Blocks = tuple[tuple[int, int, Tensor], ...]


def _weights(source: int, target: int, size: int) -> Iterator[tuple[int, int, NDArray[np.float32]]]:
    """For each block: the source pixels from and to, and float32 [places, pixels] weights."""
    one = np.float32
    scale = one(source) / one(target)
    support = max(scale, one(1))
    middle = scale * (np.arange(target, dtype=np.float32) + one(0.5))
    first = (middle - support + one(0.5)).astype(np.int64).clip(min=0)
    last = (middle + support + one(0.5)).astype(np.int64).clip(max=source)
    for start in range(0, target, size):
        stop = min(start + size, target)
        low, high = int(first[start]), int(last[stop - 1])
        at = np.arange(low, high, dtype=np.float32)
        off = (at - middle[start:stop, None] + one(0.5)) * (one(1) / support)
        weights = (one(1) - np.abs(off)).clip(min=0)
        weights[(at < first[start:stop, None]) | (at >= last[start:stop, None])] = 0
        weights /= weights.sum(1, keepdims=True)
        yield low, high, weights.astype(np.float32)


@lru_cache(maxsize=64)
def _row_blocks(source: int, target: int) -> _Blocks:
    """Weights [places, rows]."""
    return tuple((a, b, torch.from_numpy(w)) for a, b, w in _weights(source, target, _ROWS))


@lru_cache(maxsize=64)
def _column_blocks(source: int, target: int, scale: _Colours) -> _Blocks:
    """The same for lines of interleaved colours: weights [pixels * 3, places * 3]."""
    colours = np.diag(np.array(scale, dtype=np.float32))
    return tuple(
        (low * 3, high * 3, torch.from_numpy(np.kron(weights.T, colours)))
        for low, high, weights in _weights(source, target, _COLUMNS)
    )


def scale_smoothly(
    image: NDArray[np.uint8],
    height: int,
    width: int,
    scale: _Colours = (1.0, 1.0, 1.0),
    shift: _Colours = (0.0, 0.0, 0.0),
    out: NDArray[np.float32] | None = None,
) -> NDArray[np.float32]:
    """Scale an image.

    Args:
        image: uint8 [H, W, 3].
        height: pixels of the result.
        width: pixels of the result.
        scale: what each colour, 0-255, is multiplied by.
        shift: what is added to it then.
        out: float32 [height, width, 3] to write to, part of a larger array perhaps.

    Returns:
        float32 [height, width, 3].
    """
    out = np.empty((height, width, 3), dtype=np.float32) if out is None else out
    step = out.strides[0] // out.itemsize
    lines = torch.from_numpy(np.lib.stride_tricks.as_strided(
        out, (height, width * 3), (step * out.itemsize, out.itemsize)
    ))  # fmt: skip
    source = torch.from_numpy(image).reshape(image.shape[0], -1)
    down = torch.empty(height, source.shape[1])
    at = 0
    for low, high, weights in _row_blocks(image.shape[0], height):
        torch.mm(weights, source[low:high].float(), out=down[at : at + len(weights)])
        at += len(weights)
    at = 0
    added = torch.tensor(shift).repeat(width)
    for low, high, weights in _column_blocks(image.shape[1], width, scale):
        places = slice(at, at + weights.shape[1])
        lines[:, places] = torch.addmm(added[places], down[:, low:high], weights)
        at += weights.shape[1]
    return out
