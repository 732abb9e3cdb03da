"""What lies under the middle of every ViT patch: names, colours, centres, extents of things."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from molmo_point.data.scenes import Scene, Thing
from molmo_point.models.molmo_point.inputs import PointingMetadata

__all__ = ["IGNORE", "PatchNames", "name_patches"]

IGNORE = -100
"""Label of what is not to be learnt, torch's own."""

_LEAST_REACH = 0.1  # patches; a centre's patch may have its middle outside a very small thing


@dataclass(frozen=True, slots=True)
class PatchNames:
    """Truth for C crops of P ViT patches.

    Attributes:
        names: int [C, P], 0 for background, else 1 + index into the names; `IGNORE` for patches
            that no image token uses.
        colours: int [C, P] index into the colours; `IGNORE` for what has no single colour.
        centres: bool [C, P], patches that hold a thing's centre.
        extents: float32 [C, P, 4], how far the thing's box reaches from the middle of the patch:
            left, up, right, down, in patches; zero for background.
    """

    names: NDArray[np.int64]
    colours: NDArray[np.int64]
    centres: NDArray[np.bool_]
    extents: NDArray[np.float32]

    def without_global_view(self) -> PatchNames:
        """The same for the other crops alone."""
        return PatchNames(self.names[1:], self.colours[1:], self.centres[1:], self.extents[1:])


def name_patches(
    scene: Scene,
    shape: Sequence[int],
    metadata: PointingMetadata,
    names: Sequence[str],
    colours: Sequence[str],
) -> PatchNames:
    """Name the ViT patches of a scene; see `PatchNames`.

    Args:
        scene: image and things.
        shape: (crops, patches in a crop), the global view being the first crop.
        metadata: where the patches lie.
        names: every name that a thing can have.
        colours: every colour word.
    """
    name_map = np.full(tuple(shape), IGNORE, dtype=np.int64)
    colour_map = np.full(tuple(shape), IGNORE, dtype=np.int64)
    centre_map = np.zeros(tuple(shape), dtype=np.bool_)
    extent_map = np.zeros((*shape, 4), dtype=np.float32)
    side = round(shape[1] ** 0.5)
    whole = np.arange(side * side).reshape(side, side)  # the global view is the first crop
    for grid in (whole, np.asarray(metadata.subpatch_mapping[0])):
        rows, columns = grid.shape
        height, width = scene.image.shape[:2]
        y = (np.arange(rows)[:, None] + 0.5) / rows * height
        x = (np.arange(columns)[None] + 0.5) / columns * width
        name, colour = np.zeros(grid.shape, np.int64), np.full(grid.shape, IGNORE, np.int64)
        centre = np.zeros(grid.shape, np.bool_)
        extent = np.zeros((*grid.shape, 4), np.float32)
        for thing in sorted(scene.things, key=_area, reverse=True):
            left, top, right, bottom = thing.box
            u = (x - (left + right) / 2) / max((right - left) / 2, 1e-6)
            v = (y - (top + bottom) / 2) / max((bottom - top) / 2, 1e-6)
            inside = u**2 + v**2 <= 1.1
            middle = int(thing.y / height * rows), int(thing.x / width * columns)
            inside[middle] = centre[middle] = True
            name[inside] = names.index(thing.name) + 1
            colour[inside] = colours.index(thing.colour) if thing.colour else IGNORE
            reach = [(x - left) / width * columns, (y - top) / height * rows,
                     (right - x) / width * columns, (bottom - y) / height * rows]  # fmt: skip
            sides = np.stack(np.broadcast_arrays(*reach), axis=-1)
            extent[inside] = np.maximum(sides, _LEAST_REACH)[inside]
        name_map.reshape(-1)[grid] = name
        colour_map.reshape(-1)[grid] = colour
        centre_map.reshape(-1)[grid] = centre
        extent_map.reshape(-1, 4)[grid] = extent
    return PatchNames(name_map, colour_map, centre_map, extent_map)


def _area(thing: Thing) -> float:
    left, top, right, bottom = thing.box
    return float((right - left) * (bottom - top))
