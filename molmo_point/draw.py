"""Points on a copy of their image: a ring and a dot for each, and what was asked beneath.

A ring leaves the thing itself in sight; its white and black edges keep it in sight on any ground.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from molmo_point.geometry import Frame
from molmo_point.images import ImageSource, load_image
from molmo_point.points import Points

if TYPE_CHECKING:
    from PIL import ImageFont

__all__ = ["PALETTE", "draw_points"]

PALETTE = ("#F0529C", "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#F0E442")
"""One colour a label: a pink, then those of Okabe and Ito, which the colour-blind tell apart."""

_FONT = 0  # cv2.FONT_HERSHEY_SIMPLEX, in which supervision writes
_DARK = "#1C1C1E"
_NUMBERED = 40  # more numbers than this are no longer found by eye
_RING_COVER = 0.12  # the most that the rings' discs cover of the room that the points span
_TAG_COVER = 0.10  # the most that numbers cover of the image
_FINE_PIXELS = 16e6  # rings are drawn this fine and averaged down, which smooths them


@dataclass(frozen=True, slots=True)
class _Marks:
    """What is drawn, in pixels of an enlarged scene."""

    xy: NDArray[np.float64]  # [N, 2], where a pixel's index is its centre
    colours: NDArray[np.int_]  # [N], into PALETTE
    radius: float
    stroke: float
    edge: float


def draw_points(
    image: ImageSource, points: Points, *, caption: bool = True, numbered: bool | None = None
) -> NDArray[np.uint8]:
    """Draw points on a copy of their image.

    Args:
        image: the image that was pointed at; anything that `load_image` takes.
        points: pixels of that image. If there are several labels, each has a colour of its own.
        caption: add a bar beneath the picture with the query, the count and the labels' colours.
        numbered: write each point's number, from 1, beside it; by default if they are few enough.

    Returns:
        [H, W, 3] uint8 RGB; with a caption it is higher than the image by the bar. A point is at
        the same pixel in both, and without points the picture is the image's.

    Raises:
        ImageError: the image cannot be read.
        SizeMismatch: the points are of an image of another size, or of several images.
    """
    import cv2

    pixels = load_image(image)
    height, width = pixels.shape[:2]
    xy = points.in_frame(Frame.whole((width, height)))  # [N, 2]
    names = list(dict.fromkeys(point.label for point in points))
    colours = np.array([names.index(point.label) for point in points], dtype=np.int_)  # [N]
    if len(points):
        fine = max(1, min(4, math.isqrt(int(_FINE_PIXELS / (width * height)))))
        xy = np.clip(xy, (-width, -height), (2 * width, 2 * height))  # out of sight all the same
        radius = _ring_radius(xy, width, height)
        marks = _Marks(
            # the middle of the pixel that holds the point; the far edge is in the last one
            (np.where(xy == (width, height), xy - 1, np.floor(xy)) + 0.5) * fine - 0.5,
            colours % len(PALETTE),
            radius * fine,
            max(1.2, radius / 5.2) * fine,
            max(0.6, radius / 20) * fine,
        )
        fine_size = (width * fine, height * fine)
        bgr = pixels[..., ::-1]  # as supervision draws
        scene = np.asarray(cv2.resize(bgr, fine_size, interpolation=cv2.INTER_NEAREST), np.uint8)
        _draw_rings(scene, marks)
        _draw_numbers(scene, marks, fine, always=numbered)
        drawn = cv2.resize(scene, (width, height), interpolation=cv2.INTER_AREA)
        pixels = np.asarray(drawn, dtype=np.uint8)[..., ::-1]
    if not caption:
        return np.ascontiguousarray(pixels)
    return np.vstack([pixels, _caption(points, names, width, height)])


def _ring_radius(xy: NDArray[np.float64], width: int, height: int) -> float:
    """In pixels: by the image's size, smaller where the points are many and close."""
    side = math.sqrt(width * height)
    radius = 0.025 * side
    if len(xy) > 1:
        room = float(np.maximum(np.ptp(xy, axis=0), 2 * radius).prod())
        radius = min(radius, math.sqrt(_RING_COVER * room / (math.pi * len(xy))))
    return max(radius, 4.0, 0.004 * side)


def _whole(length: float) -> int:
    return max(1, round(length))


def _draw_rings(scene: NDArray[np.uint8], marks: _Marks) -> None:
    """Black under white under colour, and a dot in the middle; in place."""
    import supervision as sv

    palette = sv.ColorPalette.from_hex(list(PALETTE))
    # supervision's circle goes round a box: one without height gives it this very radius
    reach = np.array([_whole(marks.radius), 0])
    xy = np.rint(marks.xy)
    boxes = sv.Detections(xyxy=np.column_stack([xy - reach, xy + reach]))
    for colour, width in (
        (sv.Color.BLACK, marks.stroke + 4 * marks.edge),
        (sv.Color.WHITE, marks.stroke + 2 * marks.edge),
        (palette, marks.stroke),
    ):
        sv.CircleAnnotator(color=colour, thickness=_whole(width)).annotate(
            scene, boxes, custom_color_lookup=marks.colours
        )
    dot = marks.radius / 10
    for colour, size in ((sv.Color.WHITE, dot + marks.edge), (palette, dot)):
        sv.DotAnnotator(color=colour, radius=_whole(size)).annotate(
            scene, boxes, custom_color_lookup=marks.colours
        )


