"""Endless synthetic scenes with exact truth: a pure function of (split, seed).

Four kinds: emoji, flat shapes, discs as in photographs, and many small grains. Splits cannot share
a scene, because the split is part of what the random numbers are made from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data import names as words
from molmo_point.data.backgrounds import draw_background, paper
from molmo_point.data.canvas import Canvas, Thing
from molmo_point.data.shapes import colour_of, disc_sprite, grain_sprite, shape_sprite
from molmo_point.data.sprites import FloatPixels, Sprite, emoji_sprite, transform

__all__ = [
    "KINDS", "SOLID", "Scene", "SceneQuery", "Split", "Thing", "generate_scene", "random_of",
    "renumber",
]  # fmt: skip

Split = Literal["train", "dev", "heldout"]
_SPLITS: dict[str, int] = {"train": 0, "dev": 1, "heldout": 2}

KINDS = ("emoji", "shapes", "discs", "grains")
"""Kinds of scene."""
SOLID = ("tabletop",)
"""Kinds of scene whose things are exactly their pixels; flat things may have holes."""
_SHARES = (0.42, 0.25, 0.20, 0.13)


@dataclass(frozen=True, slots=True)
class SceneQuery:
    """A question.

    Attributes:
        text: lower-case words, no punctuation.
        kind: such as "name", "colour" or "absent".
        targets: indices into the scene's things; empty if there are none.
    """

    text: str
    kind: str
    targets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture and all that is in it.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        things: everything that stands out from the background.
        kind: one of `KINDS`, or that of another world.
        queries: questions, where only who drew the scene can ask exactly.
        owner: int16 [H, W], where it is known whose each pixel is: 0 for nobody's, else 1 + index
            of the thing.
    """

    image: NDArray[np.uint8]
    things: tuple[Thing, ...]
    kind: str
    queries: tuple[SceneQuery, ...] = ()
    owner: NDArray[np.int16] | None = None

    def part(self, left: int, top: int, across: int, down: int, size: tuple[int, int]) -> Scene:
        """A part of the picture at another scale; questions are left out.

        Things keep their boxes beyond it. Those of which less than half is inside are doubtful, so
        the middle of every other one lies inside.

        Args:
            left: pixels from the left, inside the picture with all of the part, like the others.
            top: pixels from the top.
            across: pixels of the part.
            down: pixels of the part.
            size: (width, height) of the result.
        """
        rows, columns = slice(top, top + down), slice(left, left + across)
        sx, sy = size[0] / across, size[1] / down
        things, kept = [], []
        for number, thing in enumerate(self.things):
            x0, y0, x1, y1 = thing.box
            seen_across = min(x1, left + across) - max(x0, left)
            seen_down = min(y1, top + down) - max(y0, top)
            if seen_across <= 0 or seen_down <= 0:
                continue
            cut = seen_across * seen_down < 0.5 * (x1 - x0) * (y1 - y0)
            box = ((x0 - left) * sx, (y0 - top) * sy, (x1 - left) * sx, (y1 - top) * sy)
            x, y = (thing.x - left) * sx, (thing.y - top) * sy
            things.append(replace(thing, x=x, y=y, box=box, doubtful=thing.doubtful or cut))
            kept.append(number)
        image = cv2.resize(self.image[rows, columns], size, interpolation=cv2.INTER_LINEAR)
        owner = None
        if self.owner is not None:
            owner = renumber(self.owner[rows, columns], kept)
            owner = np.asarray(cv2.resize(owner, size, interpolation=cv2.INTER_NEAREST), np.int16)
        return Scene(np.asarray(image, np.uint8), tuple(things), self.kind, owner=owner)


def renumber(owner: NDArray[np.int16], kept: Sequence[int]) -> NDArray[np.int16]:
    """Whose each pixel is once only the things with these indices, rising, are left."""
    numbers = np.zeros(max(int(owner.max(initial=0)), *kept, 0) + 2, np.int16)
    numbers[np.asarray(kept, np.intp) + 1] = np.arange(1, len(kept) + 1)
    return np.asarray(numbers[owner], np.int16)


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
        size = _draw_size(rng)
    chosen = str(rng.choice(KINDS, p=_SHARES))
    kind = chosen if kind is None else kind
    build = {"emoji": _emoji, "shapes": _shapes, "discs": _discs, "grains": _grains}[kind]
    greyscale = bool(rng.random() < (0.25 if kind in ("discs", "grains") else 0.08))
    canvas = build(rng, size, greyscale=greyscale)
    image = _photograph(rng, canvas.picture, greyscale=greyscale, true_colours=kind == "shapes")
    things = canvas.things()
    if greyscale:
        things = [replace(thing, colour="") for thing in things]
    return Scene(image, tuple(things), kind, owner=canvas.owner)


