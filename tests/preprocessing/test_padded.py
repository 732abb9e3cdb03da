"""The first generation's canvas: exact by default, within a level of 255 in the fast mode."""

import numpy as np
import pytest
import torch

from molmo_point.preprocessing.crops import select_tiling
from molmo_point.preprocessing.padded import (
    MOLMO_CROPS,
    crop_padded_image,
    fit_inside,
    mask_padding,
)
from molmo_point.preprocessing.shrink import scale_smoothly

STD = np.array(MOLMO_CROPS.image_std, np.float32)


def noise(height, width):
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [(300, 500), (37, 900), (1, 1)], ids=str)
def test_the_fast_mode_rounds_and_nothing_else(size):
    exact = crop_padded_image(noise(*size), MOLMO_CROPS)
    fast = crop_padded_image(noise(*size), MOLMO_CROPS, fast=True)
    off = (fast.crops.pixel_values - exact.crops.pixel_values).reshape(-1, 3) * 255 * STD
    assert np.abs(off).max() < 1.01
    assert np.abs(off).mean() < 0.35
    np.testing.assert_array_equal(fast.masks, exact.masks)
    np.testing.assert_array_equal(fast.crops.token_pooling, exact.crops.token_pooling)


@pytest.mark.parametrize("target", [(20, 31), (90, 80), (1, 7)], ids=str)
def test_colours_are_scaled_and_shifted_into_a_part_of_an_array(target):
    image = noise(50, 70)
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    wanted = torch.nn.functional.interpolate(pixels, size=target, mode="bilinear", antialias=True)
    wanted = wanted[0].permute(1, 2, 0).numpy() * np.array([1, 0.5, 2]) + np.array([0, 3, -1])
    whole = np.full((target[0] + 2, target[1] + 3, 3), 7, dtype=np.float32)
    scale_smoothly(image, *target, (1.0, 0.5, 2.0), (0.0, 3.0, -1.0), whole[1:-1, 2:-1])
    np.testing.assert_allclose(whole[1:-1, 2:-1], wanted, atol=2e-4)
    assert (whole[[0, -1]] == 7).all()
    assert (whole[:, [0, 1, -1]] == 7).all()


@pytest.mark.parametrize("size", [(644, 364), (364, 644), (500, 300), (611, 777)], ids=str)
def test_a_mask_is_the_mean_over_its_patch(size):
    height, width = size
    tiling = select_tiling(height, width, MOLMO_CROPS)
    canvas = [tiling[axis] * MOLMO_CROPS.window[axis] + MOLMO_CROPS.margin for axis in (0, 1)]
    inner = fit_inside(height, width, (canvas[0], canvas[1]))
    top, left = ((canvas[axis] - inner[axis]) // 2 for axis in (0, 1))
    real = np.zeros(canvas, np.float32)
    real[top : top + inner[0], left : left + inner[1]] = 1
    masks = mask_padding(height, width, tiling, MOLMO_CROPS)
    side, patch = MOLMO_CROPS.crop_size[0], MOLMO_CROPS.patch_size
    for number in range(tiling[0] * tiling[1]):
        i, j = divmod(number, tiling[1])
        y, x = i * MOLMO_CROPS.window[0], j * MOLMO_CROPS.window[1]
        crop = real[y : y + side, x : x + side].reshape(side // patch, patch, side // patch, patch)
        mean = torch.from_numpy(crop.transpose(0, 2, 1, 3).reshape(-1, patch * patch)).mean(-1)
        np.testing.assert_array_equal(masks[number], mean.numpy())
