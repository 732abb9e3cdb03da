"""Colour from the mosaic of a camera's sensor: one of red, green and blue a pixel to all three."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import ImageError

__all__ = ["PATTERNS", "demosaic"]

# The colours of the top-left 2x2 pixels, row by row, as in the names of sensor_msgs.
PATTERNS = ("rggb", "bggr", "gbrg", "grbg")

_CROSS = ((-1, 0), (1, 0), (0, -1), (0, 1))
_CORNERS = ((-1, -1), (-1, 1), (1, -1), (1, 1))
_ROW = ((0, -1), (0, 1))
_COLUMN = ((-1, 0), (1, 0))


def demosaic(mosaic: NDArray[Any], pattern: str) -> NDArray[Any]:
    """Bilinear demosaicing: a colour that a pixel lacks is the mean of its nearest neighbours'.

    Beyond the border the image is mirrored about its outermost pixels, which keeps the pattern.

    Args:
        mosaic: [H, W] uint8 or uint16, at least 2x2.
        pattern: one of `PATTERNS`.

    Returns:
        [H, W, 3] RGB, the dtype of `mosaic`; means are rounded half up.

    Raises:
        ImageError: the mosaic is smaller than 2x2.
    """
    height, width = mosaic.shape
    if min(height, width) < 2:
        raise ImageError(f"A Bayer image has at least 2x2 pixels, got {width}x{height}.")
    padded = np.pad(mosaic, 1, mode="reflect")
    rgb = np.empty((height, width, 3), mosaic.dtype)
    for site, own in enumerate(pattern):
        top, left = divmod(site, 2)

        def mean(
            steps: tuple[tuple[int, int], ...], top: int = top, left: int = left
        ) -> NDArray[Any]:
            total = None
            for down, right in steps:
                rows = slice(1 + top + down, 1 + height + down, 2)
                columns = slice(1 + left + right, 1 + width + right, 2)
                part = padded[rows, columns]
                total = part.astype(np.uint32) if total is None else np.add(total, part, out=total)
            assert total is not None
            return (total + len(steps) // 2) // len(steps)

        here = rgb[top::2, left::2]
        here[..., "rgb".index(own)] = mosaic[top::2, left::2]
        if own == "g":
            beside = pattern[site ^ 1]  # the other colour of this row
            here[..., "rgb".index(beside)] = mean(_ROW)
            here[..., "br".index(beside) * 2] = mean(_COLUMN)
        else:
            here[..., 1] = mean(_CROSS)
            here[..., "br".index(own) * 2] = mean(_CORNERS)
    return rgb
