"""Molmo's first generation: the image keeps its shape, and black fills up the canvas.

The geometry of crops is `crops.py`'s; what differs is that the image is scaled without stretching,
smoothed where it shrinks, and centred on its canvas, and that each patch knows how much of it is
image. Source: the published preprocessing (allenai/molmo, `olmo/data/model_preprocessor.py`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from molmo_point.preprocessing.crops import (
    CropConfig,
    ImageCrops,
    check_image,
    lay_out,
    select_tiling,
    view_patches,
)

__all__ = ["MOLMO_CROPS", "PaddedCrops", "crop_padded_image"]

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


def crop_padded_image(image: NDArray[np.uint8], config: CropConfig) -> PaddedCrops:
    """Prepare one image.

    Args:
        image: uint8 [H, W, 3], RGB, upright.
        config: of the checkpoint.

    Raises:
        ImageError: it is not such an array, or has no pixels.
    """
    check_image(image)
    height, width = image.shape[:2]
    tiling = select_tiling(height, width, config)
    size = (
        tiling[0] * config.window[0] + config.margin,
        tiling[1] * config.window[1] + config.margin,
    )
    canvas, real = _fit(image, size, config)
    whole = (canvas, real) if size == config.crop_size else _fit(image, config.crop_size, config)
    crops = 1 + tiling[0] * tiling[1]
    patches = config.crop_patches[0] * config.crop_patches[1]
    pixels = np.empty((crops, patches, config.patch_size**2 * 3), dtype=np.float32)
    pixels[:1] = view_patches(whole[0], (1, 1), config).reshape(1, patches, -1)
    pixels[1:] = view_patches(canvas, tiling, config).reshape(crops - 1, patches, -1)
    masks = np.full((crops, patches), -1, dtype=np.float32)
    shares = view_patches(np.repeat(real[..., None], 3, axis=2), tiling, config)
    masks[:-1] = shares.reshape(crops - 1, patches, -1).mean(-1)
    pooling, patch_map, grid = lay_out(tiling, config)
    return PaddedCrops(
        ImageCrops(pixels, pooling.copy(), grid, patch_map.copy(), (width, height)), masks
    )


def _fit(
    image: NDArray[np.uint8], size: tuple[int, int], config: CropConfig
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Scale and centre an image on a canvas of (H, W).

    Returns:
        float32 [H, W, 3] normalised, and float32 [H, W], 1 where there is image.
    """
    import torch
    from torch.nn.functional import interpolate

    height, width = image.shape[:2]
    # float32 and truncated, as in the published code: 1920x1080 becomes 1007x567
    ratio = min(np.float32(size[0]) / np.float32(height), np.float32(size[1]) / np.float32(width))
    inner = max(int(np.float32(height) * ratio), 1), max(int(np.float32(width) * ratio), 1)
    colours = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None].float() / 255
    scaled = interpolate(colours, inner, mode="bilinear", antialias=True, align_corners=False)
    top, left = (size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2
    canvas = np.zeros((*size, 3), dtype=np.float32)
    inside = (slice(top, top + inner[0]), slice(left, left + inner[1]))
    canvas[inside] = scaled[0].clamp(0, 1).permute(1, 2, 0).numpy()
    canvas -= np.array(config.image_mean, np.float32)
    canvas /= np.array(config.image_std, np.float32)
    real = np.zeros(size, dtype=np.float32)
    real[inside] = 1
    return canvas, real
