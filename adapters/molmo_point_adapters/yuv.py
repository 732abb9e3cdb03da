"""Colour from packed YUV 4:2:2, which many USB and network cameras send."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["from_yuv422"]

# ITU-R BT.601, limited range: Y in 16-235, U and V in 16-240 about 128. The shares of red and blue
# in Y and those ranges give the four factors.
_RED, _BLUE = 0.299, 0.114
_GREEN = 1.0 - _RED - _BLUE
_Y = 255 / 219
_V_TO_RED = 255 / 112 * (1 - _RED)
_U_TO_BLUE = 255 / 112 * (1 - _BLUE)
_V_TO_GREEN = -_V_TO_RED * _RED / _GREEN
_U_TO_GREEN = -_U_TO_BLUE * _BLUE / _GREEN

_ROWS_AT_ONCE = 32  # few enough to stay in the cache


def from_yuv422(packed: NDArray[np.uint8], *, luma_first: bool) -> NDArray[np.uint8]:
    """Packed 4:2:2 to RGB, by ITU-R BT.601 in limited range; two pixels share their U and V.

    That is what OpenCV's `COLOR_YUV2RGB_UYVY` and `COLOR_YUV2RGB_YUY2` compute, by which ROS's
    cv_bridge reads these encodings, and what a USB camera means unless it says otherwise.

    Args:
        packed: [H, W / 2, 4] uint8, two pixels each.
        luma_first: bytes are Y0 U Y1 V (YUYV, "YUY2"); else U Y0 V Y1 (UYVY).

    Returns:
        [H, W, 3] uint8.
    """
    height, pairs, _ = packed.shape
    rgb = np.empty((height, 2 * pairs, 3), np.uint8)
    first, chroma = (0, 1) if luma_first else (1, 0)
    for top in range(0, height, _ROWS_AT_ONCE):
        rows = packed[top : top + _ROWS_AT_ONCE]
        u = rows[..., chroma].astype(np.float32) - 128
        v = rows[..., chroma + 2].astype(np.float32) - 128
        shifts = (v * _V_TO_RED, u * _U_TO_GREEN + v * _V_TO_GREEN, u * _U_TO_BLUE)
        for side in (0, 1):
            y = np.maximum(rows[..., first + 2 * side].astype(np.float32), 16)
            y = (y - 16) * np.float32(_Y) + np.float32(0.5)  # rounds where the cast cuts off
            for channel, shift in enumerate(shifts):
                value = np.clip(y + shift, 0, 255)
                rgb[top : top + _ROWS_AT_ONCE, side::2, channel] = value
    return rgb
