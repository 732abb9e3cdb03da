"""Endless synthetic scenes with exact truth: a pure function of (split, seed).

Four kinds: emoji, flat shapes, discs as in photographs, and many small grains. Splits cannot share
a scene, because the split is part of what the random numbers are made from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data import names as words
from molmo_point.data.backgrounds import draw_background, paper
from molmo_point.data.shapes import colour_of, disc_sprite, grain_sprite, shape_sprite
from molmo_point.data.sprites import FloatPixels, Sprite, emoji_sprite, transform

__all__ = ["KINDS", "Scene", "Split", "Thing", "generate_scene", "random_of"]

Split = Literal["train", "dev", "heldout"]
_SPLITS: dict[str, int] = {"train": 0, "dev": 1, "heldout": 2}

KINDS = ("emoji", "shapes", "discs", "grains")
"""Kinds of scene."""
_SHARES = (0.42, 0.25, 0.20, 0.13)
_MOST_HIDDEN = 0.12  # share of a thing that others may cover


@dataclass(frozen=True, slots=True)
class Thing:
    """One thing in a scene.

    Attributes:
        name: its primary name, singular.
        x: pixels, the middle of its box.
        y: pixels.
        box: left, top, right, bottom of its visible extent, pixels.
        colour: one of the colour words, or "" if it has no single colour.
    """

    name: str
    x: float
    y: float
    box: tuple[float, float, float, float]
    colour: str = ""


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and all that is in it.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        things: everything that stands out from the background.
        kind: one of `KINDS`.
    """

    image: NDArray[np.uint8]
    things: tuple[Thing, ...]
    kind: str


def random_of(split: Split, seed: int, purpose: int = 0) -> np.random.Generator:
    """The random numbers of one scene; another `purpose` gives others of the same scene."""
    return np.random.default_rng(np.random.SeedSequence([_SPLITS[split], purpose, seed]))


def generate_scene(
    seed: int, split: Split, *, size: tuple[int, int] | None = None, kind: str | None = None
) -> Scene:
    """Draw a scene.

    Args:
        seed: any integer from 0; scenes of one split differ by it.
        split: scenes of different splits share nothing.
        size: (width, height) in pixels; by chance if None.
        kind: one of `KINDS`; by chance if None.
    """
    rng = random_of(split, seed)
    if size is None:
        side, aspect = rng.triangular(170, 280, 520), np.exp(rng.normal(0, 0.22))
        size = (int(side * aspect**0.5), int(side / aspect**0.5))
    chosen = str(rng.choice(KINDS, p=_SHARES))
    kind = chosen if kind is None else kind
    build = {"emoji": _emoji, "shapes": _shapes, "discs": _discs, "grains": _grains}[kind]
    canvas, things = build(rng, size)
    image, greyscale = _photograph(rng, canvas)
    if greyscale:
        things = [Thing(thing.name, thing.x, thing.y, thing.box) for thing in things]
    return Scene(image, tuple(things), kind)


def _counts(rng: np.random.Generator, kinds: int, most: int) -> list[int]:
    """How many of each kind: mostly few, sometimes many of the first."""
    counts = [int(rng.integers(1, 4)) for _ in range(kinds)]
    draw = rng.random()
    if draw < 0.45:
        counts[0] = int(rng.integers(1, 7))
    elif draw < 0.65:
        counts[0] = int(rng.integers(4, max(5, most) + 1))
    return counts


