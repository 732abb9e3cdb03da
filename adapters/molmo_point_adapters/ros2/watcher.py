"""The thread that looks at images: one at a time, the standing query first, then who asked."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future
from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from molmo_point import Point, Points, load_image
from molmo_point.errors import ImageError, MolmoPointError, QueryError
from molmo_point_adapters.encodings import decode_image
from molmo_point_adapters.ros2.inbox import Ask, Inbox, NoAnswer, Progress
from molmo_point_adapters.ros2.locator import Locator
from molmo_point_adapters.ros2.settings import Settings
from molmo_point_adapters.ros2.sighting import Sighting, keep_confident

__all__ = ["Arrival", "Looking", "Picture", "PictureInbox", "Watcher", "read_picture"]

Picture: TypeAlias = Image | CompressedImage


@dataclass(frozen=True, slots=True)
class Arrival:
    """An image as it came.

    Attributes:
        picture: the message.
        at: the time of `time.monotonic()` when it came.
    """

    picture: Picture
    at: float


PictureInbox: TypeAlias = Inbox[Arrival, Sighting]


class _View(Protocol):
    image_size: tuple[int, int]

    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
    def point(self, query: str) -> Points: ...
    def stream(self, query: str) -> Generator[Point, None, Points]: ...


class Looking(Protocol):
    """What is needed of a `molmo_point.Pointer`."""

    def look(self, image: NDArray[np.uint8]) -> _View:
        """Read an image [H, W, 3] uint8 RGB once, to ask many questions."""
        ...


class Publish(Protocol):
    """Sends an answer out."""

    def __call__(
        self, sighting: Sighting, pixels: NDArray[np.uint8], *, waited_s: float, model_s: float
    ) -> None:
        """Send it, and count what it took (see `Times`)."""
        ...


class Watcher:
    """Answers about the images of an inbox until it is closed.

    Args:
        pointer: looks at them.
        inbox: images and questions.
        locator: gives places to points.
        fault: is told the kind and the sentence of what could not be used.
        settings: the parameters as they are now.
        publish: takes each answer to the standing query and the image's pixels [H, W, 3] (see
            `Publish`).
        move: leads an answer into the frame that is asked for.

    Attributes:
        ended: done when the thread has ended; it holds the error that ended it, if one did.
    """

    def __init__(
        self,
        pointer: Looking,
        inbox: PictureInbox,
        locator: Locator,
        fault: Callable[[str, str], None],
        *,
        settings: Callable[[], Settings],
        publish: Publish,
        move: Callable[[Sighting], Sighting],
    ) -> None:
        self.ended: Future[None] = Future()
        self._pointer, self._inbox, self._locator, self._fault = pointer, inbox, locator, fault
        self._settings, self._publish, self._move = settings, publish, move
        self._taken = -math.inf  # when the last image was
        self._free = 0.0  # when the last one was done
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, after the image that it is looking at."""
        self._inbox.close()
        self._thread.join()

    def _run(self) -> None:
        asks: list[Ask[Sighting]] = []
        try:
            while (work := self._inbox.take(self._when_due)) is not None:
                arrival, asks = work
                if arrival is not None:
                    self._look(arrival, asks)
                    self._free = time.monotonic()
                _give_up(asks)
            self.ended.set_result(None)
        except BaseException as error:  # handed to the executor's thread, which raises it
            self.ended.set_exception(error)
        finally:
            _give_up(asks)
            self._inbox.close()
            while (work := self._inbox.take(self._when_due)) is not None:
                _give_up(work[1])

    def _when_due(self) -> float:
        return self._due() if self._settings().query else math.inf

    def _due(self) -> float:
        """When the next image may be taken, by the rate as it is now."""
        rate = self._settings().rate
        return self._taken + (1 / rate if rate else 0.0)

    def _look(self, arrival: Arrival, asks: list[Ask[Sighting]]) -> None:
        settings = self._settings()
        picture = arrival.picture
        waited_s = max(0.0, max(self._free, self._due()) - arrival.at)
        self._taken = time.monotonic()
        self._locator.expect(picture.header)
        try:
            pixels = read_picture(picture)
        except MolmoPointError as error:
            self._fault("image", str(error))
            for ask in asks:  # the next image may be better
                try:
                    self._inbox.ask(ask)
                except NoAnswer as closed:
                    _fail([ask], closed)
            asks.clear()
            return
        began = time.monotonic()
        try:
            with self._pointer.look(pixels) as view:
                if settings.query:
                    points = self._point(view, settings.query)
                    if points is not None:
                        model_s = time.monotonic() - began
                        sighting = self._see(points, picture, settings)
                        self._publish(sighting, pixels, waited_s=waited_s, model_s=model_s)
                for ask in asks:
                    self._answer(ask, view, picture, settings)
        except MolmoPointError as error:  # of the model or its server
            self._fault("model", str(error))
            _fail(asks, error)

    def _point(self, view: _View, query: str) -> Points | None:
        try:
            return view.point(query)
        except QueryError as error:
            self._fault("query", str(error))
            return None

    def _answer(
        self, ask: Ask[Sighting], view: _View, picture: Picture, settings: Settings
    ) -> None:
        try:
            if ask.progress is None:
                points = view.point(ask.query)
            else:
                points = _follow(ask, view, settings.confidence, ask.progress)
            ask.answer.set_result(self._see(points, picture, settings))
        except MolmoPointError as error:
            ask.answer.set_exception(error)

    def _see(self, points: Points, picture: Picture, settings: Settings) -> Sighting:
        points = keep_confident(points, settings.confidence)
        space = self._locator.locate(
            points,
            picture.header,
            tolerance_s=settings.sync_tolerance,
            rectified=settings.rectified,
        )
        header = picture.header
        return self._move(Sighting(points, header, space, header.frame_id))


def read_picture(message: Picture) -> NDArray[np.uint8]:
    """[H, W, 3] uint8 RGB of an Image or a CompressedImage.

    Raises:
        ImageError: it cannot be read.
    """
    if isinstance(message, CompressedImage):
        if "compressedDepth" in message.format:
            raise ImageError(f'"{message.format}" holds depth, not a picture: remap the topic.')
        return load_image(bytes(message.data))
    return decode_image(message)


def _follow(ask: Ask[Sighting], view: _View, confidence: float, progress: Progress) -> Points:
    """The points one by one, each told to who asked, until there are enough or it is called off."""
    found: list[Point] = []
    stream = view.stream(ask.query)
    while not ask.is_cancelled() and (not ask.limit or len(found) < ask.limit):
        try:
            point = next(stream)
        except StopIteration as end:
            whole: Points = end.value
            return whole
        if point.confidence is None or point.confidence >= confidence:
            found.append(point)
            progress(found)
    return Points(tuple(found), view.image_size, ask.query, state="points" if found else "none")


def _give_up(asks: list[Ask[Sighting]]) -> None:
    _fail(asks, NoAnswer("No image came in time, or the node was deactivated: ask again."))


def _fail(asks: list[Ask[Sighting]], error: MolmoPointError) -> None:
    for ask in asks:
        if not ask.answer.done():
            ask.answer.set_exception(error)
