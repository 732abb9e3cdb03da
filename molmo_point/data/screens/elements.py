"""A screen: its picture, and every element that can be seen on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.canvas import Thing
from molmo_point.data.names import COLOURS
from molmo_point.data.scenes import Scene, SceneQuery
from molmo_point.data.screens.roles import name_of

__all__ = ["ROLES", "Element", "Screen"]

ROLES = (
    "button", "link", "field", "checkbox", "radio", "switch", "slider", "dropdown", "tab",
    "menu item", "icon", "badge", "picture", "avatar", "progress bar", "heading", "text", "row",
    "section",
)  # fmt: skip
"""Kinds of element."""


@dataclass(frozen=True, slots=True)
class Element:
    """One thing on a screen.

    Attributes:
        role: one of `ROLES`.
        concept: what it means, a key of `concepts.CONCEPTS`, or "".
        text: as shown.
        row: concept of the row, card or list entry that it belongs to, or "".
        states: such as "checked", "off", "selected", "disabled".
        colours: colour words that fit; one if its colour is clear, several if in between, none if
            it has no single colour.
        box: left, top, right, bottom of what can be seen of it, pixels of the image.
        whole: all of it can be seen.
        reach: the same box, also outside of a window that was cut out.
        hidden: the page itself covers or cuts off a part of it.
    """

    role: str
    concept: str
    text: str
    row: str
    states: tuple[str, ...]
    colours: tuple[str, ...]
    box: tuple[float, float, float, float]
    whole: bool
    reach: tuple[float, float, float, float] | None = None
    hidden: bool = False

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Element:
        """From what `dataclasses.asdict` and JSON made of one."""
        listed = {name: tuple(record[name]) for name in ("states", "colours", "box")}
        return cls(**{**record, **listed})


@dataclass(frozen=True, slots=True)
class Screen:
    """A rendered page, or a window cut out of one.

    Attributes:
        image: uint8 [H, W, 3] RGB.
        elements: in the order of the document.
        language: of the labels.
        style: names of template, skin, theme, icon set and font, for reports.
    """

    image: NDArray[np.uint8]
    elements: tuple[Element, ...]
    language: str
    style: Mapping[str, str]

    def window(self, left: int, top: int, width: int, height: int) -> Screen:
        """Cut a part out at native scale.

        Elements that the border cuts stay, no longer whole, so that no question about the window
        counts on them; those outside are gone.

        Args:
            left: pixels.
            top: pixels.
            width: pixels.
            height: pixels.
        """
        kept = []
        for element in self.elements:
            x0, y0, x1, y1 = element.box
            box = (max(x0 - left, 0.0), max(y0 - top, 0.0),
                   min(x1 - left, float(width)), min(y1 - top, float(height)))  # fmt: skip
            if box[2] > box[0] and box[3] > box[1]:
                inside = (box[2] - box[0]) * (box[3] - box[1]) >= 0.97 * (x1 - x0) * (y1 - y0)
                reach = (x0 - left, y0 - top, x1 - left, y1 - top)
                whole = element.whole and inside
                hidden = element.hidden or not element.whole
                kept.append(replace(element, box=box, whole=whole, reach=reach, hidden=hidden))
        image = np.ascontiguousarray(self.image[top : top + height, left : left + width])
        return Screen(image, tuple(kept), self.language, self.style)

    def resized(self, across: int, down: int) -> Screen:
        """The same in another size, scaled as Molmo2's preprocessing does: bilinear, no smoothing.

        Args:
            across: pixels.
            down: pixels.
        """
        height, width = self.image.shape[:2]
        size = across, down
        if size == (width, height):
            return self

        def moved(box: tuple[float, ...]) -> tuple[float, float, float, float]:
            x0, x1 = (side * size[0] / width for side in box[::2])
            y0, y1 = (side * size[1] / height for side in box[1::2])
            return x0, y0, x1, y1

        elements = tuple(
            replace(e, box=moved(e.box), reach=moved(e.reach) if e.reach else e.reach)
            for e in self.elements
        )
        image = np.asarray(cv2.resize(self.image, size, interpolation=cv2.INTER_LINEAR), np.uint8)
        return Screen(image, elements, self.language, self.style)

    def to_scene(self, queries: tuple[SceneQuery, ...] = ()) -> Scene:
        """The same as a scene whose things are the elements, in their order.

        A thing is named by its role and state (`roles.name_of`); a button without a label and its
        icon are one thing, an "icon button". Icons have a meaning; what has a label says it in
        words, which are another matter (`molmo_point/text.py`). An element wider than 120 pixels
        is placed 60 pixels from its left end, which can be told without seeing the other end.

        Args:
            queries: questions about it.
        """
        things = [_thing(element) for element in self.elements]
        for button, icon in _icons_of_buttons(self.elements):
            if things[button].name == "button":
                meaning = self.elements[button].concept
                things[button] = replace(things[button], name="icon button", meaning=meaning)
                things[icon] = replace(things[icon], name="")
        return Scene(self.image, tuple(things), "screens", queries)


_WIDE = 120.0  # pixels


def _icons_of_buttons(elements: tuple[Element, ...]) -> Iterator[tuple[int, int]]:
    """Buttons that show an icon and no text, each with that icon."""
    icons = [(number, e) for number, e in enumerate(elements) if e.role == "icon"]
    for number, button in enumerate(elements):
        if button.role == "button" and not button.text:
            left, top, right, bottom = button.reach or button.box
            for index, icon in icons:
                box = icon.reach or icon.box
                x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
                if left <= x <= right and top <= y <= bottom and icon.concept == button.concept:
                    yield number, index


def _thing(element: Element) -> Thing:
    box = element.reach or element.box
    left, top, right, bottom = box
    colour = element.colours[0] if len(element.colours) == 1 else ""
    return Thing(
        name_of(element.role, element.states),
        left + min(right - left, _WIDE) / 2,
        (top + bottom) / 2,
        box,
        colour if colour in COLOURS else "",
        element.concept if element.role == "icon" else "",
        doubtful=element.hidden if element.reach else not element.whole,
    )
