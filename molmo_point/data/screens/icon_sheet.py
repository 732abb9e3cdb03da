"""Sheets of icons, bare and as buttons: what the meanings of icons are learnt from fastest.

A page shows a few icons of one set; a sheet shows dozens, each with a meaning of its own.
"""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from molmo_point.data.canvas import Thing
from molmo_point.data.scenes import Scene, SceneQuery, Split, random_of
from molmo_point.data.screens.icons import icons_of
from molmo_point.data.screens.packages import package_folder
from molmo_point.data.screens.pages import shelf_of
from molmo_point.data.sprites import FloatPixels
from molmo_point.errors import require

__all__ = ["generate_icon_sheet"]

_PURPOSE = 15
_MASTER = 96  # pixels a side of an icon before it is scaled
_CELL = (24.0, 64.0)
_BUTTONS = 0.45  # share of sheets whose icons are buttons
_CONTRAST = 90.0  # least difference of ink and ground, in 0-255


def generate_icon_sheet(
    seed: int, split: Split, size: tuple[int, int], *, packages: Path | None = None
) -> Scene:
    """Draw icons in a grid on a plain ground.

    Args:
        seed: any integer from 0.
        split: whose icon sets to use.
        size: (width, height) in pixels.
        packages: see `packages.package_folder`.

    Returns:
        A scene of the kind "screens" with a question about one of its icons.
    """
    rng = random_of(split, seed, _PURPOSE)
    masks = _masks(str(rng.choice(shelf_of(split).icon_sets)), package_folder(packages))
    ground, ink = _colours(rng)
    picture = np.broadcast_to(ground, (size[1], size[0], 3)).astype(np.float32)
    cell = float(np.exp(rng.uniform(*np.log(_CELL))))
    across, down = max(1, int(size[0] / cell)), max(1, int(size[1] / cell))
    side = max(11, round(cell * rng.uniform(0.4, 0.75)))
    button = cell * rng.uniform(0.8, 0.95) if rng.random() < _BUTTONS else 0.0
    weight = float(np.exp(rng.normal(0, 0.25))) if split == "train" else 1.0
    face, round_by = ground + rng.normal(0, 22, 3), rng.uniform(0, 0.5)
    things = []
    for number, concept in enumerate(rng.choice(sorted(masks), across * down)):
        row, column = divmod(number, across)
        x = (column + 0.5) * size[0] / across + rng.uniform(-0.5, 0.5)
        y = (row + 0.5) * size[1] / down + rng.uniform(-0.5, 0.5)
        if button:
            _draw_button(picture, (x, y), button, face, round_by)
        _lay(picture, masks[str(concept)], (x, y), side, ink, weight)
        reach, name = (button / 2, "icon button") if button else (side / 2, "icon")
        box = (x - reach, y - reach, x + reach, y + reach)
        things.append(Thing(name, x, y, box, meaning=str(concept)))
    asked = things[int(rng.integers(len(things)))].meaning
    targets = tuple(rank for rank, thing in enumerate(things) if thing.meaning == asked)
    image = np.clip(picture, 0, 255).astype(np.uint8)
    return Scene(image, tuple(things), "screens", (SceneQuery(f"{asked} icon", "icon", targets),))


@lru_cache(maxsize=128)
def _masks(icon_set: str, folder: Path) -> dict[str, NDArray[np.uint8]]:
    """How much ink each icon of a set leaves, uint8 [96, 96], by concept."""
    to_png = require("resvg_py", "train").svg_to_bytes
    masks = {}
    for concept, svg in icons_of(icon_set, folder).items():
        drawn = svg.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" color="#000" ', 1)
        png = bytes(to_png(svg_string=drawn, width=_MASTER, height=_MASTER))
        with Image.open(BytesIO(png)) as picture:
            masks[concept] = np.asarray(picture.getchannel("A"), np.uint8)
    return masks


def _colours(rng: np.random.Generator) -> tuple[FloatPixels, FloatPixels]:
    """Of the ground and of the ink."""
    while True:
        light = rng.random() < 0.6
        grey, tint = rng.uniform(215, 256) if light else rng.uniform(15, 70), rng.normal(0, 7, 3)
        ground = grey + tint
        ink = rng.uniform(0, 255, 3)
        if rng.random() < 0.5:  # most icons are grey
            ink = np.full(3, rng.uniform(0, 255)) + rng.normal(0, 6, 3)
        if abs(float((ink - ground).mean())) > _CONTRAST:
            return ground.astype(np.float32), np.clip(ink, 0, 255).astype(np.float32)


def _draw_button(
    picture: FloatPixels, at: tuple[float, float], side: float, face: FloatPixels, round_by: float
) -> None:
    """A filled square with round corners, a little darker at its edge."""
    shape = np.zeros(picture.shape[:2], np.uint8)
    left, top = round(at[0] - side / 2), round(at[1] - side / 2)
    end, radius = round(side), int(side * round_by)
    for inset in ((radius, 0), (0, radius)):
        low = (left + inset[0], top + inset[1])
        high = (left + end - inset[0], top + end - inset[1])
        cv2.rectangle(shape, low, high, 255, -1)
    for x in (left + radius, left + end - radius):
        for y in (top + radius, top + end - radius):
            cv2.circle(shape, (x, y), radius, 255, -1, cv2.LINE_AA)
    window = np.s_[max(top - 1, 0) : top + end + 2, max(left - 1, 0) : left + end + 2]
    alpha = (shape[window] / 255.0)[..., None]
    picture[window] = picture[window] * (1 - alpha) + face * alpha


def _lay(
    picture: FloatPixels,
    mask: NDArray[np.uint8],
    at: tuple[float, float],
    side: int,
    ink: FloatPixels,
    weight: float,
) -> None:
    """Lay an icon down; its lines look thicker with a weight below 1."""
    small = cv2.resize(mask, (side, side), interpolation=cv2.INTER_AREA)
    left, top = round(at[0] - side / 2), round(at[1] - side / 2)
    rows = slice(max(top, 0), min(top + side, picture.shape[0]))
    columns = slice(max(left, 0), min(left + side, picture.shape[1]))
    part = small[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    alpha = ((part / 255.0) ** weight)[..., None]
    picture[rows, columns] = picture[rows, columns] * (1 - alpha) + ink * alpha
