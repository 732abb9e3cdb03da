"""`Points` back to text, as the models are trained to write it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from molmo_point.errors import InvalidPoint
from molmo_point.parsing.molmo import format_pairs
from molmo_point.parsing.molmo2 import format_groups
from molmo_point.parsing.stream import ImageSizes, check_sizes
from molmo_point.points import Point, Points

__all__ = ["Dialect", "Wording", "format_points"]

Dialect = Literal["molmo", "molmo2"]
Wording = Literal["point", "count", "count_first", "number"]


def format_points(
    points: Points,
    *,
    dialect: Dialect,
    wording: Wording = "point",
    label: str | None = None,
    alt: str | None = None,
    image_sizes: ImageSizes | None = None,
    tracks: bool = False,
    separator: str = ";",
) -> str:
    """Write points as an answer that `parse_points` reads back, to the dialect's precision.

    Molmo: percent with one decimal, one list for one image. Molmo2: per-mille in three digits, a
    group for each image that has a point (or each timestamp), clamped to the image. Both are sorted
    by x, then y, of the rounded values. Molmo2's object numbers run through all groups; in tracks
    they stay with the object and follow its first place in that order. No points: "There are
    none." ("No tracks available."). Labels are written raw, as in training.

    Args:
        points: what to write; pixels of the original images.
        dialect: "molmo" or "molmo2".
        wording: "point", the tag alone; "count", "Counting the <points> shows a total of N.";
            "count_first", "There are N <points>." (Molmo2); "number", N alone.
        label: the inner text; None takes the label of the first point.
        alt: the value of `alt`; None is the label for Molmo, and leaves `alt` out for Molmo2.
        image_sizes: the size of each image if there are several; None takes that of `points`.
        tracks: write Molmo2's `<tracks>`; each point needs a timestamp and an object id.
        separator: between Molmo2's groups: ";", or a tab as the older models have it.

    Raises:
        InvalidPoint: a point lies in an image without a size, a track without time or object,
            Molmo is given several images, or the points are those of an unreadable answer.
    """
    if points.state == "unreadable":
        raise InvalidPoint(f"An unreadable answer cannot be written, got {points.text!r:.80}.")
    if not points:
        return "No tracks available." if tracks else "There are none."
    label = points[0].label if label is None else label
    sizes = check_sizes(points.image_size if image_sizes is None else image_sizes)
    if max(point.image_index for point in points) >= len(sizes):
        raise InvalidPoint(f"There are points in more than {len(sizes)} images; give image_sizes.")
    if dialect == "molmo":
        if any(point.image_index or point.timestamp is not None for point in points):
            raise InvalidPoint('Molmo writes points of one still image; use dialect="molmo2".')
        width, height = sizes[0]
        pairs = [(point.x / width * 100.0, point.y / height * 100.0) for point in points]
        tag = format_pairs(pairs, label, alt)
    else:
        groups = _groups(points, sizes, tracks=tracks)
        name = "tracks" if tracks else "points"
        tag = format_groups(groups, label, name=name, separator=separator, alt=alt)
    return {
        "point": tag,
        "count": f"Counting the {tag} shows a total of {len(points)}.",
        "count_first": f"There are {len(points)} {tag}.",
        "number": str(len(points)),
    }[wording]


def _groups(
    points: Sequence[Point], sizes: Sequence[tuple[int, int]], *, tracks: bool
) -> list[tuple[str, list[tuple[int, int, int]]]]:
    """Molmo2's groups `(frame, [(object number, x, y)])`, sorted and numbered as in training."""
    frames: dict[tuple[float, str], list[tuple[int, int, int]]] = {}
    for point in points:
        x, y = _permille(point, sizes[point.image_index])
        key = (float(point.image_index), str(point.image_index + 1))
        if point.timestamp is not None:
            key = (round(point.timestamp, 1), f"{point.timestamp:.1f}")
        if tracks and (point.timestamp is None or point.object_id is None):
            raise InvalidPoint(f"A track needs a time and an object id at each point, got {point}.")
        frames.setdefault(key, []).append((x, y, point.object_id or 0))
    numbers: dict[int, int] = {}
    groups, seen = [], 0
    for (_, frame), places in sorted(frames.items()):
        places.sort()
        rows = []
        for x, y, name in places:
            seen += 1
            number = numbers.setdefault(name, len(numbers) + 1) if tracks else seen
            rows.append((number, x, y))
        groups.append((frame, sorted(rows, key=lambda row: row[0])))
    return groups


def _permille(point: Point, size: tuple[int, int]) -> tuple[int, int]:
    x, y = point.x / size[0], point.y / size[1]
    return round(min(max(x, 0.0), 1.0) * 1000), round(min(max(y, 0.0), 1.0) * 1000)
