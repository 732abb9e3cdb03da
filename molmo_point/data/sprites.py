"""One thing as a picture with alpha, ready to be laid on a background."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from molmo_point.data.names import EMOJI
from molmo_point.errors import MolmoPointError

__all__ = ["FloatPixels", "Sprite", "emoji_sprite", "transform"]

_FONT = "NotoColorEmoji.ttf"
_FONT_FOLDERS = ("/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts")
_STRIKE = 109  # the only size of the font's bitmaps


FloatPixels: TypeAlias = NDArray[Any]
"""Floats in 0-255 while a scene is drawn, [H, W] or [H, W, 3]; OpenCV does not say its types."""


@dataclass(frozen=True, slots=True)
class Sprite:
    """A picture with premultiplied alpha.

    Attributes:
        rgb: float32 [h, w, 3] in 0-255, already times alpha.
        alpha: float32 [h, w] in 0-1.
    """

    rgb: FloatPixels
    alpha: FloatPixels


@cache
def _font() -> ImageFont.FreeTypeFont:
    for folder in _FONT_FOLDERS:
        for path in sorted(Path(folder).expanduser().rglob(_FONT)):
            return ImageFont.truetype(str(path), _STRIKE)
    raise MolmoPointError(
        f"The font {_FONT}, which scenes are drawn with, is not installed: "
        "apt-get install fonts-noto-color-emoji"
    )


@cache
def emoji_sprite(name: str) -> Sprite:
    """The emoji of a name, cropped to what is visible, about 110 pixels a side."""
    picture = Image.new("RGBA", (160, 160), (0, 0, 0, 0))
    draw = ImageDraw.Draw(picture)
    draw.text((80, 80), EMOJI[name][0], font=_font(), embedded_color=True, anchor="mm")
    pixels = np.asarray(picture, dtype=np.float32)
    alpha = pixels[..., 3] / 255
    rows, columns = np.nonzero(alpha.max(1) > 0.1)[0], np.nonzero(alpha.max(0) > 0.1)[0]
    inside = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    alpha = alpha[inside]
    return Sprite(pixels[inside][..., :3] * alpha[..., None], alpha)


def transform(sprite: Sprite, size: float, angle: float, *, flip: bool, stretch: float) -> Sprite:
    """Scale, rotate and mirror.

    Args:
        sprite: what to transform.
        size: length of its longer side afterwards, pixels, before rotation.
        angle: degrees, counter-clockwise.
        flip: mirror left and right.
        stretch: width over height, relative to before.
    """
    height, width = sprite.alpha.shape
    scale = size / max(height, width * stretch)
    layers = np.dstack([sprite.rgb, sprite.alpha])
    if flip:
        layers = layers[:, ::-1]
    small = (max(3, round(width * scale * stretch)), max(3, round(height * scale)))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    layers = cv2.resize(np.ascontiguousarray(layers), small, interpolation=how)
    if abs(angle) > 1:
        w, h = small
        c, s = abs(np.cos(np.radians(angle))), abs(np.sin(np.radians(angle)))
        out_w, out_h = int(np.ceil(w * c + h * s)) + 2, int(np.ceil(h * c + w * s)) + 2
        turn = cv2.getRotationMatrix2D((w / 2 - 0.5, h / 2 - 0.5), angle, 1.0)
        turn[:, 2] += ((out_w - w) / 2, (out_h - h) / 2)
        layers = cv2.warpAffine(layers, turn, (out_w, out_h))
    return Sprite(np.ascontiguousarray(layers[..., :3]), np.ascontiguousarray(layers[..., 3]))
