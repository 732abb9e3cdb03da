"""Antialiased bilinear scaling in float32, as torch's, as a few dense matrix products.

Each block of rows of the result needs only some rows of the image, so a block is one small matrix
times those rows; then the same along the width, the three colours side by side. Source of the
weights: torch's `_upsample_bilinear2d_aa`, whose arithmetic is float32.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["scale_smoothly"]

_BLOCK = 32  # places of the result at a time

_Blocks = tuple[tuple[int, int, NDArray[np.float32]], ...]


@lru_cache(maxsize=64)
def _blocks(source: int, target: int) -> _Blocks:
    """For each block: the source pixels from and to, and float32 [places, pixels] weights."""
    one = np.float32
    scale = one(source) / one(target)
    support = max(scale, one(1))
    middle = scale * (np.arange(target, dtype=np.float32) + one(0.5))
    first = (middle - support + one(0.5)).astype(np.int64).clip(min=0)
    last = (middle + support + one(0.5)).astype(np.int64).clip(max=source)
    blocks = []
    for start in range(0, target, _BLOCK):
        stop = min(start + _BLOCK, target)
        low, high = int(first[start]), int(last[stop - 1])
        at = np.arange(low, high, dtype=np.float32)
        off = (at - middle[start:stop, None] + one(0.5)) * (one(1) / support)
        weights = (one(1) - np.abs(off)).clip(min=0)
        weights[(at < first[start:stop, None]) | (at >= last[start:stop, None])] = 0
        weights /= weights.sum(1, keepdims=True)
        blocks.append((low, high, weights.astype(np.float32)))
    return tuple(blocks)


@lru_cache(maxsize=64)
def _colour_blocks(source: int, target: int) -> _Blocks:
    """The same for lines of interleaved colours: weights [pixels * 3, places * 3]."""
    return tuple(
        (low * 3, high * 3, np.kron(weights.T, np.eye(3, dtype=np.float32)))
        for low, high, weights in _blocks(source, target)
    )


def scale_smoothly(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.float32]:
    """Scale an image.

    Args:
        image: uint8 [H, W, 3].
        height: pixels of the result.
        width: pixels of the result.

    Returns:
        float32 [height, width, 3], 0-255.
    """
    lines = image.reshape(image.shape[0], -1)
    down = np.empty((height, lines.shape[1]), dtype=np.float32)
    at = 0
    for low, high, weights in _blocks(image.shape[0], height):
        np.matmul(weights, lines[low:high].astype(np.float32), out=down[at : at + len(weights)])
        at += len(weights)
    out = np.empty((height, width * 3), dtype=np.float32)
    at = 0
    for low, high, weights in _colour_blocks(image.shape[1], width):
        out[:, at : at + weights.shape[1]] = down[:, low:high] @ weights
        at += weights.shape[1]
    return out.reshape(height, width, 3)
