"""What has happened: images, points, times and faults, and the report of it for diagnostics."""

from __future__ import annotations

import threading
from collections import Counter, deque
from dataclasses import dataclass
from statistics import median
from time import monotonic

from diagnostic_msgs.msg import DiagnosticStatus, KeyValue

__all__ = ["Tally", "Times"]

_RECENT = 50


@dataclass(frozen=True, slots=True)
class Times:
    """How long one image took.

    Attributes:
        latency_s: from the image's stamp until its points were published.
        waited_s: of that, until the model was done with earlier images, or another was due.
        model_s: of that, in the model.
    """

    latency_s: float
    waited_s: float
    model_s: float

    @property
    def overhead_s(self) -> float:
        """What the middleware and the node took: the rest."""
        return self.latency_s - self.waited_s - self.model_s


class Tally:
    """Counts, safe between threads.

    Attributes:
        received: images that came.
        answered: images whose points were published.
        points: points in the newest of them.
        last_image: `time.monotonic()` of the newest image, or of the start.
    """

    def __init__(self) -> None:
        self.received = 0
        self.answered = 0
        self.points = 0
        self.last_image = monotonic()
        self.faults: Counter[str] = Counter()
        self._times: deque[Times] = deque(maxlen=_RECENT)
        self._lock = threading.Lock()
        self._reported = (monotonic(), 0, 0)  # when, answered, faults at the last report
        self._last_fault = ""

    def restart_clock(self) -> None:
        """Images are waited for from now on."""
        self.last_image = monotonic()

    def receive(self) -> None:
        """An image has come."""
        with self._lock:
            self.received += 1
            self.last_image = monotonic()

    def answer(self, points: int, times: Times) -> None:
        """Points were published."""
        with self._lock:
            self.answered += 1
            self.points = points
            self._times.append(times)

    def fault(self, kind: str, sentence: str) -> None:
        """Something could not be used."""
        with self._lock:
            self.faults[kind] += 1
            self._last_fault = sentence

    def report(
        self, name: str, *, model: str, dropped: int, patience_s: float | None
    ) -> DiagnosticStatus:
        """How it goes, since the last report and in all.

        Args:
            name: of the status.
            model: which one is loaded; "" for none.
            dropped: images that were not looked at.
            patience_s: seconds without an image that are a fault; None while none is expected.
        """
        now = monotonic()
        with self._lock:
            silence = now - self.last_image
            then, answered, faults = self._reported
            self._reported = (now, self.answered, self.faults.total())
            rate = (self.answered - answered) / max(now - then, 1e-9)
            times = list(self._times)
            values = {
                "model": model,
                "rate": f"{rate:.2f} Hz",
                "images": str(self.received),
                "answered": str(self.answered),
                "dropped": str(dropped),
                "points": str(self.points),
                "latency": _median_ms([one.latency_s for one in times]),
                "model time": _median_ms([one.model_s for one in times]),
                "overhead": _median_ms([one.overhead_s for one in times]),
                "last fault": self._last_fault,
                **{f"faults: {kind}": str(count) for kind, count in sorted(self.faults.items())},
            }
            new_faults = self.faults.total() - faults
        level, message = DiagnosticStatus.OK, "running"
        if patience_s is None:
            message = "not active"
        elif silence > patience_s:
            level, message = DiagnosticStatus.ERROR, f"no image for {silence:.0f} s"
        elif new_faults:
            level, message = DiagnosticStatus.WARN, self._last_fault
        pairs = [KeyValue(key=key, value=value) for key, value in values.items()]
        return DiagnosticStatus(level=level, name=name, message=message, values=pairs)


def _median_ms(seconds: list[float]) -> str:
    return f"{median(seconds) * 1e3:.1f} ms" if seconds else ""
