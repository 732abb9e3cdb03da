"""Which images of a bag are asked, and where their depth is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from molmo_point_adapters.bag.matching import DepthTopics
from molmo_point_adapters.bag.messages import CAMERA_INFO, COMPRESSED, IMAGE
from molmo_point_adapters.bag.reading import Bag
from molmo_point_adapters.bag.records import BagError, Record

__all__ = ["Choice", "choose_depth", "choose_topics"]


@dataclass(frozen=True, slots=True)
class Choice:
    """Which images are asked.

    Attributes:
        topics: names of image topics.
        every: each how many-th image of a topic, from the first.
        rate: at most so many images of a topic a second of the recording; None for all.

    Raises:
        BagError: a number is not positive.
    """

    topics: tuple[str, ...]
    every: int = 1
    rate: float | None = None

    def __post_init__(self) -> None:
        if self.every < 1 or (self.rate is not None and not 0 < self.rate < np.inf):
            raise BagError(f"--every and --rate are above zero, got {self.every} and {self.rate}.")

    def of(self, records: Iterator[Record]) -> Iterator[Record]:
        """The chosen ones among the messages of the topics; those of other topics pass."""
        seen: dict[str, int] = {}
        due: dict[str, float] = {}
        for record in records:
            if record.topic not in self.topics:
                yield record
                continue
            number = seen.get(record.topic, 0)
            seen[record.topic] = number + 1
            if number % self.every or record.timestamp < due.get(record.topic, -np.inf):
                continue
            if self.rate is not None:
                due[record.topic] = record.timestamp + 1e9 / self.rate
            yield record


def choose_topics(bag: Bag, named: Sequence[str]) -> tuple[str, ...]:
    """The topics that are named, or else the only one with images.

    Raises:
        BagError: a named one has no images, or none is named and there are none or several.
    """
    images = sorted(name for name, kind in bag.topics().items() if kind in (IMAGE, COMPRESSED))
    have = ", ".join(images) or "none"
    for topic in named:
        if topic not in images:
            raise BagError(f'There are no images on "{topic}": topics with images are {have}.')
    if not named and len(images) != 1:
        raise BagError(f"Name the topic of the images with --topic: topics with images are {have}.")
    return tuple(dict.fromkeys(named or images))


def choose_depth(
    bag: Bag, choice: Choice, depth: str | None, camera_info: str | None, *, rectified: bool = False
) -> DepthTopics | None:
    """Where depth and its camera are, for places in metres; None if no depth is named.

    Args:
        bag: open for reading.
        choice: which images.
        depth: its topic, or None.
        camera_info: its topic; None for that beside the images, as ROS's drivers name it.
        rectified: see `CameraModel.from_camera_info`.

    Raises:
        BagError: a topic is not there or of another type, or there are several topics of images.
    """
    if depth is None:
        return None
    if len(choice.topics) > 1:
        raise BagError(f"--depth belongs to one topic of images, got {', '.join(choice.topics)}.")
    if depth in choice.topics:
        raise BagError(
            f'"{depth}" are the images that are asked about: --depth names another topic.'
        )
    beside = choice.topics[0].removesuffix("/compressed").rpartition("/")[0]
    topics = DepthTopics(depth, camera_info or f"{beside}/camera_info", rectified)
    for name, kind in ((topics.depth, IMAGE), (topics.camera_info, CAMERA_INFO)):
        have = sorted(topic for topic, msgtype in bag.topics().items() if msgtype == kind)
        if name not in have:
            raise BagError(
                f'There is no {kind} on "{name}": topics of it are {", ".join(have) or "none"}.'
            )
    return topics
