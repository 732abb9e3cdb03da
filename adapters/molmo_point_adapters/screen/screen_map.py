"""Pixels of a screenshot to the coordinates that a click is given in; no device is touched here.

Input coordinates are CSS pixels of the layout's viewport in a browser, the desktop's pixels (on
macOS its points) for a pointer, the device's pixels on a phone. A `Frame` leads there.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from molmo_point.errors import InvalidPoint
from molmo_point.geometry import Frame

__all__ = ["Box", "Place", "into_iframe", "screen_frame"]

Place = tuple[float, float]
"""(x, y) in input coordinates."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in input coordinates; its right and bottom edges are not part of it.

    Attributes:
        left: x of its left edge.
        top: y of its top edge.
        width: above 0.
        height: above 0.

    Raises:
        InvalidPoint: a number is not finite, or there is no area.
    """

    left: float
    top: float
    width: float
    height: float

    def __post_init__(self) -> None:
        numbers = (self.left, self.top, self.width, self.height)
        if not all(map(math.isfinite, numbers)) or self.width <= 0 or self.height <= 0:
            raise InvalidPoint(f"A box is left, top, width and height with an area, got {numbers}.")

    @property
    def right(self) -> float:
        """X of its right edge."""
        return self.left + self.width

    @property
    def bottom(self) -> float:
        """Y of its bottom edge."""
        return self.top + self.height

    def contains(self, place: Place) -> bool:
        """Whether a place lies in it."""
        return self.left <= place[0] < self.right and self.top <= place[1] < self.bottom

    def within(self, other: Box) -> Box | None:
        """The part of it that lies in another box, or None."""
        left, top = max(self.left, other.left), max(self.top, other.top)
        right, bottom = min(self.right, other.right), min(self.bottom, other.bottom)
        return Box(left, top, right - left, bottom - top) if left < right and top < bottom else None

    def nearest(self, place: Place, *, inset: float = 0.0) -> Place:
        """The place in it that is nearest, at least `inset` from its edges where it is so large.

        >>> Box(0, 0, 100, 10).nearest((120, 5), inset=4)
        (96.0, 5.0)
        """
        x_inset, y_inset = min(inset, self.width / 2), min(inset, self.height / 2)
        return (
            float(min(max(place[0], self.left + x_inset), self.right - x_inset)),
            float(min(max(place[1], self.top + y_inset), self.bottom - y_inset)),
        )

    def distance(self, place: Place) -> float:
        """From a place to the box; 0 in it."""
        return math.dist(place, self.nearest(place))

    def to_tuple(self) -> tuple[float, float, float, float]:
        """(left, top, width, height)."""
        return self.left, self.top, self.width, self.height


def screen_frame(image_size: tuple[int, int], shown: Box) -> Frame:
    """From a screenshot to input coordinates.

    Device pixel ratio, zoom and the desktop's scale are all in the ratio of the two sizes, which is
    measured and never asked for, so that they cannot disagree.

    Args:
        image_size: (width, height) of the screenshot, pixels.
        shown: what it shows, in input coordinates: a window's viewport, a monitor, a region.

    >>> screen_frame((2000, 1400), Box(0, 0, 1000, 700)).to_frame([[500, 300]]).tolist()
    [[250.0, 150.0]]
    >>> right_monitor = Box(1920, 0, 1280, 1024)
    >>> screen_frame((2560, 2048), right_monitor).to_frame([[2, 2]]).tolist()
    [[1921.0, 1.0]]
    """
    width, height = image_size
    return Frame(
        image_size,
        (math.ceil(shown.width), math.ceil(shown.height)),
        (shown.width / width, shown.height / height),
        (shown.left, shown.top),
    )


def into_iframe(place: Place, content: Box, inner_size: tuple[float, float]) -> Place:
    """A place over an iframe, in the iframe's own pixels.

    Args:
        place: in the parent's layout pixels.
        content: the iframe's content box (within border and padding) in the parent's pixels.
        inner_size: (width, height) of the iframe's own window; another than the box's if the
            iframe is scaled by a transform.

    >>> into_iframe((150, 120), Box(100, 100, 400, 300), (800, 600))
    (100.0, 40.0)
    """
    return (
        (place[0] - content.left) * inner_size[0] / content.width,
        (place[1] - content.top) * inner_size[1] / content.height,
    )
