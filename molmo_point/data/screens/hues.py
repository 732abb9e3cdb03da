"""Colour words for elements, from their pixels."""

from __future__ import annotations

import colorsys

import numpy as np
from numpy.typing import NDArray

__all__ = ["colours_of", "contrast_of"]

_GROUND = frozenset({"button", "badge", "avatar"})  # have the colour of their ground
_WRITING = frozenset({"icon", "link"})  # have the colour of their lines
_SHARE = 0.45  # of the pixels that a ground must have
_STEP = 16  # colours are counted in cells of so many levels
_MIXED = "mixed"  # beside words that may fit a shaded ground
# Hue in degrees from which a word fits, and up to which; where two fit, the colour is unclear.
_HUES = (
    ("red", -14, 14), ("orange", 12, 40), ("yellow", 38, 66), ("green", 70, 165),
    ("blue", 192, 250), ("purple", 248, 300), ("pink", 296, 348),
)  # fmt: skip


def _words(rgb: NDArray[np.float64]) -> tuple[str, ...]:
    hue, lightness, saturation = colorsys.rgb_to_hls(*(rgb / 255))
    chroma = float(rgb.max() - rgb.min())
    if chroma < 14:
        if lightness < 0.18:
            return ("black",)
        return (
            ("white",) if lightness > 0.94 else ("gray",) if lightness < 0.75 else ("gray", "white")
        )
    degrees = (hue * 360 + 14) % 360 - 14
    fitting = [word for word, low, high in _HUES if low <= degrees <= high]
    if 160 < degrees < 197:
        fitting += ["green", "blue"]
    if degrees > 340 or degrees < -10:
        fitting += ["pink", "red"]
    if degrees < 45 and lightness < 0.42:
        fitting += ["brown"]
    if lightness > 0.7 and degrees < 14:
        fitting += ["pink"]
    if chroma < 70 or saturation < 0.25:
        fitting += ["gray"]
    if lightness > 0.88:
        fitting += ["white"]
    if lightness < 0.16:
        fitting += ["black"]
    return tuple(dict.fromkeys(fitting))


def _cut(image: NDArray[np.uint8], box: tuple[float, ...], grow: float = 0) -> NDArray[np.uint8]:
    left, top = max(int(box[0] - grow), 0), max(int(box[1] - grow), 0)
    return image[top : int(np.ceil(box[3] + grow)), left : int(np.ceil(box[2] + grow))]


def colours_of(
    image: NDArray[np.uint8], role: str, box: tuple[float, float, float, float]
) -> tuple[str, ...]:
    """Colour words that fit an element.

    Args:
        image: uint8 [H, W, 3] RGB.
        role: of the element; those without a colour of their own give none.
        box: left, top, right, bottom, pixels.

    Returns:
        One word if the colour is clear, several if it lies between them, none if there is none.
    """
    if role not in _GROUND | _WRITING:
        return ()
    pixels = _cut(image, box).reshape(-1, 3).astype(np.float64)
    if len(pixels) < 9:
        return ()
    cells = (pixels // _STEP).astype(np.int64) @ np.array([65536, 256, 1])
    values, counts = np.unique(cells, return_counts=True)
    ground = pixels[cells == values[counts.argmax()]].mean(0)
    if role in _GROUND:
        near = np.abs(pixels - ground).max(1) < 2 * _STEP
        if near.mean() > _SHARE:
            return _words(ground)
        return (*dict.fromkeys((*_words(ground), *_words(pixels.mean(0)))), _MIXED)
    apart = np.abs(pixels - ground).max(1)
    if apart.max() < 60:
        return ()
    lines = pixels[apart > 0.8 * apart.max()]
    return _words(np.median(lines, axis=0)) if len(lines) >= 6 else ()


def contrast_of(image: NDArray[np.uint8], box: tuple[float, float, float, float]) -> float:
    """How far the levels in a box and along its edge lie apart, 0-255."""
    pixels = _cut(image, box, grow=2).reshape(-1, 3).astype(np.float64)
    return float((pixels.max(0) - pixels.min(0)).max())
