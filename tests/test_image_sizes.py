"""Images of one pixel, very wide ones, too large ones, and many at a time."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image, ImageFile

from molmo_point.images import load_image
from tests.test_images import NOISE, assert_same, encode, message, raw_png


class TestSizes:
    def test_one_pixel(self):
        pixel = np.array([[[7, 8, 9]]], np.uint8)
        assert_same(load_image(pixel), pixel)
        assert_same(load_image(encode(pixel)), pixel)

    def test_very_wide(self):
        wide = np.random.default_rng(2).integers(0, 256, (10, 20_000, 3), dtype=np.uint8)
        assert_same(load_image(encode(wide)), wide)

    @pytest.mark.parametrize(("width", "height"), [(10_000, 10_000), (60_000, 60_000)])
    def test_decompression_bomb(self, width, height, tmp_path):
        """Above Pillow's warning and above its error: the same sentence, and nothing decoded."""
        path = tmp_path / "bomb.png"
        path.write_bytes(raw_png(width, height, 1, 0, [b""]))
        assert message(path) == (
            f'Cannot read "{path}" as an image: it has {width * height:,} pixels, more than the '
            "limit of 89,478,485 against decompression bombs; make it smaller, or raise "
            "PIL.Image.MAX_IMAGE_PIXELS if you trust it."
        )

    def test_the_limit_of_the_caller_is_kept(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
        assert "it has 2,400 pixels, more than the limit of 1,000" in message(encode(NOISE))
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
        assert_same(load_image(encode(NOISE)), NOISE)

    def test_pillows_switches_are_left_alone(self):
        def switches():
            return Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, warnings.filters[:]

        before = switches()
        load_image(encode(NOISE))
        message(b"x")
        assert switches() == before

    def test_threads_do_not_disturb_each_other(self):
        before = warnings.filters[:]
        with ThreadPoolExecutor(4) as pool:
            for result in pool.map(load_image, [encode(NOISE)] * 80):
                assert_same(result, NOISE)
        assert warnings.filters[:] == before
