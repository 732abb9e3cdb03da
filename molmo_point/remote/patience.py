"""How long to wait for a server: seconds in all, and pauses between tries that grow."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType

__all__ = ["TRIES", "Patience"]

TRIES = 4
"""How often a question is sent at most."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0  # seconds, doubled from one to the other


class Patience:
    """The seconds that are left for one question; counts those inside its with-block.

    Args:
        seconds: in all.

    Attributes:
        left: seconds that remain.
        tries: how often the question has been sent.
    """

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        self.tries = 0
        self._start = 0.0

    def __enter__(self) -> Patience:
        self._start = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.left -= time.monotonic() - self._start

    def pause(self, retry_after: str | None = None) -> bool:
        """Sleep before the next try; False, at once, if there is to be none.

        Args:
            retry_after: what the server asks for in its header of this name: seconds or a date.
        """
        seconds = min(_FIRST_PAUSE * 2 ** (self.tries - 1), _LONGEST_PAUSE)
        seconds *= random.uniform(0.5, 1.0)  # so that many clients do not come back together
        if retry_after is not None:
            seconds = _read_seconds(retry_after, seconds)
        if self.tries >= TRIES or seconds >= self.left:
            return False
        with self:
            time.sleep(seconds)
        return True


def _read_seconds(retry_after: str, default: float) -> float:
    """See RFC 9110, 10.2.3."""
    if retry_after.strip().isdecimal():
        return float(retry_after)
    try:
        when = parsedate_to_datetime(retry_after)
    except ValueError:
        return default
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return max((when - datetime.now(UTC)).total_seconds(), 0.0)
