"""One image -> overlapping crops, one global crop, and where each patch comes from.

The image is stretched, without padding, to a canvas of rows x cols windows plus a margin; each
window with its margins is one crop. Inside the margins two crops see the same pixels, and every
patch of the canvas is taken from the crop where it lies farther from the border. Geometry of
Molmo2 and MolmoPoint: `image_processing_molmo2.py` of github.com/allenai/molmo2.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from numbers import Integral
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import ImageError, ModelError
from molmo_point.preprocessing.resize import resize_to

if TYPE_CHECKING:
    from torch import Tensor

__all__ = [
    "CropConfig",
    "ImageCrops",
    "check_image",
    "crop_image",
    "lay_out",
    "map_patches",
    "normalise",
    "pool_grid",
    "select_tiling",
    "view_patches",
]


Value = TypeVar("Value", bound=np.generic)


@dataclass(frozen=True, slots=True)
class CropConfig:
    """How a checkpoint cuts images; every value is stated by its `preprocessor_config.json`.

    Attributes:
        crop_size: (H, W) pixels of one crop.
        patch_size: pixels of a side of one ViT patch.
        max_crops: most high-resolution crops of one image; the global crop comes on top.
        overlap_margins: patches at the (left and top, right and bottom) of a crop that it shares
            with its neighbours.
        pooling_size: (rows, cols) of patches in one pooled token.
        image_mean: of red, green and blue in 0-1.
        image_std: of red, green and blue in 0-1.

    Raises:
        ModelError: the values do not fit together.
    """

    crop_size: tuple[int, int]
    patch_size: int
    max_crops: int
    overlap_margins: tuple[int, int]
    pooling_size: tuple[int, int]
    image_mean: tuple[float, float, float]
    image_std: tuple[float, float, float]

    def __post_init__(self) -> None:
        if not isinstance(self.max_crops, Integral):
            raise ModelError(f"max_crops is a whole number, got {self.max_crops!r}.")
        if self.patch_size < 1 or self.max_crops < 1 or min(self.pooling_size) < 1:
            raise ModelError(
                f"patch_size {self.patch_size}, max_crops {self.max_crops} and pooling_size "
                f"{self.pooling_size} of a crop configuration must be at least 1."
            )
        if any(side < 1 or side % self.patch_size for side in self.crop_size):
            raise ModelError(
                f"Crops of {self.crop_size} pixels cannot be cut into patches of "
                f"{self.patch_size}: choose a multiple."
            )
        if min(self.overlap_margins) < 0 or min(self.crop_patches) <= sum(self.overlap_margins):
            raise ModelError(
                f"Margins of {self.overlap_margins} patches leave nothing of a crop of "
                f"{self.crop_patches} patches: choose smaller ones."
            )
        if min(self.image_std) <= 0:
            raise ModelError(f"image_std must be positive, got {self.image_std}.")

    @property
    def crop_patches(self) -> tuple[int, int]:
        """(rows, cols) of patches in one crop."""
        return self.crop_size[0] // self.patch_size, self.crop_size[1] // self.patch_size

    @property
    def margin(self) -> int:
        """Pixels of the canvas that are not in a window, along each side."""
        return sum(self.overlap_margins) * self.patch_size

    @property
    def window(self) -> tuple[int, int]:
        """(H, W) pixels from one crop to the next."""
        return self.crop_size[0] - self.margin, self.crop_size[1] - self.margin


@dataclass(frozen=True, slots=True)
class ImageCrops:
    """What the vision encoder sees of one image, and how its patches lie in the image.

    Attributes:
        pixel_values: float32 [C, P, patch * patch * 3], the global crop first, then the tiling row
            by row; patches in raster order, their content as (y, x, colour). A tensor if a GPU
            cut them (`planned.py`).
        token_pooling: int64 [N, k], for each pooled token its patches, numbered over all C * P of
            this image, -1 for none; first the global crop's tokens, then the canvas's.
        grid: pooled tokens of the global crop (rows, cols), then of the canvas (rows, cols).
        patch_map: int64 [rows, cols], which of the C * P patches shows that place of the canvas.
        image_size: (width, height) pixels of the original.
    """

    pixel_values: NDArray[np.float32] | Tensor
    token_pooling: NDArray[np.int64]
    grid: tuple[int, int, int, int]
    patch_map: NDArray[np.int64]
    image_size: tuple[int, int]

    @classmethod
    def lay_out(
        cls,
        pixels: NDArray[np.float32] | Tensor,
        tiling: tuple[int, int],
        config: CropConfig,
        image_size: tuple[int, int],
    ) -> ImageCrops:
        """Crops of a tiling with their geometry, which depends on the tiling alone."""
        pooling, patch_map, grid = lay_out(tiling, config)
        return cls(pixels, pooling.copy(), grid, patch_map.copy(), image_size)


def select_tiling(height: int, width: int, config: CropConfig) -> tuple[int, int]:
    """Choose how many crops an image gets along each side.

    Of all tilings within `max_crops`, the one whose windows need the least enlargement of the
    image without its margins; if all need shrinking, the one that shrinks least. Ties go to fewer
    crops, then to fewer rows. float32, as in the published code, so that ties fall alike.

    Args:
        height: pixels of the image.
        width: pixels of the image.
        config: of the checkpoint.

    Returns:
        (rows, cols) of crops. An image no larger than the margin along one side gets (1, 1), or
        what its other side asks for when it is exactly as large as the margin.
    """
    limit = config.max_crops
    tilings = [(i, j) for i in range(1, limit + 1) for j in range(1, limit // i + 1)]
    tilings.sort(key=lambda tiling: (tiling[0] * tiling[1], tiling[0]))
    size = np.array([height - config.margin, width - config.margin], dtype=np.float32)
    with np.errstate(divide="ignore"):
        scales = np.array(tilings, np.float32) * np.array(config.window, np.float32) / size
    scale = scales.min(axis=1)
    if (scale < 1).all():
        return tilings[int(scale.argmax())]
    return tilings[int(np.where(scale < 1, np.inf, scale).argmin())]


def view_patches(
    canvas: NDArray[Value], tiling: tuple[int, int], config: CropConfig
) -> NDArray[Value]:
    """See a canvas as overlapping crops, and the crops as patches, without copying.

    Args:
        canvas: [rows * window + margin, cols * window + margin, 3], contiguous.
        tiling: (rows, cols) of crops.
        config: of the checkpoint.

    Returns:
        [rows, cols, patch rows, patch cols, patch, patch * 3], read-only.
    """
    down, right, one = canvas.strides
    side = config.patch_size
    crop = config.window[0] * down, config.window[1] * right
    steps = (*crop, side * down, side * right, down, one)
    return np.lib.stride_tricks.as_strided(
        canvas, (*tiling, *config.crop_patches, side, side * 3), steps, writeable=False
    )


def normalise(patches: NDArray[np.uint8], config: CropConfig) -> NDArray[np.float32]:
    """Colours 0-255 to the vision encoder's scale, (value / 255 - mean) / std.

    Args:
        patches: uint8 [C, rows, cols, patch, patch * 3], contiguous.
        config: of the checkpoint.

    Returns:
        float32 [C, P, patch * patch * 3].
    """
    import cv2

    crops, rows, cols, side, line = patches.shape
    table = _colour_table(config.image_mean, config.image_std)
    if len(set(config.image_mean)) == len(set(config.image_std)) == 1:
        scaled = cv2.LUT(patches.reshape(-1, line), np.ascontiguousarray(table[..., 0]))
    else:
        scaled = cv2.LUT(patches.reshape(-1, line // 3, 3), table)
    return np.asarray(scaled, dtype=np.float32).reshape(crops, rows * cols, side * line)


@lru_cache(maxsize=16)
def _colour_table(
    mean: tuple[float, float, float], std: tuple[float, float, float]
) -> NDArray[np.float32]:
    """[1, 256, 3], the scaled value of each byte of each colour."""
    table = np.repeat(np.arange(256, dtype=np.float32)[None, :, None] / np.float32(255), 3, axis=2)
    table -= np.array(mean, np.float32)
    table /= np.array(std, np.float32)
    return table


def map_patches(tiling: tuple[int, int], config: CropConfig) -> NDArray[np.int64]:
    """Which patch of which crop shows each place of the canvas.

    Args:
        tiling: (rows, cols) of crops.
        config: of the checkpoint.

    Returns:
        int64 [canvas rows, canvas cols] of patches, numbered crop by crop from 0.
    """
    near, far = config.overlap_margins

    def axis(crops: int, patches: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        window = patches - near - far
        place = np.arange(crops * window + near + far)
        crop = ((place - near) // window).clip(0, crops - 1)
        return crop, place - crop * window

    rows, cols = config.crop_patches
    crop_row, row = axis(tiling[0], rows)
    crop_col, col = axis(tiling[1], cols)
    crop = crop_row[:, None] * tiling[1] + crop_col
    return (crop * rows + row[:, None]) * cols + col


def pool_grid(
    patches: NDArray[np.int64], pooling_size: tuple[int, int]
) -> tuple[NDArray[np.int64], tuple[int, int]]:
    """Group neighbouring patches into pooled tokens.

    Args:
        patches: int64 [rows, cols] patch numbers.
        pooling_size: (rows, cols) of a group; a grid that is no multiple is padded with -1 on both
            sides, on the far side by one more if it must be odd.

    Returns:
        int64 [tokens, k] in raster order, and the (rows, cols) of tokens.
    """
    down, right = pooling_size
    missing = -patches.shape[0] % down, -patches.shape[1] % right
    padded = np.pad(
        patches, [(some // 2, some - some // 2) for some in missing], constant_values=-1
    )
    rows, cols = padded.shape[0] // down, padded.shape[1] // right
    groups = padded.reshape(rows, down, cols, right).transpose(0, 2, 1, 3)
    return groups.reshape(rows * cols, down * right), (rows, cols)


def crop_image(image: NDArray[np.uint8], config: CropConfig) -> ImageCrops:
    """Prepare one image for the vision encoder.

    Args:
        image: uint8 [H, W, 3], RGB, upright.
        config: of the checkpoint.

    Raises:
        ImageError: it is not such an array, or has no pixels.
    """
    check_image(image)
    height, width = image.shape[:2]
    tiling = select_tiling(height, width, config)
    canvas = (
        tiling[0] * config.window[0] + config.margin,
        tiling[1] * config.window[1] + config.margin,
    )
    whole, large = resize_to(image, [config.crop_size, canvas])
    crops = 1 + tiling[0] * tiling[1]
    patches = np.empty(
        (crops, *config.crop_patches, config.patch_size, config.patch_size * 3), np.uint8
    )
    patches[:1] = view_patches(whole, (1, 1), config)[0]
    large = view_patches(large, tiling, config)
    patches[1:].reshape(large.shape)[...] = large
    return ImageCrops.lay_out(normalise(patches, config), tiling, config, (width, height))


@lru_cache(maxsize=256)
def lay_out(
    tiling: tuple[int, int], config: CropConfig
) -> tuple[NDArray[np.int64], NDArray[np.int64], tuple[int, int, int, int]]:
    """Pooling table, patch map and grid of an image: they depend on the tiling alone."""
    low_map = map_patches((1, 1), config)
    patch_map = map_patches(tiling, config) + low_map.size
    low, low_grid = pool_grid(low_map, config.pooling_size)
    high, high_grid = pool_grid(patch_map, config.pooling_size)
    return np.concatenate([low, high]), patch_map, (*low_grid, *high_grid)


def check_image(image: NDArray[np.uint8]) -> None:
    """Refuse what is no RGB image.

    Raises:
        ImageError: the array is not uint8 [H, W, 3] with at least one pixel.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
        raise ImageError(
            f"An image here is a uint8 array [H, W, 3], got {image.dtype} "
            f"{list(image.shape)}: read it with molmo_point.load_image."
        )
