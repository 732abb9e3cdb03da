"""Pixels of the original image <-> every other space in which a place in it is written down.

Everywhere x runs right, y runs down, and the origin is the top-left corner of the top-left pixel
(docs/conventions.md). A copy of the image (resized, padded, cut out) is a `Frame`; the unit spaces
and the half pixel of other libraries are plain functions. All take [N, 2] and give [N, 2] float64.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike, NDArray

from molmo_point.errors import InvalidPoint, SizeMismatch

__all__ = [
    "Frame",
    "check_size",
    "from_css",
    "from_norm",
    "from_percent",
    "from_permille",
    "from_pixel_centres",
    "to_array_index",
    "to_css",
    "to_norm",
    "to_percent",
    "to_permille",
    "to_pixel_centres",
]

_EDGE = 1e-6
"""Pixels outside the image that are taken as rounding, not as a mistake."""

_LARGEST_SIDE = 2**31 - 1


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """(width, height) as plain ints.

    Raises:
        InvalidPoint: they are not two whole numbers from 1 to 2**31 - 1; truth values and text are
            no numbers.
    """
    try:
        width, height = (_side(side) for side in size)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidPoint(
            f"An image size is (width, height), two whole numbers of at least 1, got {size!r:.80}."
        ) from error
    return width, height


def _side(value: object) -> int:
    if isinstance(value, bool | np.bool_ | str | bytes):
        raise TypeError("no number")
    side = float(value)  # type: ignore[arg-type]  # a TypeError is what the caller expects
    if not (side.is_integer() and 1 <= side <= _LARGEST_SIDE):
        raise ValueError("no side")
    return int(side)


def _rows(xy: ArrayLike) -> NDArray[np.float64]:
    """[N, 2] float64, in memory of its own."""
    try:
        rows = np.array(xy, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InvalidPoint(f"Coordinates are numbers [N, 2], got {xy!r:.80}.") from error
    if rows.size == 0:
        return np.zeros((0, 2))
    if rows.ndim != 2 or rows.shape[1] != 2:
        raise InvalidPoint(
            f"Coordinates are rows of x and y, [N, 2], got an array of shape {list(rows.shape)}."
        )
    if not np.isfinite(rows).all():
        row = int(np.argmin(np.isfinite(rows).all(axis=1)))
        raise InvalidPoint(f"Coordinates are finite, got {rows[row].tolist()} in row {row}.")
    return rows


def _sides(image_size: tuple[int, int]) -> NDArray[np.float64]:
    return np.array(check_size(image_size), dtype=np.float64)


def _ratio(ratio: float) -> float:
    if not (math.isfinite(ratio) and ratio > 0):
        raise InvalidPoint(f"A device-pixel ratio is a number above 0, got {ratio}.")
    return float(ratio)


@dataclass(frozen=True, slots=True)
class Frame:
    """A copy of an image whose axes are the image's: `xy in the copy = xy * scale + offset`.

    Made by `whole`, `resized`, `letterboxed`, `cropped` and `tiles`, chained by `then`.

    >>> crop = Frame.cropped((640, 480), (100, 50, 300, 250))
    >>> frame = crop.then(Frame.resized(crop.size, (50, 50)))
    >>> frame.to_frame([[100, 50], [300, 150]]).tolist()
    [[0.0, 0.0], [50.0, 25.0]]
    >>> frame.to_image([[50, 25]]).tolist()
    [[300.0, 150.0]]

    Attributes:
        image_size: (width, height) of the original image, pixels.
        size: (width, height) of the copy, pixels.
        scale: pixels of the copy in one pixel of the image, (along x, along y).
        offset: where the image's origin lies in the copy, (x, y) in pixels of the copy.

    Raises:
        InvalidPoint: a size is not positive, the scale is not, or a number is not finite.
    """

    image_size: tuple[int, int]
    size: tuple[int, int]
    scale: tuple[float, float] = (1.0, 1.0)
    offset: tuple[float, float] = (0.0, 0.0)

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_size", check_size(self.image_size))
        object.__setattr__(self, "size", check_size(self.size))
        if not all(math.isfinite(value) and value > 0 for value in self.scale):
            raise InvalidPoint(f"A scale is two numbers above 0, got {self.scale}.")
        if not all(math.isfinite(value) for value in self.offset):
            raise InvalidPoint(f"An offset is two finite numbers, got {self.offset}.")

    @classmethod
    def whole(cls, image_size: tuple[int, int]) -> Frame:
        """The image itself."""
        return cls(image_size, image_size)

    @classmethod
    def resized(cls, image_size: tuple[int, int], new_size: tuple[int, int]) -> Frame:
        """A copy stretched to `new_size`, as by `cv2.resize` or `PIL.Image.resize`."""
        width, height = check_size(image_size)
        new_width, new_height = check_size(new_size)
        return cls(image_size, new_size, (new_width / width, new_height / height))

    @classmethod
    def letterboxed(
        cls, image_size: tuple[int, int], new_size: tuple[int, int], *, centred: bool = True
    ) -> Frame:
        """The largest copy of the same aspect that fits `new_size`, padded to fill it.

        The copy has whole pixels (rounded half up, at least 1), so that the two scales can differ a
        little, as they do in the picture.

        Args:
            image_size: (width, height) of the image.
            new_size: (width, height) with the padding.
            centred: pad both sides, an odd pixel on the right or bottom; else pad right and bottom.

        >>> Frame.letterboxed((200, 100), (64, 64)).offset
        (0.0, 16.0)
        """
        width, height = check_size(image_size)
        new_width, new_height = check_size(new_size)
        scale = min(new_width / width, new_height / height)
        inner_width = min(new_width, max(1, math.floor(width * scale + 0.5)))
        inner_height = min(new_height, max(1, math.floor(height * scale + 0.5)))
        left, top = (new_width - inner_width) // 2, (new_height - inner_height) // 2
        return cls(
            image_size,
            new_size,
            (inner_width / width, inner_height / height),
            (float(left), float(top)) if centred else (0.0, 0.0),
        )

    @classmethod
    def cropped(cls, image_size: tuple[int, int], box: tuple[int, int, int, int]) -> Frame:
        """What `image[top:bottom, left:right]` cuts out.

        Args:
            image_size: (width, height) of the image.
            box: (left, top, right, bottom), pixel edges; right and bottom are not part of it.

        Raises:
            SizeMismatch: the box is empty or leaves the image: slicing would cut it silently.
        """
        width, height = check_size(image_size)
        left, top, right, bottom = box
        if not (0 <= left < right <= width and 0 <= top < bottom <= height):
            raise SizeMismatch(
                f"A crop (left, top, right, bottom) lies inside the image and has an area, "
                f"got {tuple(box)} in {width}x{height}."
            )
        return cls(image_size, (right - left, bottom - top), offset=(-float(left), -float(top)))

    @classmethod
    def tiles(
        cls, image_size: tuple[int, int], grid: tuple[int, int], *, margin: int = 0
    ) -> tuple[Frame, ...]:
        """Crops that cover the image, row by row; without a margin each pixel is in one of them.

        Args:
            image_size: (width, height) of the image.
            grid: (rows, columns) of tiles.
            margin: pixels by which a tile reaches into its neighbours on each side.

        Raises:
            SizeMismatch: there are more rows or columns than pixels.
        """
        width, height = check_size(image_size)
        columns_rows = check_size((grid[1], grid[0]))
        if columns_rows[0] > width or columns_rows[1] > height or margin < 0:
            raise SizeMismatch(
                f"A tile has at least one pixel and a margin of at least 0, got {grid} (rows, "
                f"columns) with margin {margin} on {width}x{height}."
            )
        xs, ys = (
            [i * side // parts for i in range(parts + 1)]
            for side, parts in zip((width, height), columns_rows, strict=True)
        )
        return tuple(
            cls.cropped(
                image_size,
                (
                    max(0, left - margin),
                    max(0, top - margin),
                    min(width, right + margin),
                    min(height, bottom + margin),
                ),
            )
            for top, bottom in pairwise(ys)
            for left, right in pairwise(xs)
        )

    def then(self, copy: Frame) -> Frame:
        """The frame of a copy of this copy.

        Raises:
            SizeMismatch: `copy` was made of an image of another size.
        """
        if copy.image_size != self.size:
            raise SizeMismatch(
                f"A frame of a {_by(copy.image_size)} image cannot follow a copy of "
                f"{_by(self.size)}: make it of the copy's size."
            )
        (sx, sy), (ox, oy) = copy.scale, copy.offset
        return Frame(
            self.image_size,
            copy.size,
            (self.scale[0] * sx, self.scale[1] * sy),
            (self.offset[0] * sx + ox, self.offset[1] * sy + oy),
        )

    def to_frame(self, xy: ArrayLike) -> NDArray[np.float64]:
        """[N, 2] pixels of the image -> [N, 2] pixels of the copy (outside it, if cut off)."""
        moved: NDArray[np.float64] = _rows(xy) * np.array(self.scale) + np.array(self.offset)
        return moved

    def to_image(self, xy: ArrayLike) -> NDArray[np.float64]:
        """[N, 2] pixels of the copy -> [N, 2] pixels of the image (outside it, if in padding)."""
        moved: NDArray[np.float64] = (_rows(xy) - np.array(self.offset)) / np.array(self.scale)
        return moved


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def to_norm(xy: ArrayLike, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """[N, 2] pixels -> 0-1 of width and height: `x / width`."""
    return _rows(xy) / _sides(image_size)


def from_norm(xy: ArrayLike, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """[N, 2], 0-1 of width and height -> pixels: `x * width`."""
    return _rows(xy) * _sides(image_size)


def to_percent(xy: ArrayLike, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """[N, 2] pixels -> 0-100 of width and height (Molmo's own space)."""
    return to_norm(xy, image_size) * 100.0


def from_percent(xy: ArrayLike, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """[N, 2], 0-100 of width and height -> pixels: `x / 100 * width`."""
    return from_norm(_rows(xy) / 100.0, image_size)


def to_permille(xy: ArrayLike, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """[N, 2] pixels -> 0-1000 of width and height (Molmo2's own space)."""
    return to_norm(xy, image_size) * 1000.0


def from_permille(xy: ArrayLike, image_size: tuple[int, int]) -> NDArray[np.float64]:
    """[N, 2], 0-1000 of width and height -> pixels: `x / 1000 * width`."""
    return from_norm(_rows(xy) / 1000.0, image_size)


def to_css(xy: ArrayLike, ratio: float) -> NDArray[np.float64]:
    """[N, 2] device pixels of a screenshot -> CSS pixels: `x / ratio`.

    Args:
        xy: pixels of the screenshot.
        ratio: device pixels in one CSS pixel, the browser's `window.devicePixelRatio`.
    """
    pixels = _rows(xy)
    return pixels / _ratio(ratio)


def from_css(xy: ArrayLike, ratio: float) -> NDArray[np.float64]:
    """[N, 2] CSS pixels -> device pixels of a screenshot: `x * ratio`."""
    return _rows(xy) * _ratio(ratio)


def to_pixel_centres(xy: ArrayLike) -> NDArray[np.float64]:
    """[N, 2] pixels -> where the centre of the top-left pixel is (0, 0): `x - 0.5`.

    This is the convention of OpenCV's and ROS's intrinsics, of sub-pixel interpolation on arrays,
    and of COCO's key points.
    """
    return _rows(xy) - 0.5


def from_pixel_centres(xy: ArrayLike) -> NDArray[np.float64]:
    """The inverse of `to_pixel_centres`: `x + 0.5`."""
    return _rows(xy) + 0.5


def to_array_index(
    xy: ArrayLike, image_size: tuple[int, int]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """The pixel that each place lies in, as (rows, columns): `array[to_array_index(xy, size)]`.

    `floor`, so that a place on the border of two pixels is in the right or lower one; the image's
    far edge belongs to its last pixel.

    Args:
        xy: [N, 2] pixels.
        image_size: (width, height) of the array.

    Returns:
        Two arrays [N]: rows (from y) and columns (from x).

    Raises:
        InvalidPoint: a place lies outside the image.

    >>> depth = np.arange(12.0).reshape(3, 4)  # 4 wide, 3 high
    >>> depth[to_array_index([[0.5, 0.5], [1.0, 2.9], [4.0, 3.0]], (4, 3))].tolist()
    [0.0, 9.0, 11.0]
    """
    rows, size = _rows(xy), np.array(check_size(image_size))
    outside = ((rows < -_EDGE) | (rows > size + _EDGE)).any(axis=1)
    if outside.any():
        raise InvalidPoint(
            f"The place {tuple(rows[int(np.argmax(outside))].tolist())} lies outside the image of "
            f"{_by(image_size)} and has no pixel."
        )
    index = np.clip(np.floor(rows), 0, size - 1).astype(np.intp)
    return index[:, 1], index[:, 0]
