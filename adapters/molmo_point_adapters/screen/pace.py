"""How fast actions may follow each other."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

__all__ = ["Pace"]

_WINDOW_S = 60.0


class Pace:
    """Keeps a distance between actions, and a limit on how many there are.

    Args:
        min_interval: seconds from one action to the next.
        per_minute: actions in any 60 seconds.
        clock: seconds, never going back.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        min_interval: float,
        per_minute: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._min_interval = min_interval
        self._clock = clock
        self._sleep = sleep
        self._done: deque[float] = deque(maxlen=per_minute)

    def wait(self) -> str | None:
        """Wait until the interval is over; a sentence instead if the minute is full."""
        now = self._clock()
        full = len(self._done) == self._done.maxlen
        if full and now - self._done[0] < _WINDOW_S:
            left = _WINDOW_S - (now - self._done[0])
            limit = len(self._done)
            many = f"{limit} actions in a minute are" if limit > 1 else "1 action in a minute is"
            return f"{many} the limit: wait {left:.0f} seconds."
        if self._done and (left := self._done[-1] + self._min_interval - now) > 0:
            self._sleep(left)
        return None

    def note(self) -> None:
        """An action has just been done."""
        self._done.append(self._clock())
