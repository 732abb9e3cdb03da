"""Windows of an X display: which lies under a place, and where one of a title is."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from molmo_point.errors import DeviceError, require
from molmo_point_adapters.screen.element import Element, clean_words
from molmo_point_adapters.screen.screen_map import Box, Place

__all__ = ["Windows"]


class Windows:
    """The windows of an X display, as they are when asked.

    Raises:
        MissingExtra: python-xlib is not installed.
    """

    def __init__(self) -> None:
        self._display: Any = require("Xlib.display", "desktop").Display()
        self._gone: type[Exception] = require("Xlib.error", "desktop").XError
        self._viewable: int = require("Xlib.X", "desktop").IsViewable
        self._root = self._display.screen().root

    def at(self, place: Place) -> Element | None:
        """The topmost window at a place; None where the bare desktop is."""
        for window, box, title in self._from_the_top():
            if box.contains((math.floor(place[0]), math.floor(place[1]))):
                return _element(window, box, title)
        return None

    def all(self) -> tuple[Element, ...]:
        """All windows that can be seen, the topmost first."""
        return tuple(_element(*one) for one in self._from_the_top())

    def find(self, title: str) -> Element:
        """The topmost window whose title holds some words, whatever their case.

        Raises:
            DeviceError: there is none; the sentence names those that there are.
        """
        titles = []
        for window, box, words in self._from_the_top():
            if title.casefold() in words.casefold():
                return _element(window, box, words)
            titles.append(words)
        shown = ", ".join(f'"{words}"' for words in titles if words) or "none that has a title"
        raise DeviceError(f'There is no window "{title}"; there are: {shown}.')

    def close(self) -> None:
        """Let go of the display."""
        self._display.close()

    def _from_the_top(self) -> Iterator[tuple[Any, Box, str]]:
        for window in reversed(self._root.query_tree().children):
            try:
                attributes = window.get_attributes()
                if attributes.map_state != self._viewable:
                    continue
                shape = window.get_geometry()
                box = Box(shape.x, shape.y, max(1, shape.width), max(1, shape.height))
                yield window, box, clean_words(self._title(window))
            except self._gone:  # closed while it was looked at
                continue

    def _title(self, window: Any) -> str:
        """The title of a window, or of the one within a window manager's frame."""
        if words := _name_of(self._display, window):
            return words
        children = window.query_tree().children
        return next((words for child in children if (words := self._title(child))), "")


def _name_of(display: Any, window: Any) -> str:
    for name in ("_NET_WM_NAME", "WM_NAME"):
        found = window.get_full_property(display.intern_atom(name), 0)
        if found is not None and found.value:
            value = found.value
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
    return ""


def _element(window: Any, box: Box, title: str) -> Element:
    return Element("window", title, box, selector=f"window {window.id:#x}", interactive=False)
