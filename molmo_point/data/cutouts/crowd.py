"""Many different things side by side, one of each: what names are learnt from fastest.

A scene as it may be asked about shows a few kinds, several of each; here every thing has a name of
its own, so that as many pictures teach several times as many names.
"""

from __future__ import annotations

import numpy as np

from molmo_point.data.canvas import Thing
from molmo_point.data.cutouts.atlas import Atlas, load_atlas
from molmo_point.data.cutouts.light import light_sprite, photograph
from molmo_point.data.cutouts.repaint import repaint
from molmo_point.data.cutouts.scenes import chances, draw_ground
from molmo_point.data.cutouts.taught import TAUGHT
from molmo_point.data.scenes import Scene, Split, random_of
from molmo_point.data.sprites import FloatPixels, Sprite, transform

__all__ = ["generate_crowd"]

_PURPOSE = 6
_CELL = (26.0, 190.0)  # pixels a side
_SOLID = 0.4  # alpha from which a pixel belongs to a thing
_FAINTEST = 14.0  # mean difference from the ground, in 0-255


def generate_crowd(
    seed: int, split: Split, size: tuple[int, int], *, atlas: Atlas | None = None
) -> Scene:
    """Draw things in a loose grid.

    Args:
        seed: any integer from 0.
        split: "train", "dev" or "heldout", as of scenes of cut-outs.
        size: (width, height) in pixels.
        atlas: what to draw with; `load_atlas()` if None.

    Returns:
        A scene of the kind "crowd".
    """
    atlas = load_atlas() if atlas is None else atlas
    rng = random_of(split, seed, _PURPOSE)
    apart = split == "heldout"
    picture = draw_ground(rng, atlas, size, apart=apart)
    known = [name for name in TAUGHT if atlas.of(name, held_out=apart)]
    cell = float(np.exp(rng.uniform(*np.log(_CELL))))
    across, down = max(1, int(size[0] / cell)), max(1, int(size[1] / cell))
    names = rng.choice(known, across * down, replace=len(known) < across * down)
    things = []
    for number, name in enumerate(names):
        row, column = divmod(number, across)
        middle = (column + 0.5) * size[0] / across, (row + 0.5) * size[1] / down
        thing = _lay(rng, picture, atlas, str(name), cell, middle, apart=apart)
        if thing is not None:
            things.append(thing)
    image = photograph(rng, picture, greyscale=False, true_colours=False)
    return Scene(image, tuple(things), "crowd")


def _lay(
    rng: np.random.Generator,
    picture: FloatPixels,
    atlas: Atlas,
    name: str,
    cell: float,
    middle: tuple[float, float],
    *,
    apart: bool,
) -> Thing | None:
    """Lay one thing near the middle of its cell; None if it would hardly be seen."""
    numbers = atlas.of(name, held_out=apart)
    number = int(rng.choice(numbers, p=chances(atlas, numbers, apart=apart)))
    sprite = transform(
        atlas.sprite(number),
        cell * rng.uniform(0.7, 1.0),
        float(rng.normal(0, 14)),
        flip=bool(rng.random() < 0.3),
        stretch=float(np.exp(rng.normal(0, 0.05 if apart else 0.1))),
    )
    if not apart:
        sprite = repaint(rng, sprite, name, atlas.entries[number].medium)
    sprite = light_sprite(rng, sprite, true_colours=False)
    left, top = (
        round(place - side / 2 + rng.normal(0, 0.06 * cell))
        for place, side in zip(middle, sprite.alpha.shape[::-1], strict=True)
    )
    return _blend(picture, sprite, name, left, top)


def _blend(picture: FloatPixels, sprite: Sprite, name: str, left: int, top: int) -> Thing | None:
    """Lay a sprite down where it lies inside the picture."""
    height, width = sprite.alpha.shape
    rows = slice(max(top, 0), min(top + height, picture.shape[0]))
    columns = slice(max(left, 0), min(left + width, picture.shape[1]))
    inside = np.s_[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    rgb, alpha = sprite.rgb[inside], sprite.alpha[inside]
    solid = alpha > _SOLID
    if solid.sum() < 0.8 * (sprite.alpha > _SOLID).sum() or not solid.any():
        return None
    ground = picture[rows, columns]
    laid = ground * (1 - alpha[..., None]) + rgb
    if np.abs(laid - ground)[solid].mean() < _FAINTEST:
        return None
    ground[...] = laid
    down, over = np.nonzero(solid.any(1))[0], np.nonzero(solid.any(0))[0]
    box = (
        float(columns.start + over[0]),
        float(rows.start + down[0]),
        float(columns.start + over[-1] + 1),
        float(rows.start + down[-1] + 1),
    )
    return Thing(name, (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, box)
