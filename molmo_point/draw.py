"""Points on a copy of their image: a ring and a dot for each, and what was asked beneath.

A ring leaves the thing itself in sight; its white and black edges keep it in sight on any ground.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from molmo_point.geometry import Frame
from molmo_point.images import ImageSource, load_image
from molmo_point.points import Points

if TYPE_CHECKING:
    import supervision as sv

__all__ = ["PALETTE", "draw_points"]

PALETTE = ("#F0529C", "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442")
"""One colour a label: a pink, then those of Okabe and Ito, which the colour-blind tell apart."""

NUMBERED = 30
"""Up to so many points have their numbers beside them: more are no longer readable."""

_COVER = 0.12  # the rings' discs take at most this part of the room that the points have


def draw_points(
    image: ImageSource, points: Points, *, caption: bool = True, numbered: bool | None = None
) -> NDArray[np.uint8]:
    """Draw points on a copy of their image.

    Args:
        image: the image that was pointed at; anything that `load_image` takes.
        points: pixels of that image. Several labels have a colour each.
        caption: add a bar beneath the picture with the query, the count and the labels' colours.
        numbered: write each point's number, from 1, beside it; by default if there are few.

    Returns:
        [H, W, 3] uint8 RGB; with a caption it is higher than the image by the bar. A point's pixel
        is the same in both.

    Raises:
        ImageError: the image cannot be read.
        SizeMismatch: the points are of an image of another size, or of several images.
    """
    import supervision as sv

    pixels = load_image(image)
    height, width = pixels.shape[:2]
    xy = points.in_frame(Frame.whole((width, height)))  # [N, 2]
    xy = np.where(xy == (width, height), xy - 1, np.floor(xy))  # the pixel, as in to_array_index
    radius, stroke = _ring_size(xy, (width, height))
    names = list(dict.fromkeys(point.label for point in points))
    palette = sv.ColorPalette.from_hex(list(PALETTE))
    colours = np.array([names.index(point.label) for point in points], dtype=np.int_)  # [N]
    scene = np.ascontiguousarray(pixels[..., ::-1])  # BGR, as supervision draws
    if len(points):
        _draw_rings(scene, xy, colours, palette, radius, stroke)
        if len(points) <= NUMBERED if numbered is None else numbered:
            _draw_numbers(scene, xy, colours, palette, radius, stroke)
    drawn = np.ascontiguousarray(scene[..., ::-1])
    return np.vstack([drawn, _caption(points, names, width, height)]) if caption else drawn


def _ring_size(xy: NDArray[np.float64], image_size: tuple[int, int]) -> tuple[int, int]:
    """Radius and stroke in pixels: by the image's size, smaller where points are many and close."""
    width, height = image_size
    radius = 0.022 * math.sqrt(width * height)
    if len(xy) > 1:
        room = np.maximum(np.ptp(xy, axis=0), 2 * radius).prod()
        radius = min(radius, math.sqrt(_COVER * float(room) / (math.pi * len(xy))))
    radius = max(radius, 4.0, 0.004 * math.sqrt(width * height))
    return round(radius), max(1, round(radius / 7))


def _flat_boxes(xy: NDArray[np.float64], radius: int) -> sv.Detections:
    """Boxes without height: the circle that supervision draws round one has this very radius."""
    import supervision as sv

    reach = np.array([radius, 0])
    return sv.Detections(xyxy=np.column_stack([xy - reach, xy + reach]))


