"""Depth and calibration matched to an image: the message that lies nearest to it in time."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Generic, TypeVar

__all__ = ["Nearest"]

T = TypeVar("T")

_KEPT = 8  # messages; images and what belongs to them come within a few of one another


class Nearest(Generic[T]):
    """Keeps the few newest messages, and the nearest one to a stamp however long ago it came.

    A model takes longer than a camera: by the time its points are known, the depth of its image
    may lie dozens of messages back. `expect` names the stamp before, `get` hands over after.
    Safe between threads; stamps are nanoseconds.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._kept: deque[tuple[int, T]] = deque(maxlen=_KEPT)
        self._expected: int | None = None
        self._best: tuple[int, T] | None = None

    def put(self, stamp_ns: int, message: T) -> None:
        """Leave a message."""
        with self._changed:
            self._kept.append((stamp_ns, message))
            if self._expected is not None:
                self._consider(stamp_ns, message)
            self._changed.notify_all()

    def expect(self, stamp_ns: int) -> None:
        """From now on keep what lies nearest to this stamp."""
        with self._changed:
            self._expected, self._best = stamp_ns, None
            for stamp, message in reversed(self._kept):  # of equals, as without stamps, the newest
                self._consider(stamp, message)

    def get(self, tolerance_s: float) -> T | None:
        """The message nearest to the expected stamp, if it lies within a tolerance.

        Waits, at most as long as the tolerance, while a nearer one may still come; not at all if
        no message has ever come.
        """
        tolerance_ns = round(tolerance_s * 1e9)
        until = time.monotonic() + tolerance_s
        with self._changed:
            assert self._expected is not None, "expect comes before get"
            while self._kept and self._kept[-1][0] < self._expected:
                if not self._changed.wait(until - time.monotonic()):
                    break
            if self._best is None or abs(self._best[0] - self._expected) > tolerance_ns:
                return None
            return self._best[1]

    @property
    def has_any(self) -> bool:
        """Whether a message has come at all."""
        return bool(self._kept)

    def _consider(self, stamp_ns: int, message: T) -> None:
        assert self._expected is not None
        away = abs(stamp_ns - self._expected)
        if self._best is None or away < abs(self._best[0] - self._expected):
            self._best = stamp_ns, message
