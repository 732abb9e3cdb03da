"""Every chosen image of a bag is asked once, and the answers become a bag of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from molmo_point import Points
from molmo_point.errors import ImageError
from molmo_point_adapters.bag.choosing import Choice
from molmo_point_adapters.bag.journal import Answer, Journal
from molmo_point_adapters.bag.matching import DepthTopics
from molmo_point_adapters.bag.messages import Messages
from molmo_point_adapters.bag.reading import Bag
from molmo_point_adapters.bag.records import BagError, Record
from molmo_point_adapters.bag.writing import Writing

__all__ = ["Outcome", "point_bag"]


class _Asks(Protocol):
    def point(self, image: Any, query: str) -> Points: ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a bag.

    Attributes:
        images: how many were asked.
        points: how many were found in all of them.
        failures: a sentence for each image that could not be read, asked, or placed in space.
        damage: a sentence for each part of the bag that could not be read.
    """

    images: int
    points: int
    failures: tuple[str, ...]
    damage: tuple[str, ...]


def point_bag(
    bag: Bag,
    query: str,
    out: Path,
    *,
    pointer: _Asks,
    choice: Choice,
    depth: DepthTopics | None = None,
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
        depth: where depth is; None to leave places in metres out.
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
            failures.append(f"{record.place}: {failure}")
        progress(number + 1)
    damage = tuple(bag.damage)
    found = [answer.points for answer in journal.answers if answer.points is not None]
    if found:
        writing = Writing(bag, messages, choice, depth, draw)
        failures += writing.write(out, journal.answers, {"query": query, "model": model})
    journal.path.unlink()
    if not found:
        reason = (failures or damage or ("there is none",))[0]
        raise BagError(f'No image of "{bag.path}" could be asked: {reason}')
    return Outcome(len(found), sum(map(len, found)), tuple(failures), damage)


def _beside(out: Path, suffix: str) -> Path:
    return out.with_name(f"{out.name}.{suffix}")


def _ask(messages: Messages, record: Record, query: str, pointer: _Asks) -> Answer:
    try:
        image = messages.picture(record)[1]
        return Answer(pointer.point(image, query))
    except ImageError as error:
        return Answer(None, str(error))
