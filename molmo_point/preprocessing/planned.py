"""Crops cut by a GPU: what the kernel must know of an image's size, and one launch."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from molmo_point.kernels.crop_patches import AxisTaps, CropPlan, crop_patches, make_taps
from molmo_point.preprocessing.crops import CropConfig, ImageCrops, check_image, select_tiling
from molmo_point.preprocessing.padded import PaddedCrops, fit_inside, mask_padding

__all__ = ["crop_on", "crop_padded_on", "cuts_crops", "plan_crops"]


@lru_cache(maxsize=64)
def plan_crops(
    height: int,
    width: int,
    tiling: tuple[int, int],
    config: CropConfig,
    *,
    device: torch.device,
    padded: bool = False,
) -> CropPlan:
    """The crops of an image: that of the whole, then those of the tiling row by row.

    Args:
        height: pixels of the image.
        width: pixels of the image.
        tiling: (rows, cols) of crops.
        config: of the checkpoint.
        device: where the images will be.
        padded: scaled and centred as for the first generation, instead of stretched.
    """
    whole = config.crop_size
    canvas = (
        tiling[0] * config.window[0] + config.margin,
        tiling[1] * config.window[1] + config.margin,
    )
    axes: list[list[AxisTaps]] = [[], []]
    for size in (whole, canvas):
        inner = fit_inside(height, width, size) if padded else size
        for axis, source in enumerate((height, width)):
            taps = make_taps(source, inner[axis], size=size[axis], antialias=padded)
            axes[axis].append(taps)
    counts = [[part.weights.shape[1] for part in axis] for axis in axes]
    crops = [[0, 0, counts[0][0], counts[1][0]]]
    for i in range(tiling[0]):
        for j in range(tiling[1]):
            place = whole[0] + i * config.window[0], whole[1] + j * config.window[1]
            crops.append([*place, counts[0][1], counts[1][1]])
    mean, std = np.array(config.image_mean, np.float64), np.array(config.image_std, np.float64)
    scale = torch.tensor([*(1 / (255 * std)), *(-mean / std)], dtype=torch.float32)
    return CropPlan(
        rows=AxisTaps.join(axes[0]),
        cols=AxisTaps.join(axes[1]),
        crops=torch.tensor(crops, dtype=torch.int32),
        crop=whole[0],
        patch=config.patch_size,
        rounds=not padded,
        scale=scale,
    ).to(device)


def cuts_crops(config: CropConfig) -> bool:
    """Whether a CUDA GPU can cut such crops here: they are square, and Triton is installed."""
    return config.crop_size[0] == config.crop_size[1] and find_spec("triton") is not None


def crop_on(image: NDArray[np.uint8], config: CropConfig, device: torch.device) -> ImageCrops:
    """`crops.crop_image`, cut by the device itself.

    Args:
        image: uint8 [H, W, 3], RGB, upright.
        config: of the checkpoint; of square crops.
        device: where the pixels will be.

    Raises:
        ImageError: it is not such an array, or has no pixels.
    """
    check_image(image)
    height, width = image.shape[:2]
    tiling = select_tiling(height, width, config)
    pixels = _cut(image, plan_crops(height, width, tiling, config, device=device))
    return ImageCrops.lay_out(pixels, tiling, config, (width, height))


def crop_padded_on(
    image: NDArray[np.uint8], config: CropConfig, device: torch.device
) -> PaddedCrops:
    """`padded.crop_padded_image`, likewise."""
    check_image(image)
    height, width = image.shape[:2]
    tiling = select_tiling(height, width, config)
    pixels = _cut(image, plan_crops(height, width, tiling, config, padded=True, device=device))
    crops = ImageCrops.lay_out(pixels, tiling, config, (width, height))
    return PaddedCrops(crops, mask_padding(height, width, tiling, config))


def _cut(image: NDArray[np.uint8], plan: CropPlan) -> Tensor:
    return crop_patches(torch.from_numpy(np.ascontiguousarray(image)).to(plan.crops.device), plan)
