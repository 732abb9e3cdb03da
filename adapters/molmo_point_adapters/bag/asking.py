"""Every chosen image of a bag is asked once, and the answers become a bag of their own."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from molmo_point import Points, load_image
from molmo_point.errors import ImageError
from molmo_point_adapters.bag.journal import Answer, Journal
from molmo_point_adapters.bag.messages import Messages, PointsWriter
from molmo_point_adapters.bag.reading import Bag
from molmo_point_adapters.bag.records import BagError, Record
from molmo_point_adapters.encodings import decode_image

__all__ = ["Choice", "Outcome", "choose_topics", "point_bag"]

_IMAGE, _COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"


class _Asks(Protocol):
    def point(self, image: Any, query: str) -> Points: ...


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
        """The chosen ones among the messages of the topics."""
        seen: dict[str, int] = {}
        due: dict[str, float] = {}
        for record in records:
            number = seen.get(record.topic, 0)
            seen[record.topic] = number + 1
            if number % self.every or record.timestamp < due.get(record.topic, -np.inf):
                continue
            if self.rate is not None:
                due[record.topic] = record.timestamp + 1e9 / self.rate
            yield record


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a bag.

    Attributes:
        images: how many were asked.
        points: how many were found in all of them.
        failures: a sentence for each image that could not be read or asked.
        damage: a sentence for each part of the bag that could not be read.
    """

    images: int
    points: int
    failures: tuple[str, ...]
    damage: tuple[str, ...]


def choose_topics(bag: Bag, named: Sequence[str]) -> tuple[str, ...]:
    """The topics that are named, or else the only one with images.

    Raises:
        BagError: a named one has no images, or none is named and there are none or several.
    """
    images = sorted(name for name, kind in bag.topics().items() if kind in (_IMAGE, _COMPRESSED))
    have = ", ".join(images) or "none"
    for topic in named:
        if topic not in images:
            raise BagError(f'There are no images on "{topic}": topics with images are {have}.')
    if not named and len(images) != 1:
        raise BagError(f"Name the topic of the images with --topic: topics with images are {have}.")
    return tuple(dict.fromkeys(named or images))


def point_bag(
    bag: Bag,
    query: str,
    out: Path,
    *,
    pointer: _Asks,
    choice: Choice,
    draw: bool = True,
    model: str = "",
    progress: Callable[[int], None] = lambda _: None,
) -> Outcome:
    """Ask every chosen image and write the answers as a new bag.

    Each answer is kept in a file beside `out` as soon as it is there; if this is stopped, the same
    call goes on after the last one. The bag appears under its name when it is whole.

    Args:
        bag: open for reading.
        query: what to look for.
        out: the folder of the new bag.
        pointer: anything with `Pointer.point`.
        choice: which images.
        draw: also write each image with its points drawn, as JPEG.
        model: the model's name, for the new bag's metadata.
        progress: is called with the number of images that are done.

    Raises:
        BagError: `out` is there already, or no image could be read.
    """
    if out.exists():
        raise BagError(f'"{out}" is there already: delete it, or name another --out.')
    sizes = [file.stat().st_size for file in bag.files]
    names = [file.name for file in bag.files]
    task = {"files": names, "sizes": sizes, "topics": list(choice.topics), "query": query}
    task |= {"every": choice.every, "rate": choice.rate, "model": model}
    out.parent.mkdir(parents=True, exist_ok=True)
    journal, messages = Journal(_beside(out, "progress.jsonl"), task), Messages()
    failures = []
    for number, record in enumerate(choice.of(bag.records(choice.topics))):
        if number >= len(journal.answers):
            journal.add(_ask(messages, record, query, pointer))
        if failure := journal.answers[number].failure:
            failures.append(f"{record.topic} at {record.timestamp / 1e9:.3f} s: {failure}")
        progress(number + 1)
    damage = tuple(bag.damage)
    found = [answer.points for answer in journal.answers if answer.points is not None]
    if found:
        about = {"query": query, "model": model}
        _write(bag, out, journal.answers, messages, choice=choice, draw=draw, about=about)
    journal.path.unlink()
    if not found:
        reason = (failures or damage or ("there is none",))[0]
        raise BagError(f'No image of "{bag.path}" could be asked: {reason}')
    return Outcome(len(found), sum(map(len, found)), tuple(failures), damage)


def _beside(out: Path, suffix: str) -> Path:
    return out.with_name(f"{out.name}.{suffix}")


def _ask(messages: Messages, record: Record, query: str, pointer: _Asks) -> Answer:
    try:
        image = _picture(messages, record)[1]
        return Answer(pointer.point(image, query))
    except ImageError as error:
        return Answer(None, str(error))


def _picture(messages: Messages, record: Record) -> tuple[Any, NDArray[np.uint8]]:
    """The header and the pixels of an image message."""
    message = messages.read(record.data, record.msgtype)
    if record.msgtype == _COMPRESSED:
        return message.header, load_image(bytes(message.data))
    return message.header, decode_image(message)


def _write(
    bag: Bag,
    out: Path,
    answers: Sequence[Answer],
    messages: Messages,
    *,
    choice: Choice,
    draw: bool,
    about: dict[str, str],
) -> None:
    """The images are read once more: their headers and pixels are not kept with the answers."""
    unfinished = _beside(out, "unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir()
    with PointsWriter(unfinished / out.name, messages, about) as writer:
        records = choice.of(bag.records(choice.topics))
        for record, answer in zip(records, answers, strict=True):
            if answer.points is None:
                continue
            header, image = _picture(messages, record)
            content = messages.of_points(answer.points, header, image if draw else None)
            writer.write(record.topic, record.timestamp, content)
    (unfinished / out.name).rename(out)
    unfinished.rmdir()
