"""The resize against single-threaded torch, bit for bit."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from molmo_point.preprocessing.resize import resize_image


def resize_reference(image, height, width):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
        pixels = torch.nn.functional.interpolate(
            pixels, size=(height, width), mode="bilinear", align_corners=False, antialias=False
        )
    finally:
        torch.set_num_threads(threads)
    return pixels[0].permute(1, 2, 0).round().clamp(0, 255).to(torch.uint8).numpy()


def make_noise(height, width, seed=0):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        ((240, 320), (252, 252)),
        ((480, 640), (644, 910)),
        ((1080, 1920), (224, 224)),
        ((2160, 3840), (378, 378)),
        ((97, 64), (182, 182)),
        ((1, 1), (28, 42)),
        ((1, 300), (56, 56)),
        ((10, 20000), (182, 322)),
        ((364, 364), (182, 182)),
        ((91, 91), (182, 182)),
        ((182, 182), (182, 182)),
    ],
    ids=str,
)
def test_every_byte_is_torchs(source, target):
    image = make_noise(*source)
    np.testing.assert_array_equal(resize_image(image, *target), resize_reference(image, *target))


@given(sides=st.tuples(*[st.integers(1, 90)] * 4), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_every_byte_is_torchs_at_any_size(sides, seed):
    image = make_noise(*sides[:2], seed)
    np.testing.assert_array_equal(
        resize_image(image, *sides[2:]), resize_reference(image, *sides[2:])
    )


def test_values_halfway_between_bytes():
    """Halving a chequered image puts every value at 127.5."""
    image = np.zeros((128, 128, 3), dtype=np.uint8)
    image[::2, ::2] = image[1::2, 1::2] = 255
    image[..., 1] //= 3
    np.testing.assert_array_equal(resize_image(image, 64, 64), resize_reference(image, 64, 64))


def test_a_view_is_read_like_its_copy():
    image = make_noise(100, 80)[::-1, ::2]
    expected = resize_image(image.copy(), 70, 70)
    np.testing.assert_array_equal(resize_image(image, 70, 70), expected)
    same = resize_image(image, *image.shape[:2])
    assert same.flags.c_contiguous
    np.testing.assert_array_equal(same, image)
