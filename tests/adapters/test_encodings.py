"""Payloads of image messages: what OpenCV reads, however the rows lie in memory."""

import array
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from molmo_point.errors import ImageError
from molmo_point_adapters.encodings import (
    DEPTH_ENCODINGS,
    ENCODINGS,
    decode_depth,
    decode_image,
    to_fields,
)

RGB = np.random.default_rng(0).integers(0, 256, (6, 8, 3), dtype=np.uint8)
ONCE = {"rgb": RGB, "bgr": RGB[..., ::-1]}


def message(encoding, pixels, *, big=False, padding=0, wrap=bytes, **changes):
    """`pixels` [H, W, ...] in native order as the payload of an image."""
    height, width = pixels.shape[:2]
    if pixels.dtype.itemsize > 1:
        pixels = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<"))
    rows = np.ascontiguousarray(pixels).reshape(height, -1).view(np.uint8)
    data = np.pad(rows, ((0, 0), (0, padding)), constant_values=255)
    fields = {
        "height": height,
        "width": width,
        "encoding": encoding,
        "is_bigendian": int(big),
        "step": data.shape[1],
        "data": wrap(data.tobytes()),
    }
    return SimpleNamespace(**(fields | changes))


def to_array(data):
    """What rclpy holds."""
    return array.array("B", data)


def with_alpha(pixels, value=7):
    return np.concatenate([pixels, np.full_like(pixels[..., :1], value)], axis=-1)


def pack(rgb, luma_first):
    """4:2:2 by OpenCV, [H, W, 2]."""
    code = cv2.COLOR_RGB2YUV_YUY2 if luma_first else cv2.COLOR_RGB2YUV_UYVY
    return cv2.cvtColor(rgb, code)


@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize(
    "wrap", [bytes, bytearray, memoryview, lambda data: array.array("B", data)]
)
@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_three_and_four_channels(order, wrap, padding):
    shade = {"padding": padding, "wrap": wrap}
    for encoding, pixels in ((f"{order}8", ONCE[order]), (f"{order}a8", with_alpha(ONCE[order]))):
        image = decode_image(message(encoding, pixels, **shade))
        np.testing.assert_array_equal(image, RGB)
        assert image.flags.c_contiguous
        assert image.dtype == np.uint8


@pytest.mark.parametrize("padding", [0, 3])
@pytest.mark.parametrize("big", [False, True])
def test_sixteen_bits_keep_their_high_byte(big, padding):
    fine = RGB.astype(np.uint16) * 256 + 200
    for order in ("rgb", "bgr"):
        pixels = fine if order == "rgb" else fine[..., ::-1]
        for encoding, payload in ((f"{order}16", pixels), (f"{order}a16", with_alpha(pixels))):
            image = decode_image(message(encoding, payload, big=big, padding=padding))
            np.testing.assert_array_equal(image, RGB)
    grey = decode_image(message("mono16", fine[..., 0], big=big, padding=padding))
    np.testing.assert_array_equal(grey, np.repeat(RGB[..., :1], 3, axis=-1))


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
def test_grey(encoding):
    image = decode_image(message(encoding, RGB[..., 1], padding=3))
    np.testing.assert_array_equal(image, np.repeat(RGB[..., 1:2], 3, axis=-1))


def test_matrix_types_have_the_order_of_opencv():
    for encoding, pixels in (("8UC3", ONCE["bgr"]), ("8UC4", with_alpha(ONCE["bgr"]))):
        np.testing.assert_array_equal(decode_image(message(encoding, pixels)), RGB)


@pytest.mark.parametrize(
    ("encoding", "luma_first"),
    [("yuv422", False), ("uyvy", False), ("yuv422_yuy2", True), ("yuyv", True)],
)
@pytest.mark.parametrize("padding", [0, 6])
def test_yuv_is_read_as_opencv_reads_it(encoding, luma_first, padding):
    """Every value of Y, U and V, not those of real colours alone."""
    packed = np.random.default_rng(1).integers(0, 256, (100, 640, 2), dtype=np.uint8)
    code = cv2.COLOR_YUV2RGB_YUY2 if luma_first else cv2.COLOR_YUV2RGB_UYVY
    image = decode_image(message(encoding, packed, padding=padding))
    difference = np.abs(image.astype(int) - cv2.cvtColor(packed, code))
    assert difference.max() <= 1
    assert (difference > 0).mean() < 0.05  # theirs is fixed-point of few bits


def test_yuv_of_plain_colours():
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]])
    rgb = np.repeat(colours[None], 2, axis=1).astype(np.uint8)[:, :10]
    image = decode_image(message("yuyv", pack(rgb, luma_first=True)))
    assert np.abs(image.astype(int) - rgb).max() <= 3  # 8-bit YUV holds no more