class _Canvas:
    """A picture that things are laid on, and which of its pixels they cover."""

    def __init__(self, background: FloatPixels) -> None:
        self.picture = background
        self.owner: NDArray[np.int16] = np.zeros(background.shape[:2], np.int16)
        self.things: list[Thing] = []
        self.areas: list[float] = []

    def place(
        self, rng: np.random.Generator, sprite: Sprite, name: str, colour: str, *, shadow: float
    ) -> bool:
        """Find room for a sprite and lay it down; False if there is none."""
        height, width = sprite.alpha.shape[:2]
        full_h, full_w = self.owner.shape
        if height + 2 >= full_h or width + 2 >= full_w:
            return False
        solid = sprite.alpha > 0.4
        area = float(solid.sum())
        if area < 12:
            return False
        for _ in range(12):
            left = int(rng.integers(1, full_w - width))
            top = int(rng.integers(1, full_h - height))
            under = self.owner[top : top + height, left : left + width]
            hit = under[solid]
            covered = np.bincount(hit[hit > 0], minlength=1)
            if covered.size <= 1 or all(
                covered[index] <= _MOST_HIDDEN * self.areas[index - 1]
                for index in np.nonzero(covered)[0]
            ):
                self._lay(rng, sprite, left, top, shadow)
                rows, columns = np.nonzero(solid.any(1))[0], np.nonzero(solid.any(0))[0]
                box = (
                    float(left + columns[0]),
                    float(top + rows[0]),
                    float(left + columns[-1] + 1),
                    float(top + rows[-1] + 1),
                )
                self.areas.append(area)
                under[solid] = len(self.areas)
                middle = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
                self.things.append(Thing(name, *middle, box, colour))
                return True
        return False

    def _lay(
        self, rng: np.random.Generator, sprite: Sprite, left: int, top: int, shadow: float
    ) -> None:
        height, width = sprite.alpha.shape[:2]
        region = np.s_[top : top + height, left : left + width]
        if shadow > 0:
            reach = max(1, round(max(height, width) * 0.06))
            dark = cv2.GaussianBlur(sprite.alpha, (0, 0), max(0.6, reach / 2)) * shadow
            x = min(left + reach, self.owner.shape[1] - width)
            y = min(top + reach, len(self.owner) - height)
            self.picture[y : y + height, x : x + width] *= (1 - dark)[..., None]
        self.picture[region] *= (1 - sprite.alpha)[..., None]
        self.picture[region] += sprite.rgb


def _sizes(rng: np.random.Generator, size: tuple[int, int], count: int, low: float) -> float:
    """Typical size of `count` things that should fit, pixels."""
    room = (size[0] * size[1] * rng.uniform(0.12, 0.4) / max(count, 1)) ** 0.5
    return float(np.clip(room, low, 0.45 * min(size)))


def _emoji(rng: np.random.Generator, size: tuple[int, int]) -> tuple[FloatPixels, list[Thing]]:
    canvas = _Canvas(draw_background(rng, size))
    kinds = rng.choice(list(words.EMOJI), int(rng.integers(1, 7)), replace=False)
    counts = _counts(rng, len(kinds), 30)
    base = _sizes(rng, size, sum(counts), 18)
    upright, shadow = rng.random() < 0.5, rng.uniform(0.1, 0.5) * (rng.random() < 0.4)
    for name, count in zip(kinds, counts, strict=True):
        for _ in range(count):
            sprite = transform(
                emoji_sprite(str(name)),
                float(np.clip(base * np.exp(rng.normal(0, 0.25)), 16, 130)),
                float(rng.normal(0, 4 if upright else 18)),
                flip=bool(rng.random() < 0.3),
                stretch=float(np.exp(rng.normal(0, 0.06))),
            )
            gain = float(np.exp(rng.normal(0, 0.12)))
            sprite = Sprite(
                np.minimum(sprite.rgb * gain, 255 * sprite.alpha[..., None]), sprite.alpha
            )
            canvas.place(rng, sprite, str(name), "", shadow=shadow)
    return canvas.picture, canvas.things


def _far(colour: FloatPixels, background: FloatPixels) -> bool:
    """Whether a colour stands out from all but a little of a background."""
    sample = background[::7, ::7].reshape(-1, 3)
    return bool((np.abs(sample - colour).max(1) < 45).mean() < 0.06)


