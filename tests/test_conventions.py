"""What docs/conventions.md says of other libraries is seen in them."""

import cv2
import numpy as np
import pytest
import skimage.transform
from PIL import Image

from molmo_point import draw_points, load_image
from molmo_point.geometry import Frame, from_pixel_centres, to_pixel_centres
from molmo_point.points import Points


def blob(size, x, y, sigma):
    """A soft spot about (x, y), sampled at the pixels' centres: [H, W] float32."""
    xs, ys = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5
    return np.exp(
        -((xs[None] - x) ** 2 + (ys[:, None] - y) ** 2) / (2 * sigma**2), dtype=np.float32
    )


def middle(picture):
    """Where the light of a picture is, in this project's frame: (x, y)."""
    rows, columns = np.indices(picture.shape)
    light = picture.sum(dtype=np.float64)
    indices = ((columns * picture).sum() / light, (rows * picture).sum() / light)
    return from_pixel_centres([indices])[0]


def by_opencv(picture, size):
    return cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR)


def by_pillow(picture, size):
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))


def by_skimage(picture, size):
    return skimage.transform.resize(picture, size[::-1], order=1, anti_aliasing=False)


@pytest.mark.parametrize("resize", [by_opencv, by_pillow, by_skimage])
@pytest.mark.parametrize("new_size", [(50, 30), (333, 97), (160, 240)], ids=str)
def test_resizing_puts_corners_on_corners(resize, new_size):
    copy = resize(blob((160, 120), 61.3, 40.8, 9.0), new_size)
    expected = Frame.resized((160, 120), new_size).to_frame([[61.3, 40.8]])[0]
    np.testing.assert_allclose(middle(copy), expected, atol=0.02)  # half a pixel would be 0.5


def test_opencv_samples_arrays_at_pixel_centres():
    ramp = np.tile(np.arange(8, dtype=np.float32) + 0.5, (6, 1))  # the value is x here
    x, y = to_pixel_centres([[3.25, 2.0]]).astype(np.float32)[0]
    value = cv2.remap(ramp, np.full((1, 1), x), np.full((1, 1), y), cv2.INTER_LINEAR)
    assert value[0, 0] == pytest.approx(3.25)


@pytest.mark.parametrize("x", [20.0, 20.5, 20.99])
def test_a_point_in_a_pixel_is_drawn_about_that_pixel(x):
    black = np.zeros((41, 41, 3), np.uint8)
    drawn = draw_points(black, Points.from_xy([[x, x]], (41, 41)), caption=False, numbered=False)
    light = drawn.max(axis=-1).astype(np.float64)
    np.testing.assert_allclose(middle(light), (20.5, 20.5), atol=0.2)


def test_points_are_of_the_image_after_its_exif_rotation(tmp_path):
    path, upright = tmp_path / "turned.jpg", np.zeros((48, 32, 3), np.uint8)
    upright[8:16, 16:24] = 255  # its middle is (20, 12)
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by a quarter clockwise
    Image.fromarray(np.ascontiguousarray(np.rot90(upright))).save(path, exif=exif, quality=95)
    with Image.open(path) as stored:
        assert stored.size == (48, 32)
    pixels = load_image(path)
    assert pixels.shape == (48, 32, 3)
    np.testing.assert_allclose(middle((pixels[..., 0] > 128).astype(np.float64)), (20, 12))
