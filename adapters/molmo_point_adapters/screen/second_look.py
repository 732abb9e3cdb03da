"""A small target is looked at again, larger; the second look counts only if it agrees."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from molmo_point.geometry import Frame
from molmo_point.points import Point
from molmo_point_adapters.screen.finder import Finder

__all__ = ["look_again", "zoom_frame"]

_PART = 1 / 3  # of the picture's sides
_LEAST = 240  # pixels of the crop's sides, if the picture has them
_ZOOM = 2
_AGREE = 1 / 6  # of the crop's smaller side: further apart are two answers


def zoom_frame(image_size: tuple[int, int], xy: tuple[float, float]) -> tuple[Frame, Frame]:
    """The crop around a place, and its enlarged copy, as frames of the picture.

    Args:
        image_size: (width, height) of the picture, pixels.
        xy: the place, pixels of the picture.
    """
    sides = [min(side, max(_LEAST, round(side * _PART))) for side in image_size]
    corner = [
        min(max(0, round(at - side / 2)), whole - side)
        for at, side, whole in zip(xy, sides, image_size, strict=True)
    ]
    box = (corner[0], corner[1], corner[0] + sides[0], corner[1] + sides[1])
    crop = Frame.cropped(image_size, box)
    return crop, crop.then(Frame.resized(crop.size, (sides[0] * _ZOOM, sides[1] * _ZOOM)))


def look_again(pointer: Finder, image: NDArray[np.uint8], query: str, first: Point) -> Point:
    """Ask again in an enlarged crop around the first answer.

    Args:
        pointer: the model.
        image: uint8 [H, W, 3] RGB.
        query: the words.
        first: the first answer, pixels of the image.

    Returns:
        The second answer if it is near the first, with the confidence of the surer of the two; else
        the first.
    """
    import cv2

    height, width = image.shape[:2]
    crop, zoomed = zoom_frame((width, height), (first.x, first.y))
    left, top = (round(-value) for value in crop.offset)
    part = image[top : top + crop.size[1], left : left + crop.size[0]]
    large = np.asarray(cv2.resize(part, zoomed.size, interpolation=cv2.INTER_CUBIC), np.uint8)
    found = pointer.point(large, query)
    near = min(crop.size) * _AGREE
    agreeing = [
        (math.dist((x, y), (first.x, first.y)), x, y, point.confidence)
        for point, (x, y) in zip(found, zoomed.to_image(found.xy()).tolist(), strict=True)
    ]
    agreeing = [answer for answer in agreeing if answer[0] <= near]
    if not agreeing:
        return first
    _, x, y, confidence = min(agreeing, key=lambda answer: answer[0])
    surer = max((c for c in (confidence, first.confidence) if c is not None), default=None)
    return Point(x, y, first.label, surer)
