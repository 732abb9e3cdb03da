"""Molmo's first generation: the image keeps its shape, and black fills up the canvas.

The geometry of crops is `crops.py`'s; what differs is that the image is scaled without stretching,
smoothed where it shrinks, and centred on its canvas, and that each patch knows how much of it is
image. Source: the published preprocessing (allenai/molmo, `olmo/data/model_preprocessor.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from molmo_point.preprocessing.crops import (
    CropConfig,
    ImageCrops,
    check_image,
    normalise,
    select_tiling,
    view_patches,
)
from molmo_point.preprocessing.shrink import scale_smoothly

__all__ = [
    "MOLMO_CROPS",
    "PaddedCrops",
    "crop_padded_image",
    "fit_inside",
    "mask_padding",
]

MOLMO_CROPS = CropConfig(
    crop_size=(336, 336),
    patch_size=14,
    max_crops=12,
    overlap_margins=(4, 4),
    pooling_size=(2, 2),
    image_mean=(0.48145466, 0.4578275, 0.40821073),
    image_std=(0.26862954, 0.26130258, 0.27577711),
)
"""As all published checkpoints of the first generation were trained; CLIP's mean and deviation."""


@dataclass(frozen=True, slots=True)
class PaddedCrops:
    """What the first generation's vision encoder sees of one image.

    Attributes:
        crops: pixels and geometry.
        masks: float32 [C, P], the share of each patch that is image. As in training, the rows are
            one crop late: row k is that of crop k + 1, and the last row is -1.
    """

    crops: ImageCrops
    masks: NDArray[np.float32]


def crop_padded_image(
    image: NDArray[np.uint8], config: CropConfig, *, fast: bool = False
) -> PaddedCrops:
    """Prepare one image.

    Args:
        image: uint8 [H, W, 3], RGB, upright.
        config: of the checkpoint.
        fast: scale in bytes, several times faster; a colour is off by 1/255 of its range at most.

    Raises:
        ImageError: it is not such an array, or has no pixels.
    """
    check_image(image)
    height, width = image.shape[:2]
    side = config.patch_size
    tiling = select_tiling(height, width, config)
    size = (
        tiling[0] * config.window[0] + config.margin,
        tiling[1] * config.window[1] + config.margin,
    )
    fit = _fit_bytes if fast else _fit
    canvas = fit(image, size, config)
    whole = canvas if size == config.crop_size else fit(image, config.crop_size, config)
    seen = view_patches(canvas, tiling, config)
    patches = np.empty((1 + tiling[0] * tiling[1], *seen.shape[2:]), dtype=canvas.dtype)
    patches[:1] = view_patches(whole, (1, 1), config)[0]
    patches[1:].reshape(seen.shape)[...] = seen
    pixels = normalise(patches, config) if fast else patches.reshape(len(patches), -1, 3 * side**2)
    own = ImageCrops.lay_out(pixels, tiling, config, (width, height))
    return PaddedCrops(own, mask_padding(height, width, tiling, config))


def fit_inside(height: int, width: int, size: tuple[int, int]) -> tuple[int, int]:
    """(height, width) of an image that is scaled, in its own shape, to fit a canvas of (H, W).

    float32 and truncated, as in the published code: 1920x1080 becomes 1007x567.
    """
    ratio = min(np.float32(size[0]) / np.float32(height), np.float32(size[1]) / np.float32(width))
    return max(int(np.float32(height) * ratio), 1), max(int(np.float32(width) * ratio), 1)


def mask_padding(
    height: int, width: int, tiling: tuple[int, int], config: CropConfig
) -> NDArray[np.float32]:
    """Masks of an image's crops; see `PaddedCrops`.

    A patch's share of image is the mean over its pixels: rows times columns of them that are.
    """
    size = (
        tiling[0] * config.window[0] + config.margin,
        tiling[1] * config.window[1] + config.margin,
    )
    inner = fit_inside(height, width, size)
    parts = []
    for axis in (0, 1):
        start = (size[axis] - inner[axis]) // 2
        real = np.zeros(size[axis], dtype=np.int64)
        real[start : start + inner[axis]] = 1
        starts = np.arange(tiling[axis])[:, None] * config.window[axis]
        patches = starts + np.arange(config.crop_patches[axis]) * config.patch_size
        pixels = patches[..., None] + np.arange(config.patch_size)
        parts.append(real[pixels].sum(-1))  # [crops, patches]
    counts = parts[0][:, None, :, None] * parts[1][None, :, None, :]
    shares = counts.astype(np.float32) / np.float32(config.patch_size**2)  # rounded once
    crops = tiling[0] * tiling[1]
    masks = np.full((crops + 1, shares.size // crops), -1, dtype=np.float32)
    masks[:-1] = shares.reshape(crops, -1)
    return masks


def _fit(
    image: NDArray[np.uint8], size: tuple[int, int], config: CropConfig
) -> NDArray[np.float32]:
    """Scale and centre an image on a canvas of (H, W): float32 [H, W, 3], normalised."""
    top, left, inner = _place(image, size)
    mean, std = np.array(config.image_mean, np.float32), np.array(config.image_std, np.float32)
    scale, shift = 1 / (np.float32(255) * std), -mean / std
    canvas = np.tile(shift, (size[0], size[1])).reshape(*size, 3)
    out = canvas[top : top + inner[0], left : left + inner[1]]
    scale_smoothly(
        np.ascontiguousarray(image), *inner, tuple(scale.tolist()), tuple(shift.tolist()), out
    )
    return canvas


def _fit_bytes(
    image: NDArray[np.uint8], size: tuple[int, int], config: CropConfig
) -> NDArray[np.uint8]:
    """The same as bytes, not normalised, in torch's arithmetic for bytes."""
    top, left, inner = _place(image, size)
    pixels = torch.from_numpy(np.ascontiguousarray(image))[None].permute(0, 3, 1, 2)
    scaled = torch.nn.functional.interpolate(pixels, size=inner, mode="bilinear", antialias=True)
    canvas = np.zeros((*size, 3), dtype=np.uint8)
    canvas[top : top + inner[0], left : left + inner[1]] = scaled[0].permute(1, 2, 0).numpy()
    return canvas


def _place(image: NDArray[np.uint8], size: tuple[int, int]) -> tuple[int, int, tuple[int, int]]:
    """Top, left and (height, width) of an image on a canvas of (H, W)."""
    inner = fit_inside(image.shape[0], image.shape[1], size)
    return (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2, inner
