"""Stretch an image exactly as the checkpoints' own preprocessing did, to the last bit.

Plain bilinear between four neighbours, with half-pixel centres and without antialiasing, rounded
to bytes. Published preprocessing leaves this to torch, whose last bits depend on the number of
threads; where a value lies halfway between two bytes that decides the byte. Here the arithmetic is
torch's with one thread: a chain of fused multiply-adds in float32, the four weights multiplied
out. It is done in a faster order, by OpenCV or in blocks of numpy, and again in torch's order for
the few values near a half.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["resize_image", "resize_to"]

BLOCK = 32
"""Rows of the result at a time: what is in between stays in the cache."""

ERROR = 1e-4
"""More than any order of the arithmetic differs by: what is nearer to a half is done again."""

LARGEST = 4_000_000
"""Pixels of an image that is turned to floats as a whole, for OpenCV; others are read in parts."""


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

    Args:
        image: uint8 [H, W, 3].
        height: pixels of the result.
        width: pixels of the result.

    Returns:
        uint8 [height, width, 3], contiguous.
    """
    return resize_to(image, [(height, width)])[0]


def resize_to(
    image: NDArray[np.uint8], sizes: Sequence[tuple[int, int]]
) -> list[NDArray[np.uint8]]:
    """The same to several sizes (height, width) at once."""
    floats: NDArray[np.float32] | None = None
    results = []
    for height, width in sizes:
        if image.shape[:2] == (height, width):
            results.append(np.ascontiguousarray(image))
            continue
        rows, cols = _find_taps(image.shape[0], height), _find_taps(image.shape[1], width)
        small = image.shape[0] * image.shape[1] <= LARGEST
        if small and _opencv_agrees(image.shape[0], height, image.shape[1], width):
            floats = np.ascontiguousarray(image, np.float32) if floats is None else floats
            results.append(_resize_by_opencv(image, floats, rows, cols))
        else:
            results.append(_resize_in_blocks(image, rows, cols))
    return results


@contextmanager
def _own_arithmetic() -> Iterator[None]:
    """OpenCV without Intel's library, which places neighbours less exactly; in this thread."""
    used = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    try:
        yield
    finally:
        cv2.ipp.setUseIPP(used)


def _stretch(pixels: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """By OpenCV, at torch's scales: the quotients in float32."""
    down, across = (
        float(np.float32(source) / np.float32(target))
        for source, target in zip(pixels.shape[:2], (height, width), strict=True)
    )
    with _own_arithmetic():
        out = cv2.resize(pixels, None, fx=1 / across, fy=1 / down, interpolation=cv2.INTER_LINEAR)
    return np.asarray(out, np.float32).reshape(*out.shape[:2], -1)


@lru_cache(maxsize=128)
def _opencv_agrees(*sides: int) -> bool:
    """Whether OpenCV, as it is built here, does each axis as torch: tried on noise, once."""
    noise = np.random.default_rng(0).integers(0, 256, (max(sides), 4, 3)).astype(np.float32)
    for source, target in (sides[:2], sides[2:]):
        taps, line = _find_taps(source, target), noise[:source]
        wanted = line[taps.near] * taps.near_weight[:, None, None]
        wanted += line[taps.far] * taps.far_weight[:, None, None]
        for axis in (0, 1):
            size = (target, 4) if axis == 0 else (4, target)
            got = _stretch(np.ascontiguousarray(np.moveaxis(line, 0, axis)), *size)
            if (
                got.shape[:2] != size
                or np.abs(np.moveaxis(got, axis, 0) - wanted).max() > ERROR / 2
            ):
                return False
    return True


def _resize_by_opencv(
    image: NDArray[np.uint8], floats: NDArray[np.float32], rows: _Taps, cols: _Taps
) -> NDArray[np.uint8]:
    value = _stretch(floats, len(rows.near), len(cols.near))
    below, above = (cv2.convertScaleAbs(value, alpha=1, beta=off) for off in (-ERROR, ERROR))
    out: NDArray[np.uint8] = np.asarray(below, np.uint8).reshape(value.shape)
    unsure = np.flatnonzero(out != above.reshape(value.shape))
    if len(unsure):
        row, col = np.divmod(unsure, value.shape[1] * 3)
        out.reshape(-1)[unsure] = _resize_exactly(image, rows, cols, row, col)
    return out


def _resize_in_blocks(image: NDArray[np.uint8], rows: _Taps, cols: _Taps) -> NDArray[np.uint8]:
    """Costs grow with the result, not with the image: pixels that no place needs are not read."""
    height, width = len(rows.near), len(cols.near)
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
        unsure = np.flatnonzero(value > 0.5 - ERROR)
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
