"""One message of a bag, and the error that a bag gives."""

from __future__ import annotations

from dataclasses import dataclass

from molmo_point.errors import MolmoPointError

__all__ = ["BagError", "Record"]


class BagError(MolmoPointError):
    """A bag that cannot be found, read or written."""


@dataclass(frozen=True, slots=True)
class Record:
    """One message as it was recorded.

    Attributes:
        topic: its name.
        msgtype: such as "sensor_msgs/msg/Image".
        timestamp: nanoseconds, when it was recorded.
        data: CDR, as on the wire.
    """

    topic: str
    msgtype: str
    timestamp: int
    data: bytes

    @property
    def place(self) -> str:
        """Where it is in the bag, in words."""
        return f"{self.topic} at {self.timestamp / 1e9:.3f} s"
