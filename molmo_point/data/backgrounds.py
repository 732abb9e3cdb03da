"""Backgrounds of generated scenes: flat, graded, patterned, textured, photographic."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.sprites import FloatPixels
from molmo_point.errors import require

__all__ = ["draw_background", "paper"]

_TEXTURES = ("brick.png", "grass.png", "gravel.png")
_PICTURES = ("coffee.png", "rocket.jpg", "chelsea.png", "motorcycle_left.png", "astronaut.png")
"""Pictures bundled with scikit-image (BSD). They show things that have names (a cup, a cat), so
only their colours are used, too blurred to tell what they are."""


@cache
def _photographs(names: tuple[str, ...]) -> tuple[NDArray[np.uint8], ...]:
    folder = Path(str(require("skimage.data", "train").__file__)).parent
    pictures = []
    for name in names:
        picture = cv2.imread(str(folder / name), cv2.IMREAD_COLOR_RGB)
        pictures.append(np.asarray(picture, dtype=np.uint8))
    return tuple(pictures)


def _colour(rng: np.random.Generator) -> FloatPixels:
    """A colour, often pale or dark, [3] in 0-255."""
    base = rng.uniform(0, 255, 3)
    if rng.random() < 0.6:
        base = 255 - (255 - base) * rng.uniform(0.05, 0.4)
    elif rng.random() < 0.5:
        base = base * rng.uniform(0.1, 0.5)
    return base.astype(np.float32)


def _smooth_noise(rng: np.random.Generator, size: tuple[int, int], cell: float) -> FloatPixels:
    """Low-frequency noise [H, W] with mean 0 and deviation about 1."""
    width, height = size
    small = (max(2, int(height / cell) + 2), max(2, int(width / cell) + 2))
    noise = rng.standard_normal(small, dtype=np.float32)
    return np.asarray(cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC))


def paper(rng: np.random.Generator, size: tuple[int, int]) -> FloatPixels:
    """A sheet under uneven light: nearly flat, slightly rough. [H, W, 3] in 0-255."""
    width, height = size
    tone = rng.uniform(150, 250) if rng.random() < 0.7 else rng.uniform(20, 110)
    tint = rng.normal(0, 6, 3)
    light = _smooth_noise(rng, size, max(width, height) / 1.5) * rng.uniform(2, 25)
    rough = rng.standard_normal((height, width), dtype=np.float32) * rng.uniform(0.5, 5)
    return (tone + tint[None, None] + (light + rough)[..., None]).astype(np.float32)


def _gradient(rng: np.random.Generator, size: tuple[int, int]) -> FloatPixels:
    width, height = size
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    t = np.cos(angle) * (x / width - 0.5) + np.sin(angle) * (y / height - 0.5) + 0.5
    t = np.clip(t, 0, 1)[..., None]
    return np.asarray(_colour(rng) * (1 - t) + _colour(rng) * t, dtype=np.float32)


def _stripes(rng: np.random.Generator, size: tuple[int, int]) -> FloatPixels:
    width, height = size
    angle, period = rng.uniform(0, np.pi), rng.uniform(8, 60)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    wave = np.sin((np.cos(angle) * x + np.sin(angle) * y) * 2 * np.pi / period)
    if rng.random() < 0.5:
        wave = wave * np.sin((np.sin(angle) * x - np.cos(angle) * y) * 2 * np.pi / period)
    mask = (wave > 0).astype(np.float32) if rng.random() < 0.6 else wave * 0.5 + 0.5
    first = _colour(rng)
    second = first + rng.normal(0, 25, 3)
    both = first * (1 - mask[..., None]) + second * mask[..., None]
    return np.asarray(both, dtype=np.float32)


def _blobs(rng: np.random.Generator, size: tuple[int, int]) -> FloatPixels:
    noise = _smooth_noise(rng, size, rng.uniform(20, 90))[..., None]
    share = 1 / (1 + np.exp(-noise * rng.uniform(1, 4)))
    return np.asarray(_colour(rng) * (1 - share) + _colour(rng) * share, dtype=np.float32)


def _wood(rng: np.random.Generator, size: tuple[int, int]) -> FloatPixels:
    height = size[1]
    rows = np.arange(height, dtype=np.float32)[:, None]
    bend = _smooth_noise(rng, size, 80) * rng.uniform(3, 12)
    grain = np.sin((rows + bend) / rng.uniform(2, 7)) * rng.uniform(4, 16)
    base = np.array([rng.uniform(120, 200), rng.uniform(80, 140), rng.uniform(40, 95)])
    if rng.random() < 0.5:
        return np.ascontiguousarray((base + grain[..., None]).astype(np.float32))
    flipped = (base + _rotate_grain(grain, size)[..., None]).astype(np.float32)
    return np.ascontiguousarray(flipped)


def _rotate_grain(grain: FloatPixels, size: tuple[int, int]) -> FloatPixels:
    return np.asarray(cv2.resize(grain.T.copy(), size))


def _crop(
    rng: np.random.Generator, names: tuple[str, ...], size: tuple[int, int]
) -> NDArray[np.uint8]:
    """A part of one of the pictures, in the aspect of `size`."""
    pictures = _photographs(names)
    picture = pictures[int(rng.integers(len(pictures)))]
    height, width = picture.shape[:2]
    aspect = size[0] / size[1]
    crop_w = min(width, height * aspect) * rng.uniform(0.3, 1.0)
    crop_h = crop_w / aspect
    left, top = rng.uniform(0, width - crop_w), rng.uniform(0, height - crop_h)
    return picture[int(top) : int(top + crop_h) + 1, int(left) : int(left + crop_w) + 1]


def _fade(rng: np.random.Generator, part: FloatPixels) -> FloatPixels:
    share = rng.uniform(0.3, 1.0)
    return np.asarray(part * share + _colour(rng) * (1 - share), dtype=np.float32)


def _texture(rng: np.random.Generator, size: tuple[int, int]) -> FloatPixels:
    part: FloatPixels = cv2.resize(_crop(rng, _TEXTURES, size), size, interpolation=cv2.INTER_AREA)
    part = part.astype(np.float32)
    if rng.random() < 0.5:
        part = cv2.GaussianBlur(part, (0, 0), rng.uniform(1, 5))
    return _fade(rng, part)


def _out_of_focus(rng: np.random.Generator, size: tuple[int, int]) -> FloatPixels:
    """The colours of a photograph without anything that could be named."""
    cells = int(rng.integers(5, 11))
    small = cv2.resize(_crop(rng, _PICTURES, size), (cells, cells), interpolation=cv2.INTER_AREA)
    soft = cv2.resize(small.astype(np.float32), size, interpolation=cv2.INTER_CUBIC)
    return _fade(rng, soft)


def draw_background(
    rng: np.random.Generator, size: tuple[int, int], *, patterned: bool = True
) -> FloatPixels:
    """A background of a random kind, [H, W, 3] RGB in 0-255 (values may lie a little outside).

    Args:
        rng: where chance comes from.
        size: (width, height) in pixels.
        patterned: allow checks, bricks and pebbles, which among drawn shapes or small things
            could be counted as squares, dots or grains.
    """
    width, height = size
    kinds = (_gradient, _blobs, _wood, paper, _out_of_focus, _stripes, _texture)
    shares = np.array(
        [0.15, 0.15, 0.1, 0.15, 0.1, 0.1, 0.08]
        if patterned
        else [0.2, 0.2, 0.1, 0.15, 0.12, 0.0, 0.0]
    )
    kind = int(rng.choice(len(kinds) + 1, p=[*shares, 1 - shares.sum()]))
    if kind < len(kinds):
        return kinds[kind](rng, size)
    flat = np.empty((height, width, 3), np.float32)
    flat[:] = _colour(rng)
    return flat
