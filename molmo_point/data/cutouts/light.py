"""Light on one cut-out, and what a camera makes of the whole picture."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.sprites import FloatPixels, Sprite

__all__ = ["light_sprite", "photograph"]


def light_sprite(rng: np.random.Generator, sprite: Sprite, *, true_colours: bool) -> Sprite:
    """Make a cut-out brighter or darker, from one side, and sometimes a little soft.

    Args:
        rng: where chance comes from.
        sprite: premultiplied, as it will be laid.
        true_colours: stay near enough to its colours for their words to hold.
    """
    gain = float(np.exp(rng.normal(0, 0.05 if true_colours else 0.14)))
    alpha = sprite.alpha
    rgb: FloatPixels = sprite.rgb * gain
    if rng.random() < 0.35:  # light from one side
        strength = rng.uniform(-0.12, 0.12) if true_colours else rng.uniform(-0.3, 0.3)
        rows = np.linspace(-1, 1, alpha.shape[0], dtype=np.float32)[:, None]
        columns = np.linspace(-1, 1, alpha.shape[1], dtype=np.float32)[None]
        along = np.cos(angle := rng.uniform(0, 2 * np.pi)) * columns + np.sin(angle) * rows
        rgb = rgb * (1 + strength * along)[..., None]
    if min(alpha.shape) > 40 and rng.random() < 0.15:  # out of focus
        sigma = float(rng.uniform(0.5, 1.3))
        rgb, alpha = cv2.GaussianBlur(rgb, (0, 0), sigma), cv2.GaussianBlur(alpha, (0, 0), sigma)
    return Sprite(np.clip(rgb, 0, 255 * alpha[..., None]).astype(np.float32), alpha)


def photograph(
    rng: np.random.Generator, picture: FloatPixels, *, greyscale: bool, true_colours: bool
) -> NDArray[np.uint8]:
    """Light over the whole picture, then lens, sensor and JPEG.

    Args:
        rng: where chance comes from.
        picture: float32 [H, W, 3] RGB in about 0-255.
        greyscale: take the colours away.
        true_colours: stay near enough to the colours for their words to hold.

    Returns:
        uint8 [H, W, 3] RGB.
    """
    height, width = picture.shape[:2]
    if rng.random() < 0.3:
        picture = picture * rng.uniform(0.92 if true_colours else 0.6, 1.1 if true_colours else 1.2)
    if rng.random() < 0.3:
        reach = 0.03 if true_colours else 0.09
        picture = picture * (1 + np.clip(rng.normal(0, reach, 3), -0.15, 0.15)).astype(np.float32)
    if rng.random() < 0.3:  # falls off towards one side
        corners = 1 + rng.uniform(-0.15, 0.1, (2, 2)) * (0.4 if true_colours else 1.0)
        fall: FloatPixels = cv2.resize(corners.astype(np.float32), (width, height))
        picture = picture * fall[..., None]
    if rng.random() < 0.25:
        picture = cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.1))
    if rng.random() < 0.35:
        noise = rng.standard_normal(picture.shape, dtype=np.float32)
        picture = picture + noise * rng.uniform(1, 8)
    if greyscale:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, axis=2)
    image = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(40, 95))]
        image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], 1), np.uint8)
    return np.ascontiguousarray(image)
