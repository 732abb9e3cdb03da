"""What waits for the model: one image, of which the newest wins, and one-shot questions."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from molmo_point import Point
from molmo_point.errors import MolmoPointError

__all__ = ["Ask", "Inbox", "NoAnswer", "Progress"]

T = TypeVar("T")
R = TypeVar("R")
Progress: TypeAlias = Callable[[Sequence[Point]], None]

_POLL_S = 0.05  # how often questions are checked for having been cancelled


class NoAnswer(MolmoPointError):
    """A question that was not answered in time."""


@dataclass(eq=False, slots=True)
class Ask(Generic[R]):
    """A question about the next image.

    Attributes:
        query: in words.
        deadline: of `time.monotonic()`; it fails if no image has come by then.
        limit: at most so many points; 0 for all.
        progress: is told the points so far, after each; None if nobody follows.
        is_cancelled: whether the answer is no longer wanted.
        answer: where the answer goes.
    """

    query: str
    deadline: float
    limit: int = 0
    progress: Progress | None = None
    is_cancelled: Callable[[], bool] = lambda: False
    answer: Future[R] = field(default_factory=Future)

    @property
    def is_over(self) -> bool:
        """It is too late for an answer."""
        return self.is_cancelled() or time.monotonic() > self.deadline


class Inbox(Generic[T, R]):
    """Room for one image and the questions about it; safe between threads.

    Attributes:
        dropped: images that gave way to newer ones, or came sooner than the rate allows.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._changed = threading.Condition()
        self._image: T | None = None
        self._asks: list[Ask[R]] = []
        self._closed = False

    def put(self, image: T) -> None:
        """Leave an image; one that still lies here gives way."""
        with self._changed:
            self.dropped += self._image is not None
            self._image = image
            self._changed.notify()

    def ask(self, ask: Ask[R]) -> None:
        """Leave a question for the next image that comes.

        Raises:
            NoAnswer: the inbox is closed.
        """
        with self._changed:
            if self._closed:
                raise NoAnswer("The node is not active: activate it, then ask.")
            self._image = None  # it was taken before the question came
            self._asks.append(ask)
            self._changed.notify()

    def close(self) -> None:
        """Let go of the image; `take` ends, and hands over the questions that are left."""
        with self._changed:
            self._closed = True
            self._image = None
            self._changed.notify()

    def take(self, due: Callable[[], float]) -> tuple[T | None, list[Ask[R]]] | None:
        """Wait for something to do.

        Args:
            due: the time of `time.monotonic()` before which an image is not taken unless somebody
                asks; infinity while there is nothing to look for.

        Returns:
            An image, and all questions; or no image, and the questions that are over; or None when
            the inbox is closed and empty.
        """
        with self._changed:
            while True:
                if due() == math.inf and not self._asks:
                    self._image = None  # nothing to look for: not dropped, but not wanted
                if self._image is not None and (self._asks or time.monotonic() >= due()):
                    image, asks = self._image, self._asks
                    self._image, self._asks = None, []
                    return image, asks
                over = [ask for ask in self._asks if self._closed or ask.is_over]
                if over:
                    self._asks = [ask for ask in self._asks if ask not in over]
                    return None, over
                if self._closed:
                    return None
                self._changed.wait(self._longest_wait(due()))

    def _longest_wait(self, due: float) -> float | None:
        if self._asks:
            return _POLL_S
        if self._image is None or due == math.inf:
            return None
        return max(0.0, due - time.monotonic())