def _draw_size(rng: np.random.Generator) -> tuple[int, int]:
    """Mostly small, for the sake of speed: 90,000 pixels on average."""
    if rng.random() < 0.03:
        return (640, 480)
    side, aspect = rng.triangular(160, 235, 450), np.exp(rng.normal(0, 0.22))
    width, height = side * aspect**0.5, side / aspect**0.5
    return (int(np.clip(width, 160, 640)), int(np.clip(height, 160, 640)))


def _counts(rng: np.random.Generator, kinds: int, most: int) -> list[int]:
    """How many of each kind: mostly few, 1 to 6 alike, sometimes many of the first."""
    counts = [int(value) for value in rng.choice((1, 1, 2, 2, 3, 4, 5, 6), kinds)]
    draw = rng.random()
    if draw < 0.45:
        counts[0] = int(rng.integers(1, 7))
    elif draw < 0.65:
        counts[0] = int(rng.integers(4, max(5, most) + 1))
    return counts


def _typical(rng: np.random.Generator, size: tuple[int, int], count: int, low: float) -> float:
    """Typical size of `count` things that should fit, pixels."""
    room = (size[0] * size[1] * rng.uniform(0.12, 0.4) / max(count, 1)) ** 0.5
    return float(np.clip(room, low, 0.45 * min(size)))


def _apart(chosen: Sequence[str]) -> list[str]:
    """Names without those that pass for one before them."""
    kept: list[str] = []
    for name in chosen:
        if not words.LOOK_ALIKES.get(name, frozenset()) & set(kept):
            kept.append(name)
    return kept


def _emoji(rng: np.random.Generator, size: tuple[int, int], *, greyscale: bool) -> Canvas:
    canvas = Canvas(draw_background(rng, size), greyscale=greyscale)
    most = int(rng.choice((1, 2, 3, 4, 5), p=(0.2, 0.25, 0.25, 0.2, 0.1)))
    kinds = _apart([str(name) for name in rng.choice(list(words.EMOJI), most, replace=False)])
    counts = _counts(rng, len(kinds), 30)
    base = _typical(rng, size, sum(counts), 20)
    upright, shadow = rng.random() < 0.5, rng.uniform(0.1, 0.5) * (rng.random() < 0.4)
    for name, count in zip(kinds, counts, strict=True):
        for _ in range(count):
            sprite = transform(
                emoji_sprite(name),
                float(np.clip(base * np.exp(rng.normal(0, 0.25)), 18, 130)),
                float(rng.normal(0, 4 if upright else 18)),
                flip=bool(rng.random() < 0.3),
                stretch=float(np.exp(rng.normal(0, 0.06))),
            )
            gain = float(np.exp(rng.normal(0, 0.12)))
            bright = np.minimum(sprite.rgb * gain, 255 * sprite.alpha[..., None])
            canvas.place(
                rng, Sprite(bright, sprite.alpha), name, "",
                shadow=shadow, contrast=40, mottled=True,
            )  # fmt: skip
    return canvas


def _shapes(rng: np.random.Generator, size: tuple[int, int], *, greyscale: bool) -> Canvas:
    on_paper = rng.random() < 0.5
    background = paper(rng, size) if on_paper else draw_background(rng, size, patterned=False)
    canvas = Canvas(background, greyscale=greyscale)
    sample = background[::7, ::7].reshape(-1, 3).copy()
    pairs: list[tuple[str, str, FloatPixels]] = []
    shapes = rng.choice(words.SHAPES, int(rng.integers(1, 5)), replace=False)
    for _ in range(int(rng.integers(1, 7))):
        shape, colour = str(rng.choice(shapes)), str(rng.choice(words.COLOURS))
        value = colour_of(rng, colour)
        if (np.abs(sample - value).max(1) < 45).mean() < 0.3:
            pairs.append((shape, colour, value))
    if not pairs:
        return canvas
    counts = _counts(rng, len(pairs), 20)
    base = _typical(rng, size, sum(counts), 18)
    shadow = rng.uniform(0.1, 0.4) * (rng.random() < 0.3)
    for (shape, colour, value), count in zip(pairs, counts, strict=True):
        for _ in range(count):
            across = float(np.clip(base * np.exp(rng.normal(0, 0.3)), 16, 120))
            across = max(across, 24.0) if shape == "ring" else across
            sprite = shape_sprite(rng, shape, value, across)
            canvas.place(rng, sprite, shape, colour, shadow=shadow, contrast=42, merges=True)
    return canvas


