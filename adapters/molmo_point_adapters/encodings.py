"""The payload of a ROS `sensor_msgs/Image` as an array, and the reverse; no ROS is imported.

A message is anything with the fields of `ImageFields`: rclpy's, one out of a bag, or your own.
Encodings: `sensor_msgs/image_encodings.hpp` of ROS 2.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import ImageError
from molmo_point_adapters.bayer import PATTERNS, demosaic
from molmo_point_adapters.yuv import from_yuv422

__all__ = [
    "DEPTH_ENCODINGS",
    "ENCODINGS",
    "ImageFields",
    "decode_depth",
    "decode_image",
    "to_fields",
]

# Where red, green and blue are. A matrix type such as 8UC3 names no colours: the order is OpenCV's.
_CHANNELS = {
    "rgb8": (0, 1, 2),
    "bgr8": (2, 1, 0),
    "8UC3": (2, 1, 0),
    "rgba8": (0, 1, 2),
    "bgra8": (2, 1, 0),
    "8UC4": (2, 1, 0),
    "rgb16": (0, 1, 2),
    "bgr16": (2, 1, 0),
    "rgba16": (0, 1, 2),
    "bgra16": (2, 1, 0),
}
_FOUR = frozenset({"rgba8", "bgra8", "8UC4", "rgba16", "bgra16"})
_GREY = frozenset({"mono8", "mono16", "8UC1"})
_LUMA_FIRST = {"yuv422": False, "uyvy": False, "yuv422_yuy2": True, "yuyv": True}
_BAYER = {f"bayer_{pattern}{bits}": pattern for pattern in PATTERNS for bits in (8, 16)}

ENCODINGS = (*_CHANNELS, *sorted(_GREY), *_LUMA_FIRST, *_BAYER)
DEPTH_ENCODINGS = ("16UC1", "mono16", "32FC1")

_MILLIMETRES = np.float32(1000)


class ImageFields(Protocol):
    """The fields of a `sensor_msgs/Image` that say what its bytes are."""

    height: int
    width: int
    encoding: str
    is_bigendian: int
    step: int
    data: Any  # bytes, array.array, or an array of uint8


def decode_image(message: ImageFields) -> NDArray[np.uint8]:
    """The picture of a message; of 16-bit values the high byte, of four channels the first three.

    Args:
        message: an image in one of `ENCODINGS`, its rows perhaps padded, of either byte order.

    Returns:
        [H, W, 3] uint8, RGB, C-contiguous; it may be a read-only view of the message's memory.

    Raises:
        ImageError: the encoding is unknown or no picture, a side is zero, or the data do not fit.
    """
    name = message.encoding
    if name in _CHANNELS:
        return _pick(_pixels(message, 4 if name in _FOUR else 3), _CHANNELS[name])
    if name in _GREY:
        return np.repeat(_high_byte(_pixels(message, 1)), 3, axis=-1)
    if name in _BAYER:
        return _high_byte(demosaic(_pixels(message, 1)[..., 0], _BAYER[name]))
    if name in _LUMA_FIRST:
        if message.width % 2:
            raise ImageError(
                f"An image in {name} holds pairs of pixels, so its width is even, got "
                f"{message.width}."
            )
        pairs = _pixels(message, 2).reshape(message.height, message.width // 2, 4)
        return from_yuv422(pairs, luma_first=_LUMA_FIRST[name])
    if name in DEPTH_ENCODINGS:
        raise ImageError(f'"{name}" holds depth, not a picture: give it where depth is taken.')
    raise ImageError(f"The encoding {name!r:.60} is not known here: use {', '.join(ENCODINGS)}.")


def decode_depth(message: ImageFields) -> NDArray[np.float32]:
    """The depth of a message, by REP 118: 16UC1 in millimetres, 32FC1 in metres.

    Args:
        message: an image in one of `DEPTH_ENCODINGS`; mono16 is read as 16UC1.

    Returns:
        [H, W] float32, metres along the optical axis; NaN where it is unknown, which a message
        says by 0, a negative number, NaN or an infinity.

    Raises:
        ImageError: the encoding holds no depth, a side is zero, or the data do not fit.
    """
    if message.encoding not in DEPTH_ENCODINGS:
        raise ImageError(
            f"Depth comes in {' or '.join(DEPTH_ENCODINGS)}, got {message.encoding!r:.60}."
        )
    values = _pixels(message, 1)[..., 0]
    depth_m = values.astype(np.float32)
    if values.dtype.kind == "u":
        depth_m /= _MILLIMETRES
    depth_m[~((depth_m > 0) & (depth_m < np.inf))] = np.nan
    return depth_m


def to_fields(image: NDArray[np.uint8]) -> dict[str, Any]:
    """An array as the fields of a message: `Image(header=header, **to_fields(image))`.

    Args:
        image: [H, W, 3] uint8, RGB.

    Returns:
        height, width, encoding ("rgb8"), is_bigendian (0), step, and data: [H * W * 3] uint8.

    Raises:
        ImageError: the array is no such image.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise ImageError(f"An image is [H, W, 3] uint8, got {list(image.shape)} {image.dtype}.")
    height, width, _ = image.shape
    return {
        "height": height,
        "width": width,
        "encoding": "rgb8",
        "is_bigendian": 0,
        "step": 3 * width,
        "data": np.ascontiguousarray(image).reshape(-1),
    }


def _pixels(message: ImageFields, channels: int) -> NDArray[Any]:
    """[H, W, channels] in the message's memory: padding skipped, byte order kept in the dtype."""
    height, width, step, name = message.height, message.width, message.step, message.encoding
    if height <= 0 or width <= 0:
        raise ImageError(f"An image has at least one pixel, got {width}x{height}.")
    kind = "f4" if name.startswith("32F") else "u2" if "16" in name else "u1"
    dtype = np.dtype((">" if message.is_bigendian else "<") + kind)
    row = width * channels * dtype.itemsize
    if step < row:
        raise ImageError(
            f"A row of {width} pixels in {name} has {row} bytes, but the message's step is {step}."
        )
    data = np.frombuffer(message.data, np.uint8)
    needed = (height - 1) * step + row  # the last row's padding may be left out
    if data.size < needed:
        raise ImageError(
            f"An image of {width}x{height} in {name} with a step of {step} has {height * step} "
            f"bytes, but the message holds {data.size}."
        )
    return np.ndarray(
        (height, width, channels),
        dtype,
        data,
        strides=(step, channels * dtype.itemsize, dtype.itemsize),
    )


def _high_byte(values: NDArray[Any]) -> NDArray[np.uint8]:
    if values.dtype.itemsize == 1:
        return values
    narrow: NDArray[np.uint8] = (values >> 8).astype(np.uint8)
    return narrow


def _pick(pixels: NDArray[Any], order: tuple[int, int, int]) -> NDArray[np.uint8]:
    if order == (0, 1, 2) and pixels.shape[2] == 3 and pixels.dtype.itemsize == 1:
        return np.ascontiguousarray(pixels)
    rgb = np.empty((*pixels.shape[:2], 3), np.uint8)
    for target, source in enumerate(order):  # a channel at a time: faster than one fancy index
        rgb[..., target] = _high_byte(pixels[..., source])
    return rgb
