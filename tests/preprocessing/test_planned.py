"""Crops cut by a device, here by the kernel's plain form: those of the preprocessing."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from molmo_point.models.molmo.processor import MolmoProcessor
from molmo_point.models.registry import open_model
from molmo_point.preprocessing.crops import CropConfig, crop_image
from molmo_point.preprocessing.padded import MOLMO_CROPS, crop_padded_image
from molmo_point.preprocessing.planned import crop_on, crop_padded_on, cuts_crops

MOLMO2 = CropConfig(
    crop_size=(378, 378), patch_size=14, max_crops=8, overlap_margins=(4, 4),
    pooling_size=(2, 2), image_mean=(0.5, 0.5, 0.5), image_std=(0.5, 0.5, 0.5),
)  # fmt: skip
CPU = torch.device("cpu")


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def same_rounding(ours, theirs):
    """A value halfway between two bytes may fall to either side in another order of arithmetic."""
    off = np.abs(np.asarray(ours) - np.asarray(theirs))
    assert off.shape == theirs.shape
    assert (off > 1e-5).mean() < 1e-4
    assert off.max() < 2 / 255 + 1e-5


@pytest.mark.parametrize(("height", "width"), [(97, 130), (480, 640), (33, 700)])
def test_a_device_cuts_as_molmo2s_preprocessing(height, width):
    image = picture(height, width)
    ours, theirs = crop_on(image, MOLMO2, CPU), crop_image(image, MOLMO2)
    same_rounding(ours.pixel_values, theirs.pixel_values)
    np.testing.assert_array_equal(ours.token_pooling, theirs.token_pooling)
    np.testing.assert_array_equal(ours.patch_map, theirs.patch_map)
    assert (ours.grid, ours.image_size) == (theirs.grid, theirs.image_size)


@pytest.mark.parametrize(("height", "width"), [(97, 130), (480, 640), (700, 333)])
def test_a_device_cuts_as_molmos_preprocessing(height, width):
    image = picture(height, width)
    ours, theirs = crop_padded_on(image, MOLMO_CROPS, CPU), crop_padded_image(image, MOLMO_CROPS)
    assert np.abs(ours.crops.pixel_values.numpy() - theirs.crops.pixel_values).max() < 1e-5
    np.testing.assert_array_equal(ours.masks, theirs.masks)
    np.testing.assert_array_equal(ours.crops.token_pooling, theirs.crops.token_pooling)


def test_processors_can_leave_it_to_a_device(byte_tokenizer):
    image = picture(310, 210)  # scaled by 6 to 5 as 300 is, many values lie halfway
    grounded = open_model().processor
    here = grounded.encode_image_prefix([image])
    there = replace(grounded, device=CPU).encode_image_prefix([image])
    same_rounding(there.pixel_values, here.pixel_values)
    assert torch.equal(there.image_token_pooling, here.image_token_pooling)
    first = MolmoProcessor(byte_tokenizer(600))
    here = first.encode_image_prefix([image])
    there = replace(first, device=CPU).encode_image_prefix([image])
    assert float((there.pixel_values - here.pixel_values).abs().max()) < 1e-5
    assert torch.equal(there.image_masks, here.image_masks)


def test_only_square_crops_are_for_the_kernel():
    assert cuts_crops(MOLMO2)
    assert not cuts_crops(replace(MOLMO2, crop_size=(378, 392)))
