"""What lies under the middle of every ViT patch: names, colours, centres, extents of things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from molmo_point.data.scenes import SOLID, Scene, Thing
from molmo_point.models.molmo_point.inputs import PointingMetadata

__all__ = ["IGNORE", "PatchNames", "name_patches"]

IGNORE = -100
"""Label of what is not to be learnt, torch's own."""

_SQUARE = ("screens",)  # kinds of scene whose things fill their boxes
_LEAST_SEEN = (
    1.5  # patches; what is smaller in the global view of a large image is not learnt there
)
_LEAST_REACH = 0.1  # patches; a centre's patch may have its middle outside a very small thing


@dataclass(frozen=True, slots=True)
class PatchNames:
    """Truth for C crops of P ViT patches.

    Attributes:
        names: int [C, P], 0 for background, else 1 + index into the names; `IGNORE` for patches
            that no image token uses, and for doubtful things.
        colours: int [C, P] index into the colours; `IGNORE` for what has no single colour.
        meanings: int [C, P], 0 for a thing that stands for nothing, else 1 + index into the
            meanings; `IGNORE` for background and for worlds without meanings.
        centres: bool [C, P], patches that hold a thing's centre.
        extents: float32 [C, P, 4], how far the thing's box reaches from the middle of the patch:
            left, up, right, down, in patches; zero for background, and where a wide thing goes on
            to the right of its box.
    """

    names: NDArray[np.int64]
    colours: NDArray[np.int64]
    meanings: NDArray[np.int64]
    centres: NDArray[np.bool_]
    extents: NDArray[np.float32]

    def without_global_view(self) -> PatchNames:
        """The same for the other crops alone."""
        return PatchNames(*(getattr(self, field.name)[1:] for field in fields(self)))


def name_patches(
    scene: Scene,
    shape: Sequence[int],
    metadata: PointingMetadata,
    names: Mapping[str, int],
    colours: Mapping[str, int],
    meanings: Mapping[str, int],
) -> PatchNames:
    """Name the ViT patches of a scene; see `PatchNames`.

    Args:
        scene: image and things; those whose names are unknown are background.
        shape: (crops, patches in a crop), the global view being the first crop.
        metadata: where the patches lie.
        names: index of every name that a thing can have.
        colours: index of every colour word.
        meanings: index of everything that an element of a screen can stand for.
    """
    empty = np.full(tuple(shape), IGNORE, dtype=np.int64)
    found = PatchNames(
        empty.copy(),
        empty.copy(),
        empty.copy(),
        np.zeros(tuple(shape), dtype=np.bool_),
        np.zeros((*shape, 4), dtype=np.float32),
    )
    side = round(shape[1] ** 0.5)
    whole = np.arange(side * side).reshape(side, side)  # the global view is the first crop
    canvas = np.asarray(metadata.subpatch_mapping[0])
    for grid in (whole, canvas):
        least = _LEAST_SEEN if grid.size < canvas.size else 0.0
        view = _name_grid(scene, grid.shape, names, colours, meanings, least)
        for field in fields(PatchNames):
            values, table = getattr(view, field.name), getattr(found, field.name)
            table.reshape(-1, *table.shape[2:])[grid] = values
    return found


def _name_grid(
    scene: Scene,
    shape: tuple[int, ...],
    names: Mapping[str, int],
    colours: Mapping[str, int],
    meanings: Mapping[str, int],
    least: float,
) -> PatchNames:
    """The same for patches that lie over the whole image in a grid of [rows, columns].

    Things of which no side has `least` patches are ignored.
    """
    rows, columns = shape
    height, width = scene.image.shape[:2]
    y = (np.arange(rows)[:, None] + 0.5) / rows * height
    x = (np.arange(columns)[None] + 0.5) / columns * width
    name, ignored = np.zeros(shape, np.int64), np.full(shape, IGNORE, np.int64)
    colour, meaning = ignored.copy(), ignored.copy()
    centre, extent = np.zeros(shape, np.bool_), np.zeros((*shape, 4), np.float32)
    square = scene.kind in _SQUARE
    owner = np.full(shape, -1, np.int64)
    middles: dict[int, tuple[int, ...]] = {}
    pixel = np.ix_(y[:, 0].astype(int), x[0].astype(int))
    shown = None if scene.owner is None else scene.owner[pixel]
    for number in sorted(range(len(scene.things)), key=lambda n: _area(scene.things[n]))[::-1]:
        thing = scene.things[number]
        if thing.name not in names:
            continue
        left, top, right, bottom = thing.box
        inside = _patches_of(scene, number, x, y, shown)
        middle: tuple[int, ...] = (
            int(thing.y // (height / rows)), int(thing.x // (width / columns)),
        )  # fmt: skip
        if 0 <= middle[0] < rows and 0 <= middle[1] < columns:
            if shown is not None and shown[middle] > 0:  # perhaps of what lies over it
                middle = _own_patch(inside, middle)
            inside[middle], middles[number] = True, middle
        owner[inside] = number
        faint = max((right - left) / width * columns, (bottom - top) / height * rows) < least
        name[inside] = IGNORE if thing.doubtful or faint else names[thing.name] + 1
        colour[inside] = colours.get(thing.colour, IGNORE)
        meaning[inside] = meanings.get(thing.meaning, -1) + 1 if square else IGNORE
        end = min(right, 2 * thing.x - left) if square else right
        reach = [(x - left) / width * columns, (y - top) / height * rows,
                 (end - x) / width * columns, (bottom - y) / height * rows]  # fmt: skip
        sides = np.stack(np.broadcast_arrays(*reach), axis=-1)
        sides = np.maximum(sides, _LEAST_REACH) * (x <= end + width / columns)[..., None]
        extent[inside] = sides[inside]
    for number, middle in middles.items():
        centre[_own_patch(owner == number, middle) if square else middle] = True
    return PatchNames(name, colour, meaning, centre, extent)


def _patches_of(
    scene: Scene,
    number: int,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    shown: NDArray[np.int16] | None,
) -> NDArray[np.bool_]:
    """Patches [rows, columns] whose middles, x [1, columns] and y [rows, 1], lie on a thing."""
    left, top, right, bottom = scene.things[number].box
    u = (x - (left + right) / 2) / max((right - left) / 2, 1e-6)
    v = (y - (top + bottom) / 2) / max((bottom - top) / 2, 1e-6)
    inside: NDArray[np.bool_] = (
        np.maximum(abs(u), abs(v)) <= 1 if scene.kind in _SQUARE else u**2 + v**2 <= 1.1
    )
    if shown is None:
        return inside
    mine: NDArray[np.bool_] = shown == number + 1
    return mine if scene.kind in SOLID else inside & (mine | (shown == 0))


def _own_patch(own: NDArray[np.bool_], middle: tuple[int, ...]) -> tuple[int, ...]:
    """The patch of a thing that is nearest to its middle; something may lie over that."""
    if own[middle] or not own.any():
        return middle
    places = np.argwhere(own)
    nearest = places[np.square(places - middle).sum(1).argmin()]
    return tuple(int(value) for value in nearest)


def _area(thing: Thing) -> float:
    left, top, right, bottom = thing.box
    return float((right - left) * (bottom - top))