def _draw_rings(
    scene: NDArray[np.uint8],
    xy: NDArray[np.float64],
    colours: NDArray[np.int_],
    palette: sv.ColorPalette,
    radius: int,
    stroke: int,
) -> None:
    """Black under white under colour, and a dot in the middle; in place."""
    import supervision as sv

    rings = _flat_boxes(xy, radius)
    edge = max(1, stroke // 2)
    for colour, thickness in (
        (sv.Color.BLACK, stroke + 4 * edge),
        (sv.Color.WHITE, stroke + 2 * edge),
        (palette, stroke),
    ):
        sv.CircleAnnotator(color=colour, thickness=thickness).annotate(
            scene, rings, custom_color_lookup=colours
        )
    dot = max(0, round(radius / 9))
    for colour, size in ((sv.Color.WHITE, dot + edge), (palette, dot)):
        sv.DotAnnotator(color=colour, radius=size).annotate(
            scene, rings, custom_color_lookup=colours
        )


def _place_tags(
    xy: NDArray[np.float64], size: tuple[int, int], gap: int, image_size: tuple[int, int]
) -> NDArray[np.float64]:
    """[N, 4] boxes (left, top, right, bottom) beside the rings, clear of other rings and tags.

    Each takes the free place of eight around its ring that is the first of the least overlap.
    """
    width, height = size
    rings = np.column_stack([xy - gap, xy + gap])  # [N, 4]
    limits = np.maximum(0, np.array(image_size) - size)
    taken = list(rings)
    for x, y in xy:
        reach_x, reach_y = gap + width / 2, gap + height / 2
        near_x, near_y = 0.75 * gap + width / 2, 0.75 * gap + height / 2
        centres = np.array(
            [
                *((x + near_x, y - near_y), (x + near_x, y + near_y)),
                *((x - near_x, y - near_y), (x - near_x, y + near_y)),
                *((x + reach_x, y), (x - reach_x, y), (x, y - reach_y), (x, y + reach_y)),
            ]
        )  # [8, 2]
        corners = np.clip(centres - np.array(size) / 2, 0, limits)
        boxes = np.column_stack([corners, corners + size])  # [8, 4]
        taken.append(boxes[int(np.argmin(_overlap(boxes, np.array(taken))))])
    return np.array(taken[len(xy) :])


def _overlap(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area that each of `boxes` [M, 4] shares with all of `others` [K, 4]: [M]."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    area: NDArray[np.float64] = np.clip(high - low, 0, None).prod(axis=-1).sum(axis=1)
    return area


def _draw_numbers(
    scene: NDArray[np.uint8],
    xy: NDArray[np.float64],
    colours: NDArray[np.int_],
    palette: sv.ColorPalette,
    radius: int,
    stroke: int,
) -> None:
    """1, 2, ... on tags of the ring's colour; in place."""
    import supervision as sv

    digits = len(str(len(xy)))
    scale = max(0.3, radius / 24)
    padding = max(1, round(5 * scale))
    size = (round(19 * scale * digits) + 2 * padding, round(22 * scale) + 2 * padding)
    height, width = scene.shape[:2]
    boxes = _place_tags(xy, size, radius + 2 * stroke, (width, height))
    sv.LabelAnnotator(
        color=palette,
        text_color=sv.Color.WHITE,
        text_scale=scale,
        text_thickness=max(1, round(scale * 1.6)),
        text_padding=padding,
        text_position=sv.Position.CENTER,
    ).annotate(
        scene,
        sv.Detections(xyxy=boxes),
        labels=[str(number + 1) for number in range(len(xy))],
        custom_color_lookup=colours,
    )


def _caption(points: Points, names: list[str], width: int, height: int) -> NDArray[np.uint8]:
    """[bar height, W, 3] RGB: what was asked, how many were found, and which colour is which."""
    from PIL import Image, ImageDraw, ImageFont

    size = max(10, min(round(0.03 * math.sqrt(width * height)), width // 12))
    font = ImageFont.load_default(size)
    pad = size // 2
    bar = Image.new("RGB", (width, 2 * size), "#1C1C1E")
    pen = ImageDraw.Draw(bar)
    found = f"{len(points)}{'+' if points.truncated else ''}" if points else points.state
    text = _shorten(points.query, found, lambda line: font.getlength(line) <= width - 2 * pad)
    pen.text((pad, size), text, font=font, fill="white", anchor="lm")
    x = pad + font.getlength(text) + size
    if len(names) > 1:
        for index, name in enumerate(names):
            count = sum(point.label == name for point in points)
            entry = f"{name or 'no label'} {count}"
            end = x + size + font.getlength(entry)
            if end > width - pad:
                break
            pen.ellipse(
                (x, 0.65 * size, x + 0.7 * size, 1.35 * size), PALETTE[index % len(PALETTE)]
            )
            pen.text((x + size, size), entry, font=font, fill="#D0D0D4", anchor="lm")
            x = end + size
    return np.asarray(bar)


def _shorten(query: str, found: str, fits: Callable[[str], bool]) -> str:
    """`query: found`, the query cut until it fits; the number alone if nothing else does."""
    query = " ".join(query.split())
    for end in range(len(query), 0, -1):
        line = f"{query[:end].rstrip()}{'...' if end < len(query) else ''}: {found}"
        if fits(line):
            return line
    return found
