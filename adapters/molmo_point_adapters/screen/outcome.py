"""What came of being asked to act."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from molmo_point.draw import draw_points
from molmo_point.points import Point, Points
from molmo_point_adapters.screen.action import Action
from molmo_point_adapters.screen.aim import Aim
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.surface import Look

__all__ = ["Outcome", "Status", "draw_aim"]

Status = Literal["done", "dry run", "refused"]


def draw_aim(look: Look, aim: Aim) -> NDArray[np.uint8]:
    """The picture with the place that is meant, or with all candidates under their numbers.

    Returns:
        uint8 [H, W, 3] RGB; a caption makes it higher than the screenshot.
    """
    shown = aim.candidates if aim.target is None else (aim.target,)
    items = tuple(Point(*target.xy, confidence=target.confidence) for target in shown)
    points = Points(items, look.image_size, aim.query, state="points" if items else "none")
    return draw_points(look.image, points, numbered=aim.target is None)


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What came of being asked to act.

    Attributes:
        status: "done"; "dry run" if it would have been; "refused" if not.
        reason: a sentence; "" if done and something happened.
        aim: what was found, and which of it is meant.
        look: the picture that was looked at.
        action: what was, or would have been, done; None if it is not known where.
        end: where a drag ends.
        landed: the event reached the element that was meant; None if that cannot be known.
        signs: what was seen to happen: "picture", "document", "focus", "value", "scroll",
            "address", "window". None of them: the click may have been for nothing.
    """

    status: Status
    reason: str
    aim: Aim
    look: Look
    action: Action | None = None
    end: Aim | None = None
    landed: bool | None = None
    signs: tuple[str, ...] = ()

    @property
    def done(self) -> bool:
        """It was done."""
        return self.status == "done"

    @property
    def element(self) -> Element | None:
        """What lies at the place, where the screen can tell."""
        return None if self.aim.target is None else self.aim.target.element

    def draw(self) -> NDArray[np.uint8]:
        """The aim, or the candidates, on the picture: uint8 [H, W, 3] RGB."""
        return draw_aim(self.look, self.aim)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        secret = self.element is not None and self.element.secret
        return {
            "status": self.status,
            "reason": self.reason,
            "action": None if self.action is None else self.action.to_dict(secret=secret),
            "landed": self.landed,
            "signs": list(self.signs),
            "aim": self.aim.to_dict(),
            "end": None if self.end is None else self.end.to_dict(),
            "origin": self.look.origin,
        }

    def __str__(self) -> str:
        where = f" on {self.element}" if self.element is not None else ""
        at = "" if self.action is None else " at ({:.0f}, {:.0f})".format(*self.action.place)
        kind = "nothing" if self.action is None else self.action.kind
        why = f": {self.reason}" if self.reason else ""
        return f"{self.status}: {kind}{where}{at}{why}"