def _shapes(rng: np.random.Generator, size: tuple[int, int]) -> tuple[FloatPixels, list[Thing]]:
    background = paper(rng, size) if rng.random() < 0.5 else draw_background(rng, size)
    canvas = _Canvas(background)
    plain = background.copy()
    pairs: list[tuple[str, str, FloatPixels]] = []
    shapes = rng.choice(words.SHAPES, int(rng.integers(1, 5)), replace=False)
    for _ in range(int(rng.integers(1, 8))):
        shape, colour = str(rng.choice(shapes)), str(rng.choice(words.COLOURS))
        value = colour_of(rng, colour)
        if _far(value, plain):
            pairs.append((shape, colour, value))
    if not pairs:
        return canvas.picture, []
    counts = _counts(rng, len(pairs), 20)
    base = _sizes(rng, size, sum(counts), 16)
    shadow = rng.uniform(0.1, 0.4) * (rng.random() < 0.3)
    for (shape, colour, value), count in zip(pairs, counts, strict=True):
        for _ in range(count):
            across = float(np.clip(base * np.exp(rng.normal(0, 0.3)), 14, 120))
            sprite = shape_sprite(rng, shape, value, across)
            canvas.place(rng, sprite, shape, colour, shadow=shadow)
    return canvas.picture, canvas.things


def _discs(rng: np.random.Generator, size: tuple[int, int]) -> tuple[FloatPixels, list[Thing]]:
    background = paper(rng, size) if rng.random() < 0.55 else draw_background(rng, size)
    canvas = _Canvas(background)
    kinds = rng.choice(
        words.DISCS, int(rng.choice((1, 2), p=(0.75, 0.25))), replace=False, p=(0.5, 0.25, 0.25)
    )
    counts = _counts(rng, len(kinds), 36)
    base = _sizes(rng, size, sum(counts), 16)
    shadow, spread = rng.uniform(0, 0.6), rng.uniform(0.05, 0.3)
    for name, count in zip(kinds, counts, strict=True):
        for _ in range(count):
            across = float(np.clip(base * np.exp(rng.normal(0, spread)), 14, 120))
            canvas.place(rng, disc_sprite(rng, str(name), across), str(name), "", shadow=shadow)
    return canvas.picture, canvas.things


def _grains(rng: np.random.Generator, size: tuple[int, int]) -> tuple[FloatPixels, list[Thing]]:
    background = paper(rng, size) if rng.random() < 0.6 else draw_background(rng, size)
    canvas = _Canvas(background)
    name = str(rng.choice(words.GRAINS))
    count = int(rng.integers(1, 12) if rng.random() < 0.5 else rng.integers(5, 49))
    base = min(_sizes(rng, size, count, 15), 42.0)
    colour = rng.uniform(30, 250, 3).astype(np.float32)
    if not _far(colour, background):
        colour = 255 - background.mean((0, 1))
    for _ in range(count):
        across = float(np.clip(base * np.exp(rng.normal(0, 0.12)), 14, 48))
        level = grain_sprite(rng, name, across, colour)
        angle = float(rng.uniform(0, 360))
        longer = float(max(level.alpha.shape))
        sprite = transform(level, longer, angle, flip=False, stretch=1.0)
        canvas.place(rng, sprite, name, "", shadow=0.2 * (name != "cell"))
    return canvas.picture, canvas.things


def _photograph(rng: np.random.Generator, picture: FloatPixels) -> tuple[NDArray[np.uint8], bool]:
    """What a camera makes of it; and whether the colours are gone."""
    steps: list[tuple[float, Callable[[FloatPixels], FloatPixels]]] = [
        (0.3, lambda p: p * rng.uniform(0.75, 1.15) + rng.normal(0, 8)),
        (0.25, lambda p: p * (1 + rng.normal(0, 0.04, 3)).astype(np.float32)),
        (0.25, lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), rng.uniform(0.4, 1.1)))),
        (0.35, lambda p: p + rng.standard_normal(p.shape, dtype=np.float32) * rng.uniform(1, 8)),
    ]
    for chance, step in steps:
        if rng.random() < chance:
            picture = step(picture)
    greyscale = bool(rng.random() < 0.1)
    if greyscale:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, axis=2)
    image = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 95))]
        image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], 1), dtype=np.uint8)
    return np.ascontiguousarray(image), greyscale
