"""What can be done at a place of a screen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from molmo_point.errors import QueryError
from molmo_point_adapters.screen.screen_map import Place

__all__ = ["KINDS", "Action", "Kind", "Press"]

Kind = Literal["click", "double click", "right click", "hover", "drag", "type", "scroll"]

Press = Literal["left", "right", "double", "none"]
"""What is pressed: "double" is left twice; with "none" the pointer only goes there."""

KINDS: dict[Press, Kind] = {
    "left": "click",
    "right": "right click",
    "double": "double click",
    "none": "hover",
}


_FARTHEST = 100_000  # input pixels of a wheel, at once


@dataclass(frozen=True, slots=True)
class Action:
    """One thing to do.

    Attributes:
        kind: what.
        place: where, in input coordinates.
        to: where a drag ends.
        text: what is typed after a click at the place.
        by: how far a wheel turns over the place, input pixels to the right and down.

    Raises:
        QueryError: a drag without an end, a scroll without a distance or too far, or text that is
            empty or holds control characters: a line break would submit, and others are keys.
    """

    kind: Kind
    place: Place
    to: Place | None = None
    text: str | None = None
    by: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if (self.kind == "drag") != (self.to is not None):
            raise QueryError(f"A drag has an end and nothing else has one, got {self}.")
        if (self.kind == "type") != (self.text is not None):
            raise QueryError(f"Typing has a text and nothing else has one, got {self}.")
        if (self.kind == "scroll") != (self.by is not None):
            raise QueryError(f"A scroll has a distance and nothing else has one, got {self}.")
        if self.by is not None and not all(abs(value) <= _FARTHEST for value in self.by):
            raise QueryError(f"A scroll goes {_FARTHEST:,} pixels at most, got {self.by}.")
        if self.text is not None and (not self.text or not self.text.isprintable()):
            raise QueryError(
                f"Text to type is not empty and has no line breaks or control characters, got "
                f"{self.text!r:.80}: press keys by yourself."
            )

    def to_dict(self, *, secret: bool = False) -> dict[str, Any]:
        """Plain values, ready for JSON; of a secret text only the length."""
        data: dict[str, Any] = {"kind": self.kind, "place": [round(v, 2) for v in self.place]}
        if self.to is not None:
            data["to"] = [round(v, 2) for v in self.to]
        if self.by is not None:
            data["by"] = list(self.by)
        if self.text is not None:
            data["text"] = f"({len(self.text)} characters)" if secret else self.text
        return data
