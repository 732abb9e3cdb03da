"""What a screen has to offer: a picture and where it leads, a hand, and what it knows of itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from molmo_point.geometry import Frame
from molmo_point_adapters.screen.action import Action
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.screen_map import Place

__all__ = ["Effect", "Look", "Surface"]


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A picture of a screen, and where its pixels lie.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        frame: from the picture's pixels to input coordinates.
        origin: of the page, such as "https://example.org"; "" on a desktop; None if each element
            has its own, as apps of a phone have.
    """

    image: NDArray[np.uint8]
    frame: Frame
    origin: str | None = ""

    @property
    def image_size(self) -> tuple[int, int]:
        """(width, height) of the picture, pixels."""
        return self.frame.image_size

    def to_input(self, x: float, y: float) -> Place:
        """A place of the picture, in input coordinates."""
        ((place_x, place_y),) = self.frame.to_frame([[x, y]]).tolist()
        return place_x, place_y

    def to_image(self, place: Place) -> tuple[float, float]:
        """A place in input coordinates, in pixels of the picture."""
        ((x, y),) = self.frame.to_image([place]).tolist()
        return x, y


@dataclass(frozen=True, slots=True)
class Effect:
    """What became of an action, as far as the screen itself can tell.

    Attributes:
        landed: the event reached the element that was meant; None if that cannot be known.
        signs: what was seen to happen, such as "document" or "address".
    """

    landed: bool | None = None
    signs: tuple[str, ...] = ()


class Surface(Protocol):
    """A screen that can be looked at and acted on: a page, a desktop, a phone."""

    def look(self) -> Look:
        """Take a picture."""
        ...

    def element_at(self, place: Place, *, reach: float) -> Element | None:
        """What lies under a place; if that is not interactive, what is so within `reach` of it."""
        ...

    def elements(self) -> tuple[Element, ...]:
        """What it shows that can be named, the frontmost first."""
        ...

    def perform(self, action: Action, element: Element | None) -> Effect:
        """Do it, at once; nothing else may be hit if the surface can tell."""
        ...

    def person_at(self) -> Place | None:
        """Where a person's own pointer is, from the screen's top-left corner; None without one."""
        ...

    def close(self) -> None:
        """Let go of it."""
        ...
