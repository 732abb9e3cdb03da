"""Scenes of cut-outs over photographs: a pure function of (split, seed) and the atlas."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.backgrounds import draw_background
from molmo_point.data.canvas import Canvas
from molmo_point.data.cutouts.atlas import Atlas, hand_of, load_atlas
from molmo_point.data.cutouts.families import FAMILIES
from molmo_point.data.cutouts.light import light_sprite, photograph
from molmo_point.data.cutouts.names import LOOK_ALIKES
from molmo_point.data.cutouts.repaint import repaint
from molmo_point.data.cutouts.taught import TAUGHT
from molmo_point.data.scenes import Scene, Split, random_of
from molmo_point.data.sprites import FloatPixels, transform

__all__ = ["chances", "draw_ground", "generate_cutout_scene"]

_PURPOSE = 5  # keeps these random numbers apart from those of the other scenes
_DRAWN = 0.4  # share of backgrounds outside held-out scenes that are drawn, not photographed
_WEIGHTS = {"drawing": 1.0, "silhouette": 0.4, "render": 2.0, "photograph": 3.0}
"""How often a picture is taken, by its medium."""
_MOST = 60  # things of a kind
_SMALLEST, _LARGEST = 16.0, 180.0  # pixels, longer side
_TWO_SIZES = 2.8  # big over small where a kind comes in both


def generate_cutout_scene(
    seed: int, split: Split, size: tuple[int, int] | None = None, *, atlas: Atlas | None = None
) -> Scene:
    """Draw a scene of cut-outs.

    Held-out scenes show drawing styles, photographs and backgrounds that the other splits never
    show, for every name that has at least three sources.

    Args:
        seed: any integer from 0; scenes of one split differ by it.
        split: "train", "dev" or "heldout".
        size: (width, height) in pixels; by chance if None.
        atlas: what to draw with; `load_atlas()` if None.

    Returns:
        A scene of the kind "cutouts". A thing has a colour if it, and every other thing of its
        name here, is truly of one: "red apples" then has one answer, "red things" may have none.
        `sizes.size_words` tells which things are big or small for their kind.

    Raises:
        MolmoPointError: there is no atlas; the sentence says how to make one.
    """
    atlas = load_atlas() if atlas is None else atlas
    rng = random_of(split, seed, _PURPOSE)
    apart = split == "heldout"
    size = _draw_size(rng) if size is None else size
    greyscale = bool(rng.random() < 0.05)
    canvas = Canvas(draw_ground(rng, atlas, size, apart=apart), greyscale=greyscale)
    names = _choose_names(rng, atlas, apart=apart)
    counts = _counts(rng, len(names))
    room = size[0] * size[1] * rng.uniform(0.12, 0.45) / max(sum(counts), 1)
    typical = float(np.clip(room**0.5, 22, 0.5 * min(size)))
    for name, count in zip(names, counts, strict=True):
        _lay(rng, canvas, atlas, name, count, typical, apart=apart)
    things = canvas.things()
    doubtful = {thing.name for thing in things if greyscale or not thing.colour}
    things = [replace(thing, colour="") if thing.name in doubtful else thing for thing in things]
    coloured = any(thing.colour for thing in things)
    image = photograph(rng, canvas.picture, greyscale=greyscale, true_colours=coloured)
    return Scene(image, tuple(things), "cutouts", owner=canvas.owner)


def _draw_size(rng: np.random.Generator) -> tuple[int, int]:
    side, aspect = rng.triangular(180, 270, 480), np.exp(rng.normal(0, 0.25))
    width, height = side * aspect**0.5, side / aspect**0.5
    return (int(np.clip(width, 160, 640)), int(np.clip(height, 160, 640)))


def draw_ground(
    rng: np.random.Generator, atlas: Atlas, size: tuple[int, int], *, apart: bool
) -> FloatPixels:
    """A part of a photograph, mirrored until it fills the picture, or a drawn one."""
    numbers = atlas.of("", held_out=apart)
    if not numbers or (not apart and rng.random() < _DRAWN):
        return draw_background(rng, size)
    picture = atlas.background(int(rng.choice(numbers)))
    height, width = picture.shape[:2]
    if min(height, width) < 200:  # a texture: its other copies are mirrored, so no seam shows
        picture = np.concatenate([picture, picture[::-1]])
        picture = np.concatenate([picture, picture[:, ::-1]], axis=1)
        picture = np.tile(picture, (2, 2, 1))
        height, width = picture.shape[:2]
    share = rng.uniform(0.45, 1.0)
    across = min(width, height * size[0] / size[1]) * share
    down = across * size[1] / size[0]
    left, top = rng.uniform(0, width - across), rng.uniform(0, height - down)
    part = picture[int(top) : int(top + down) + 1, int(left) : int(left + across) + 1]
    part = part[:, ::-1] if rng.random() < 0.5 else part
    whole = cv2.resize(np.ascontiguousarray(part), size, interpolation=cv2.INTER_LINEAR)
    if rng.random() < 0.4:
        whole = cv2.GaussianBlur(whole, (0, 0), rng.uniform(0.6, 4))
    contrast, middle = rng.uniform(0.5, 1.0), whole.mean((0, 1))
    return np.asarray((whole - middle) * contrast + middle + rng.normal(0, 14), dtype=np.float32)


def chances(atlas: Atlas, numbers: Sequence[int], *, apart: bool) -> NDArray[np.float64]:
    """How likely each picture of a thing is taken [N]: by its medium, and alike for every hand.

    Args:
        atlas: that holds them.
        numbers: of the pictures.
        apart: in held-out scenes, which have few hands, by its medium alone.
    """
    entries = [atlas.entries[number] for number in numbers]
    weights = np.array([_WEIGHTS[entry.medium] for entry in entries])
    if not apart:
        hands = [hand_of(entry) for entry in entries]
        weights /= [hands.count(hand) for hand in hands]
    return np.asarray(weights / weights.sum())


def _choose_names(rng: np.random.Generator, atlas: Atlas, *, apart: bool) -> list[str]:
    """Some names that do not pass for one another, half the time all of one family."""
    known = [name for name in atlas.names(held_out=apart) if name in TAUGHT]
    pool = list(known)
    if rng.random() < 0.5:
        family = FAMILIES[str(rng.choice(list(FAMILIES)))]
        pool = [name for name in family if name in set(known)] or pool
    most = min(
        len(pool), int(rng.choice((1, 2, 3, 4, 5, 6), p=(0.15, 0.22, 0.23, 0.2, 0.12, 0.08)))
    )
    kept: list[str] = []
    for name in rng.choice(pool, most, replace=False):
        if not LOOK_ALIKES.get(str(name), frozenset()) & set(kept):
            kept.append(str(name))
    return kept


def _counts(rng: np.random.Generator, kinds: int) -> list[int]:
    """How many of each kind: mostly 1 to 6, sometimes up to 60 of the first, rarely none at all."""
    if rng.random() < 0.02:
        return [0] * kinds
    counts = [int(value) for value in rng.choice((1, 1, 2, 2, 3, 4, 5, 6), kinds)]
    draw = rng.random()
    if draw < 0.4:
        counts[0] = int(rng.integers(1, 8))
    elif draw < 0.6:
        counts[0] = int(rng.integers(6, 25))
    elif draw < 0.68:
        counts[0] = int(rng.integers(20, _MOST + 1))
    return counts


def _lay(
    rng: np.random.Generator,
    canvas: Canvas,
    atlas: Atlas,
    name: str,
    count: int,
    typical: float,
    *,
    apart: bool,
) -> None:
    """Lay so many of a kind: of one picture, or of any; of one size, of all sizes, or of two."""
    numbers = atlas.of(name, held_out=apart)
    pictures = rng.choice(numbers, max(count, 1), p=chances(atlas, numbers, apart=apart))
    if rng.random() < 0.55:
        pictures[:] = pictures[0]
    spread, two_sizes = rng.choice((0.1, 0.25, 0.4)), count > 1 and rng.random() < 0.25
    upright, shadow = rng.random() < 0.5, rng.uniform(0.1, 0.5) * (rng.random() < 0.5)
    for number in pictures[:count]:
        factor = np.exp(rng.normal(0, spread))
        if two_sizes:
            factor = np.exp(rng.normal(0, 0.05)) * _TWO_SIZES ** rng.choice((-0.5, 0.5))
        turned = rng.uniform(0, 360) if rng.random() < 0.1 else rng.normal(0, 5 if upright else 20)
        sprite = transform(
            atlas.sprite(int(number)),
            float(np.clip(typical * factor, _SMALLEST, _LARGEST)),
            float(turned),
            flip=bool(rng.random() < 0.3),
            stretch=float(np.exp(rng.normal(0, 0.05 if apart else 0.1))),
        )
        entry = atlas.entries[int(number)]
        colour = entry.colour
        if not apart and not colour:
            sprite = repaint(rng, sprite, name, entry.medium)
        canvas.place(
            rng, light_sprite(rng, sprite, true_colours=bool(colour)), name, colour,
            shadow=shadow, contrast=46, mottled=True,
        )  # fmt: skip