@pytest.mark.parametrize("shape", [(24, 32), (23, 31), (2, 2)])
@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_is_demosaiced_as_opencv_does_it(pattern, bits, shape):
    kind = np.uint8 if bits == 8 else np.uint16
    mosaic = np.random.default_rng(2).integers(0, 2**bits, shape).astype(kind)
    image = decode_image(message(f"bayer_{pattern}{bits}", mosaic, padding=2))
    assert image.shape == (*shape, 3)
    if min(shape) > 2:  # on the outermost pixels OpenCV repeats the row within
        code = getattr(cv2, f"COLOR_Bayer{pattern.upper()}2RGB")
        theirs = (cv2.cvtColor(mosaic, code) >> (bits - 8)).astype(np.uint8)
        np.testing.assert_array_equal(image[1:-1, 1:-1], theirs[1:-1, 1:-1])


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_of_one_colour_is_that_colour_to_the_edge(pattern):
    colour = {"r": 200, "g": 120, "b": 40}
    cell = np.array([colour[name] for name in pattern], np.uint8).reshape(2, 2)
    image = decode_image(message(f"bayer_{pattern}8", np.tile(cell, (4, 5))))
    np.testing.assert_array_equal(image, np.broadcast_to([200, 120, 40], (8, 10, 3)))


@pytest.mark.parametrize("big", [False, True])
def test_depth_in_millimetres_and_in_metres(big):
    deep = np.array([[0, 1, 1500], [65535, 250, 3]], np.uint16)
    expected = np.array([[np.nan, 0.001, 1.5], [65.535, 0.25, 0.003]], np.float32)
    for encoding in ("16UC1", "mono16"):
        found = decode_depth(message(encoding, deep, big=big, padding=2))
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    flat = np.array([[0.0, -1.0, 1.5], [np.inf, np.nan, -np.inf]], np.float32)
    found = decode_depth(message("32FC1", flat, big=big, padding=4))
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, [[np.nan, np.nan, 1.5], [np.nan] * 3])


def test_depth_leaves_the_message_as_it_was():
    flat = np.zeros((2, 3), np.float32)
    decode_depth(message("32FC1", flat, wrap=lambda data: flat.reshape(-1).view(np.uint8)))
    assert (flat == 0).all()


def test_last_row_may_lack_its_padding():
    whole = message("rgb8", RGB, padding=4)
    whole.data = whole.data[:-4]
    np.testing.assert_array_equal(decode_image(whole), RGB)


def test_out_and_in_again():
    fields = to_fields(RGB[:, ::2])
    assert fields["data"].shape == (6 * 4 * 3,)
    np.testing.assert_array_equal(decode_image(SimpleNamespace(**fields)), RGB[:, ::2])


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_that_is_named_is_read(encoding):
    image = decode_image(message(encoding, np.zeros((4, 6, 8), np.uint8), step=48))
    assert image.shape == (4, 6, 3)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"encoding": "jpeg"}, "'jpeg' is not known here: use rgb8, "),
        ({"encoding": "16UC1"}, "depth, not a picture"),
        ({"width": 0}, "at least one pixel, got 0x6"),
        ({"height": 0}, "at least one pixel, got 8x0"),
        ({"step": 23}, "8 pixels in rgb8 has 24 bytes, but the message's step is 23"),
        ({"data": b"12"}, "8x6 in rgb8 with a step of 24 has 144 bytes, but the message holds 2"),
        ({"data": b""}, "holds 0"),
        ({"height": 2**31}, "but the message holds 144"),
        ({"encoding": "yuyv", "width": 7}, "so its width is even, got 7"),
        ({"encoding": "bayer_rggb8", "width": 1}, "at least 2x2 pixels, got 1x6"),
    ],
)
def test_a_message_that_cannot_be_is_refused_in_a_sentence(change, words):
    change = dict(change)
    with pytest.raises(ImageError) as caught:
        decode_image(message(change.pop("encoding", "rgb8"), RGB, **change))
    assert words in str(caught.value)


def test_a_picture_is_no_depth():
    with pytest.raises(ImageError, match=f"{' or '.join(DEPTH_ENCODINGS)}, got 'rgb8'"):
        decode_depth(message("rgb8", RGB))


@pytest.mark.parametrize("image", [RGB[..., 0], RGB.astype(float), RGB[:0]])
def test_what_is_no_image_does_not_go_out(image):
    with pytest.raises(ImageError, match="uint8, got"):
        to_fields(image)