def _discs(rng: np.random.Generator, size: tuple[int, int], *, greyscale: bool) -> Canvas:
    on_paper = rng.random() < 0.6
    background = paper(rng, size) if on_paper else draw_background(rng, size, patterned=False)
    canvas = Canvas(background, greyscale=greyscale)
    kinds = rng.choice(
        words.DISCS, int(rng.choice((1, 2), p=(0.75, 0.25))), replace=False, p=(0.5, 0.25, 0.25)
    )
    counts = _counts(rng, len(kinds), 36)
    base = _typical(rng, size, sum(counts), 16)
    shadow, spread = rng.uniform(0, 0.6), rng.uniform(0.05, 0.3)
    light = rng.uniform(0, 2 * np.pi)
    for name, count in zip((str(kind) for kind in kinds), counts, strict=True):
        plain = name == "dot"  # coins and buttons have a rim to be seen by
        for _ in range(count):
            across = float(np.clip(base * np.exp(rng.normal(0, spread)), 14, 120))
            canvas.place(
                rng, disc_sprite(rng, name, across, light_from=light), name, "",
                shadow=shadow, contrast=42 if plain else 34, merges=plain,
            )  # fmt: skip
    return canvas


def _grains(rng: np.random.Generator, size: tuple[int, int], *, greyscale: bool) -> Canvas:
    on_paper = rng.random() < 0.65
    background = paper(rng, size) if on_paper else draw_background(rng, size, patterned=False)
    canvas = Canvas(background, greyscale=greyscale)
    name = str(rng.choice(words.GRAINS))
    count = int(rng.integers(1, 12) if rng.random() < 0.5 else rng.integers(5, 61))
    base = min(_typical(rng, size, count, 15), 42.0)
    colour = rng.uniform(30, 250, 3).astype(np.float32)
    two_tone = bool(rng.random() < 0.4)  # all alike, else halves would merge with whole ones
    ground = background.mean((0, 1))
    if abs(float((colour - ground).mean())) < 60:
        colour = np.where(ground.mean() > 127, colour * 0.35, 255 - (255 - colour) * 0.35)
    for _ in range(count):
        across = float(np.clip(base * np.exp(rng.normal(0, 0.12)), 14, 48))
        level = grain_sprite(rng, name, across, colour, two_tone=two_tone)
        angle = float(rng.uniform(0, 360))
        sprite = transform(level, float(max(level.alpha.shape)), angle, flip=False, stretch=1.0)
        outlined = name == "cell"
        canvas.place(
            rng, sprite, name, "",
            shadow=0.0 if outlined else 0.2, contrast=35, merges=not outlined,
        )  # fmt: skip
    return canvas


def _photograph(
    rng: np.random.Generator, picture: FloatPixels, *, greyscale: bool, true_colours: bool
) -> NDArray[np.uint8]:
    """What a camera makes of it; with `true_colours`, white is not dimmed to gray."""
    gain = rng.uniform(0.9, 1.1) if true_colours else rng.uniform(0.75, 1.15)
    shift = rng.normal(0, 4 if true_colours else 8)
    cast = 1 + np.clip(rng.normal(0, 0.04, 3), -0.07, 0.07).astype(np.float32)
    steps: list[tuple[float, Callable[[FloatPixels], FloatPixels]]] = [
        (0.3, lambda p: p * gain + shift),
        (0.25, lambda p: p * cast),
        (0.25, lambda p: np.asarray(cv2.GaussianBlur(p, (0, 0), rng.uniform(0.4, 1.1)))),
        (0.35, lambda p: p + rng.standard_normal(p.shape, dtype=np.float32) * rng.uniform(1, 8)),
    ]
    for chance, step in steps:
        if rng.random() < chance:
            picture = step(picture)
    if greyscale:
        picture = np.repeat(picture.mean(2, keepdims=True), 3, axis=2)
    image = np.clip(picture, 0, 255).astype(np.uint8)
    if rng.random() < 0.35:
        quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(45, 95))]
        if true_colours:  # halved, the colours of thin rings take on those behind them
            quality += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
        image = np.asarray(cv2.imdecode(cv2.imencode(".jpg", image, quality)[1], 1), dtype=np.uint8)
    return np.ascontiguousarray(image)
