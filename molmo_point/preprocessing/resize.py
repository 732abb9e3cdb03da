"""Stretch an image exactly as the checkpoints' own preprocessing did, to the last bit.

Plain bilinear between four neighbours, with half-pixel centres and without antialiasing, rounded
to bytes. Published preprocessing leaves this to torch, whose last bits depend on the number of
threads; where a value lies halfway between two bytes that decides the byte. Here the arithmetic is
torch's with one thread: a chain of fused multiply-adds in float32, the four weights multiplied
out. It is done in a faster order, and again in torch's order for the few values near a half.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["resize_image"]

BLOCK = 32
"""Rows of the result at a time: what is in between stays in the cache."""

CERTAIN = 0.4995
"""Distance from a byte up to which any order of the arithmetic rounds alike: errors are < 1e-4."""


@dataclass(frozen=True, slots=True)
class _Taps:
    """The two neighbours of each place along one axis, and their float32 weights."""

    near: NDArray[np.int64]
    far: NDArray[np.int64]
    near_weight: NDArray[np.float32]
    far_weight: NDArray[np.float32]


@lru_cache(maxsize=128)
def _find_taps(source: int, target: int) -> _Taps:
    """Neighbours along an axis of `source` pixels that becomes `target` pixels."""
    scale = np.float64(np.float32(source) / np.float32(target))
    place = (scale * (np.arange(target) + 0.5) - 0.5).astype(np.float32)  # fused: rounded once
    place = place.clip(np.float32(0))
    near = place.astype(np.int64).clip(max=source - 1)
    far_weight = (place - near.astype(np.float32)).clip(np.float32(0), np.float32(1))
    return _Taps(near, (near + 1).clip(max=source - 1), np.float32(1) - far_weight, far_weight)


def resize_image(image: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Stretch an image.

    Costs grow with the result, not with the image: pixels that no place needs are not read.

    Args:
        image: uint8 [H, W, 3].
        height: pixels of the result.
        width: pixels of the result.

    Returns:
        uint8 [height, width, 3], contiguous.
    """
    if image.shape[:2] == (height, width):
        return np.ascontiguousarray(image)
    rows, cols = _find_taps(image.shape[0], height), _find_taps(image.shape[1], width)
    near_weight, far_weight = np.repeat(cols.near_weight, 3), np.repeat(cols.far_weight, 3)
    out = np.empty((height, width * 3), dtype=np.uint8)
    for start in range(0, height, BLOCK):
        stop = min(start + BLOCK, height)
        source, near, far = _needed_rows(rows.near[start:stop], rows.far[start:stop])
        lines = image[source]
        count = len(lines)
        across = lines.take(cols.near, axis=1).reshape(count, -1) * near_weight
        across += lines.take(cols.far, axis=1).reshape(count, -1) * far_weight
        value = across[near] * rows.near_weight[start:stop, None]
        value += across[far] * rows.far_weight[start:stop, None]
        rounded = np.rint(value)
        out[start:stop] = rounded
        np.abs(np.subtract(value, rounded, out=value), out=value)
        unsure = np.flatnonzero(value > CERTAIN)
        if len(unsure):
            row, col = np.divmod(unsure, width * 3)
            out[start + row, col] = _resize_exactly(image, rows, cols, start + row, col)
    return out.reshape(height, width, 3)


def _needed_rows(
    near: NDArray[np.int64], far: NDArray[np.int64]
) -> tuple[slice | NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Which rows to read for a block, and where each place's two neighbours are among them."""
    first, last = int(near[0]), int(far[-1])
    if last - first < 2 * len(near):
        return slice(first, last + 1), near - first, far - first
    place = np.arange(len(near))
    return np.concatenate([near, far]), place, place + len(near)


def _resize_exactly(
    image: NDArray[np.uint8],
    rows: _Taps,
    cols: _Taps,
    row: NDArray[np.int64],
    col: NDArray[np.int64],
) -> NDArray[np.uint8]:
    """Single values in torch's order; a fused multiply-add is a float64 sum rounded once.

    Args:
        image: uint8 [H, W, 3].
        rows: neighbours along the height.
        cols: neighbours along the width.
        row: int [n] of the result.
        col: int [n] of the result, in single values: pixel * 3 + colour.
    """
    place, colour = np.divmod(col, 3)
    top, bottom = rows.near[row], rows.far[row]
    left, right = cols.near[place], cols.far[place]
    over, under = rows.near_weight[row], rows.far_weight[row]
    west, east = cols.near_weight[place], cols.far_weight[place]
    value = over * east * image[top, right, colour]
    for weight, pixel in (
        (over * west, image[top, left, colour]),
        (under * west, image[bottom, left, colour]),
        (under * east, image[bottom, right, colour]),
    ):
        value = (weight.astype(np.float64) * pixel + value).astype(np.float32)
    exact: NDArray[np.uint8] = np.rint(value).clip(0, 255).astype(np.uint8)
    return exact