def _draw_numbers(
    scene: NDArray[np.uint8], marks: _Marks, fine: int, *, always: bool | None
) -> None:
    """1, 2, ... on tags of the rings' colours, if they are wanted or few enough; in place."""
    import cv2
    import supervision as sv

    height, width = scene.shape[:2]
    scale = max(0.32 * fine, marks.radius / 22)  # of OpenCV's font, 22 pixels high
    thickness, padding = _whole(scale * 1.7), _whole(5 * scale)
    numbers = [str(index + 1) for index in range(len(marks.xy))]
    texts = [cv2.getTextSize(text, _FONT, scale, thickness)[0] for text in numbers]
    sizes = np.array(texts, dtype=np.float64) + 2 * padding + 1  # [N, 2]
    few = len(numbers) <= _NUMBERED and sizes.prod(axis=1).sum() <= _TAG_COVER * height * width
    if not (few if always is None else always):
        return
    gap = marks.radius + marks.stroke / 2 + 2 * marks.edge + 1
    sv.LabelAnnotator(
        color=sv.ColorPalette.from_hex(list(PALETTE)),
        text_color=sv.ColorPalette.from_hex([_ink(colour) for colour in PALETTE]),
        text_scale=scale,
        text_thickness=thickness,
        text_padding=padding,
        text_position=sv.Position.CENTER,
        border_radius=padding,
    ).annotate(
        scene,
        sv.Detections(xyxy=_place_tags(marks.xy, sizes, gap, (width, height))),
        labels=numbers,
        custom_color_lookup=marks.colours,
    )


def _ink(ground: str) -> str:
    """Black or white, what is read more easily on a colour (WCAG 2.2, relative luminance)."""
    red, green, blue = (int(ground[i : i + 2], 16) / 255 for i in (1, 3, 5))
    luminance = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return "#000000" if luminance > 0.25 else "#FFFFFF"


def _place_tags(
    xy: NDArray[np.float64], sizes: NDArray[np.float64], gap: float, scene_size: tuple[int, int]
) -> NDArray[np.float64]:
    """[N, 4] boxes (left, top, right, bottom) beside the rings, clear of other rings and tags.

    Each takes that of eight places around its ring which overlaps least with what is there.
    """
    ways = np.array([(1, 0), (-1, 0), (0, -1), (0, 1), (1, -1), (1, 1), (-1, -1), (-1, 1)])
    taken = list(np.column_stack([xy - gap, xy + gap]))
    for centre, size in zip(xy, sizes, strict=True):
        limits = np.maximum(0, np.array(scene_size) - size)
        corners = np.clip(centre + ways * (gap + size / 2) - size / 2, 0, limits)
        boxes = np.column_stack([corners, corners + size])  # [8, 4]
        taken.append(boxes[int(np.argmin(np.rint(_overlap(boxes, np.array(taken)))))])
    return np.array(taken[len(xy) :])


def _overlap(boxes: NDArray[np.float64], others: NDArray[np.float64]) -> NDArray[np.float64]:
    """The area that each of `boxes` [M, 4] shares with all of `others` [K, 4] together: [M]."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    area: NDArray[np.float64] = np.clip(high - low, 0, None).prod(axis=-1).sum(axis=1)
    return area


def _caption(points: Points, names: list[str], width: int, height: int) -> NDArray[np.uint8]:
    """[bar height, W, 3] RGB: what was asked, how many were found, and which colour is which."""
    from PIL import Image, ImageDraw

    size = max(10, min(round(0.03 * math.sqrt(width * height)), width // 12))
    font = _font(size)
    pad = size // 2
    bar = Image.new("RGB", (width, 2 * size), _DARK)
    pen = ImageDraw.Draw(bar)
    found = f"{len(points)}{'+' if points.truncated else ''}" if points else points.state
    text = _shorten(points.query, found, lambda line: font.getlength(line) <= width - 2 * pad)
    pen.text((pad, size), text, font=font, fill="white", anchor="lm")
    x = pad + font.getlength(text) + size
    for index, name in enumerate(names if len(names) > 1 else ()):
        entry = f"{name or 'no label'}: {sum(point.label == name for point in points)}"
        end = x + size + font.getlength(entry)
        if end > width - pad:
            break
        box = (round(x), size - size // 3, round(x) + 2 * (size // 3), size + size // 3)
        pen.rounded_rectangle(box, size // 6, PALETTE[index % len(PALETTE)])
        pen.text((x + size, size), entry, font=font, fill="#D0D0D4", anchor="lm")
        x = end + size
    return np.asarray(bar)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """DejaVu (Latin, Greek, Cyrillic, ...) from matplotlib, which supervision brings."""
    from PIL import ImageFont

    spec = find_spec("matplotlib")
    for folder in (spec and spec.submodule_search_locations) or ():
        path = Path(folder, "mpl-data", "fonts", "ttf", "DejaVuSans.ttf")
        if path.is_file():
            return ImageFont.truetype(path, size)
    return ImageFont.load_default(size)


def _shorten(query: str, found: str, fits: Callable[[str], bool]) -> str:
    """`query: found`, the query cut until it fits; what was found alone if nothing else does."""
    query = " ".join(query[:1000].split())
    for end in range(len(query), 0, -1):
        line = f"{query[:end].rstrip()}{'...' if end < len(query) else ''}: {found}"
        if fits(line):
            return line
    return found
