"""The colour of a thing, measured on its pixels, where nearly all of it has one."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

__all__ = ["colour_of_pixels"]

_SHARE = 0.82  # of the pixels that must have the colour
_HUES = (  # degrees; the gaps between are no one's
    ("red", 350, 9), ("orange", 16, 35), ("yellow", 46, 64), ("green", 80, 160),
    ("blue", 195, 245), ("purple", 258, 295), ("pink", 305, 345),
)  # fmt: skip


_LEAST = {  # saturation and value; below, orange is tan, yellow is olive, red is pink or brown
    "red": (0.62, 0.5), "orange": (0.72, 0.82), "yellow": (0.45, 0.72), "pink": (0.25, 0.72),
}  # fmt: skip


def colour_of_pixels(pixels: NDArray[np.uint8]) -> str:
    """One of the colour words, or "" if what is visible has several colours or a doubtful one.

    Args:
        pixels: uint8 [h, w, 4], straight alpha.
    """
    solid = pixels[..., 3] > 128
    if solid.sum() < 32:
        return ""
    own = (pixels[solid][None, :, :3] / np.float32(255)).astype(np.float32)
    hue, saturation, value = np.moveaxis(cv2.cvtColor(own, cv2.COLOR_RGB2HSV)[0], -1, 0)
    grey = saturation < 0.12
    dark = (value < 0.62) & (value > 0.18)
    shares = {
        "white": np.mean(grey & (value > 0.88)),
        "black": np.mean((value < 0.2) | (grey & (value < 0.25))),
        "gray": np.mean(grey & (value > 0.38) & (value < 0.78)),
        "brown": np.mean((hue > 14) & (hue < 40) & (saturation > 0.35) & dark),
    }
    for name, low, high in _HUES:
        inside = (hue >= low) & (hue <= high) if low < high else (hue >= low) | (hue <= high)
        strong, bright = _LEAST.get(name, (0.45, 0.4))
        shares[name] = np.mean(inside & (saturation > strong) & (value > bright))
    name = max(shares, key=lambda colour: float(shares[colour]))
    return name if shares[name] >= _SHARE else ""
