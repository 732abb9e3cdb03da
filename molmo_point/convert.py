"""Points as other libraries write them: supervision, shapely, COCO. Each is imported when used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import InvalidPoint
from molmo_point.geometry import Frame, to_pixel_centres
from molmo_point.points import Point, Points

if TYPE_CHECKING:
    import supervision as sv
    from shapely import MultiPoint

__all__ = [
    "from_supervision",
    "to_coco",
    "to_shapely",
    "to_supervision_detections",
    "to_supervision_keypoints",
]

_LABELS = "class_name"  # where supervision keeps names (`CLASS_NAME_DATA_FIELD` of its config)


def to_supervision_keypoints(points: Points) -> sv.KeyPoints:
    """One object of one key point for each point.

    Returns:
        `xy` [N, 1, 2] float32 in the same pixels (supervision floors them to draw); `class_id` [N]
        numbers the labels in order of appearance, `data["class_name"]` holds them;
        `keypoint_confidence` [N, 1], NaN where unknown, None if no point has one.

    Raises:
        SizeMismatch: the points lie in several images.
    """
    import supervision as sv

    confidence = _confidence(points)
    return sv.KeyPoints(
        xy=_xy(points)[:, None, :].astype(np.float32),
        class_id=_class_id(points),
        keypoint_confidence=None if confidence is None else confidence[:, None],
        data={_LABELS: _labels(points)},
    )


def to_supervision_detections(
    points: Points, *, box_size: float | tuple[float, float]
) -> sv.Detections:
    """A box centred on each point, for what takes boxes only (trackers, zones, annotators).

    The size is yours to say, as a point has none; boxes may reach beyond the image's edge, so that
    their centres stay the points.

    Args:
        points: of one image.
        box_size: side, or (width, height), of every box in pixels; 0 for boxes without area.

    Returns:
        `xyxy` [N, 4] float32; `class_id` and `data` as in `to_supervision_keypoints`; `confidence`
        [N], NaN where unknown, None if no point has one; `tracker_id` [N] if every point has an
        `object_id`.

    Raises:
        InvalidPoint: the box size is negative.
        SizeMismatch: the points lie in several images.
    """
    import supervision as sv

    half = _half(box_size)
    xy = _xy(points)
    objects = [point.object_id for point in points]
    tracked = bool(objects) and None not in objects
    return sv.Detections(
        xyxy=np.hstack([xy - half, xy + half]).astype(np.float32),
        confidence=_confidence(points),
        class_id=_class_id(points),
        tracker_id=np.array(objects, dtype=np.int_) if tracked else None,
        data={_LABELS: _labels(points)},
    )


def from_supervision(
    found: sv.KeyPoints | sv.Detections, image_size: tuple[int, int], *, query: str = ""
) -> Points:
    """The key points that are visible and finite, or the centres of the boxes.

    Args:
        found: key points [N, M, 2], taken object by object, or detections.
        image_size: (width, height) of the image they were found in.
        query: what was asked, if anything was.

    Returns:
        Points with the labels of `data["class_name"]`, the confidences that are not NaN, and the
        `tracker_id` of detections as `object_id`.
    """
    import supervision as sv

    items = _key_points(found) if isinstance(found, sv.KeyPoints) else _centres(found)
    return Points(tuple(items), image_size, query, state="points" if items else "none")


def to_shapely(points: Points) -> MultiPoint:
    """The same pixels, y down, as a shapely geometry.

    Raises:
        SizeMismatch: the points lie in several images.
    """
    from shapely import MultiPoint

    return MultiPoint(_xy(points))


def to_coco(results: Mapping[str, Points], *, box_size: float = 1.0) -> dict[str, Any]:
    """A COCO key-point data set of images and the points in them: plain values, ready for JSON.

    Each name is a category with one key point, each point an annotation. COCO counts in two ways,
    and so does this: key points are pixel indices, the centre of the top-left pixel being (0, 0),
    so they are `x - 0.5`; boxes are measured from the corner of that pixel, as points are here.
    Source: cocodataset.org, "Data format" (0-indexed key points, boxes from the image's corner);
    detectron2 reads it so (`data/datasets/coco.py`: key points + 0.5, nothing for the rest).

    Args:
        results: file name -> what was found in that image; ids count from 1 in this order.
        box_size: side in pixels of the box about each point, which loaders want to have an area.

    Returns:
        `images`, `annotations` and `categories`; a category is a point's label, else the query,
        else "object". A confidence is written as `score`.

    Raises:
        InvalidPoint: the box size is negative.
        SizeMismatch: the points of one file lie in several images.
    """
    side = float(2 * _half(box_size)[0])
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    categories: dict[str, int] = {}
    for image_id, (file_name, points) in enumerate(results.items(), start=1):
        width, height = points.image_size
        images.append({"id": image_id, "file_name": file_name, "width": width, "height": height})
        corners = _xy(points)
        indices = to_pixel_centres(corners).tolist()
        for point, (left, top), (x, y) in zip(points, corners.tolist(), indices, strict=True):
            name = point.label or points.query or "object"
            annotation = {
                "id": len(annotations) + 1,
                "image_id": image_id,
                "category_id": categories.setdefault(name, len(categories) + 1),
                "keypoints": [x, y, 2],  # 2: labelled and visible
                "num_keypoints": 1,
                "bbox": [left - side / 2, top - side / 2, side, side],
                "area": side * side,
                "iscrowd": 0,
            }
            score = {} if point.confidence is None else {"score": point.confidence}
            annotations.append(annotation | score)
    return {
        "images": images,
        "annotations": annotations,
        "categories": [
            {"id": number, "name": name, "keypoints": ["point"], "skeleton": []}
            for name, number in categories.items()
        ],
    }


def _xy(points: Points) -> NDArray[np.float64]:
    """[N, 2] pixels, of one image."""
    return points.in_frame(Frame.whole(points.image_size))


def _labels(points: Points) -> NDArray[np.str_]:
    return np.array([point.label for point in points], dtype=np.str_)


def _class_id(points: Points) -> NDArray[np.int_]:
    names = list(dict.fromkeys(point.label for point in points))
    return np.array([names.index(point.label) for point in points], dtype=np.int_)


def _confidence(points: Points) -> NDArray[np.float32] | None:
    """[N], NaN where unknown; None if all are."""
    values = [point.confidence for point in points]
    if all(value is None for value in values):
        return None
    return np.array([np.nan if value is None else value for value in values], dtype=np.float32)


def _half(box_size: float | tuple[float, float]) -> NDArray[np.float64]:
    """[2]: half the box's width and height."""
    try:
        half: NDArray[np.float64] = np.broadcast_to(np.array(box_size, np.float64) / 2, (2,))
        right = bool(np.isfinite(half).all() and (half >= 0).all())
    except (TypeError, ValueError):
        right = False
    if not right:
        raise InvalidPoint(f"A box size is a number of pixels, at least 0, got {box_size!r}.")
    return half


def _known(values: NDArray[Any] | None, index: int | tuple[int, int]) -> float | None:
    """One confidence, None where it is unknown."""
    return None if values is None or np.isnan(values[index]) else float(values[index])


def _key_points(found: sv.KeyPoints) -> list[Point]:
    seen = np.isfinite(found.xy[..., :2]).all(axis=-1)  # [N, M]
    if found.visible is not None:
        seen &= found.visible
    names = found.data.get(_LABELS)
    return [
        Point(
            x=float(found.xy[row, column, 0]),
            y=float(found.xy[row, column, 1]),
            label="" if names is None else str(names[row]),
            confidence=_known(found.keypoint_confidence, (int(row), int(column))),
        )
        for row, column in np.argwhere(seen)
    ]


def _centres(found: sv.Detections) -> list[Point]:
    names = found.data.get(_LABELS)
    boxes = found.xyxy.astype(np.float64)
    return [
        Point(
            x=x,
            y=y,
            label="" if names is None else str(names[row]),
            confidence=_known(found.confidence, row),
            object_id=None if found.tracker_id is None else int(found.tracker_id[row]),
        )
        for row, (x, y) in enumerate(((boxes[:, :2] + boxes[:, 2:]) / 2).tolist())
    ]
