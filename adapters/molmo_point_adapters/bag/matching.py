"""Each image of a bag with the depth and the calibration that belong to its stamp."""

from __future__ import annotations

import struct
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from molmo_point_adapters.bag.records import BagError, Record

__all__ = ["DepthTopics", "Matched", "match"]

_KEPT = 16  # messages of a topic; what belongs together was recorded within a few


@dataclass(frozen=True, slots=True)
class DepthTopics:
    """Where depth and its camera are in the bag.

    Attributes:
        depth: a topic of `sensor_msgs/Image`, registered to the images.
        camera_info: a topic of `sensor_msgs/CameraInfo`, of the images.
        rectified: see `CameraModel.from_camera_info`.
        tolerance_s: how far their stamps may be from the image's.

    Raises:
        BagError: the tolerance is below zero.
    """

    depth: str
    camera_info: str
    rectified: bool = False
    tolerance_s: float = 0.02

    def __post_init__(self) -> None:
        if not self.tolerance_s >= 0:
            raise BagError(f"A tolerance is zero seconds or more, got {self.tolerance_s}.")


@dataclass(frozen=True, slots=True)
class Matched:
    """An image, and what lies within the tolerance of its stamp."""

    image: Record
    depth: Record | None = None
    camera_info: Record | None = None


def match(records: Iterable[Record], topics: DepthTopics) -> Iterator[Matched]:
    """Images in their order, each as soon as nothing nearer can come.

    Args:
        records: of the image topics, and of the two.
        topics: the two.
    """
    tolerance = round(topics.tolerance_s * 1e9)
    kept: dict[str, deque[tuple[int, Record]]] = {
        name: deque(maxlen=_KEPT) for name in (topics.depth, topics.camera_info)
    }
    waiting: deque[tuple[int, Record]] = deque()

    def nearest(name: str, stamp: int) -> Record | None:
        away, record = min(
            ((abs(other - stamp), record) for other, record in kept[name]),
            key=lambda pair: pair[0],
            default=(tolerance + 1, None),
        )
        return record if away <= tolerance else None

    def release() -> Matched:
        stamp, image = waiting.popleft()
        found = nearest(topics.depth, stamp), nearest(topics.camera_info, stamp)
        return Matched(image, *found)

    for record in records:
        stamp = _stamp(record)
        kept.get(record.topic, waiting).append((stamp, record))
        while waiting and (
            len(waiting) > _KEPT
            or all(_is_past(those, waiting[0][0], tolerance) for those in kept.values())
        ):
            yield release()
    while waiting:
        yield release()


def _is_past(those: Iterable[tuple[int, Record]], stamp: int, tolerance: int) -> bool:
    """Whether none that comes after these can lie nearer to the stamp."""
    return any(other == stamp or other > stamp + tolerance for other, _ in those)


def _stamp(record: Record) -> int:
    """Nanoseconds of the header that these messages begin with; else when it was recorded."""
    if len(record.data) < 12:
        return record.timestamp
    order = "<" if record.data[1] & 1 else ">"  # after CDR's own four bytes
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", record.data, 4)
    return int(seconds * 1_000_000_000 + nanoseconds) or record.timestamp
