"""Grounding tokens <-> pixels.

A patch and a subpatch name one ViT patch of the high-resolution canvas; the canvas is the image
resized without padding, so its grid of ViT patches divides the original image evenly. A location
is one of 3x3 places in a ViT patch, numbered down the first column, then the second. Source:
allenai/molmo2, point extraction and target building.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from molmo_point.models.molmo_point.inputs import PointingMetadata
from molmo_point.points import Point

__all__ = ["PatchGrids", "PointTokens"]

_STEP = 0.33
"""Side of a location in ViT patches. The published code writes 0.33 where 1/3 is meant (a bias of
at most 0.6% of a patch); kept, so that pixels are the published ones."""
_SIDE = 3


@dataclass(frozen=True, slots=True)
class PointTokens:
    """A point as the model says it: indices of a patch, a subpatch in it, a location in that."""

    patch: int
    subpatch: int
    location: int


class PatchGrids:
    """Where the patches of one prompt lie in its images or video frames.

    Args:
        token_pooling: int [n, k], ids of the ViT patches behind each image token, -1 for padding.
        grids: one int [rows, columns] an image (or a frame): the ViT patch at each place of the
            high-resolution canvas.
        image_sizes: (width, height) of each image, pixels; for video one, of all frames.
        timestamps: seconds of each frame, for video.
    """

    def __init__(
        self,
        token_pooling: NDArray[np.int64],
        grids: Sequence[NDArray[np.integer]],
        image_sizes: Sequence[tuple[int, int]],
        timestamps: Sequence[float] | None = None,
    ) -> None:
        self.token_pooling = token_pooling
        self.grids = [np.asarray(grid) for grid in grids]
        self.image_sizes = list(image_sizes)
        self.timestamps = timestamps
        size = max([int(token_pooling.max(initial=-1)), *(int(g.max()) for g in self.grids)]) + 1
        self._token = np.full(size, -1, dtype=np.int64)  # ViT patch -> patch * k + subpatch
        self._place = np.full((size, 3), -1, dtype=np.int64)  # ViT patch -> image, row, column
        for image, grid in enumerate(self.grids):
            rows, columns = np.indices(grid.shape)
            self._place[grid, 0], self._place[grid, 1], self._place[grid, 2] = image, rows, columns
        patch, subpatch = np.nonzero(token_pooling >= 0)
        ids = token_pooling[patch, subpatch]
        self._token[ids] = patch * token_pooling.shape[1] + subpatch

    def places(self) -> NDArray[np.int64]:
        """Where every subpatch lies, int [n, k, 3]: image, row, column of its ViT patch, or -1."""
        found = self._place[self.token_pooling]
        found[self.token_pooling < 0] = -1
        return found

    @classmethod
    def of(cls, metadata: PointingMetadata) -> PatchGrids:
        """Of one prompt, from what its processor says about its images or its video."""
        if metadata.video_size is None or metadata.timestamps is None:
            return cls(metadata.token_pooling, metadata.subpatch_mapping, metadata.image_sizes)
        return cls(
            metadata.token_pooling,
            list(metadata.subpatch_mapping[0]),
            [metadata.video_size],
            [float(value) for value in metadata.timestamps],
        )

    def size_of(self, image: int) -> tuple[int, int]:
        """(width, height) of an image or frame, pixels."""
        return self.image_sizes[image if self.timestamps is None else 0]

    def to_point(
        self,
        tokens: PointTokens,
        *,
        label: str = "",
        confidence: float | None = None,
        object_id: int | None = None,
    ) -> Point | None:
        """The pixel that three tokens mean, or None if they name no place of an image."""
        if not (
            0 <= tokens.patch < self.token_pooling.shape[0]
            and 0 <= tokens.subpatch < self.token_pooling.shape[1]
            and 0 <= tokens.location < _SIDE * _SIDE
        ):
            return None
        vit_patch = int(self.token_pooling[tokens.patch, tokens.subpatch])
        if vit_patch < 0 or self._place[vit_patch, 0] < 0:
            return None
        image, row, column = (int(value) for value in self._place[vit_patch])
        rows, columns = self.grids[image].shape
        width, height = self.size_of(image)
        across, down = divmod(tokens.location, _SIDE)
        return Point(
            x=(column + (across + 0.5) * _STEP) / columns * width,
            y=(row + (down + 0.5) * _STEP) / rows * height,
            label=label,
            confidence=confidence,
            object_id=object_id,
            image_index=0 if self.timestamps is not None else image,
            timestamp=None if self.timestamps is None else float(self.timestamps[image]),
        )

    def to_tokens(self, x: float, y: float, image: int = 0) -> PointTokens:
        """The tokens of the place that holds pixel (x, y) of an image; the inverse of `to_point`.

        Points outside the image count as on its edge.
        """
        rows, columns = self.grids[image].shape
        width, height = self.size_of(image)
        across = min(max(x / width, 0.0), math.nextafter(1.0, 0.0)) * columns
        down = min(max(y / height, 0.0), math.nextafter(1.0, 0.0)) * rows
        column, row = int(across), int(down)
        token = int(self._token[self.grids[image][row, column]])
        patch, subpatch = divmod(token, self.token_pooling.shape[1])
        location = int((down - row) * _SIDE) + _SIDE * int((across - column) * _SIDE)
        return PointTokens(patch, subpatch, location)
