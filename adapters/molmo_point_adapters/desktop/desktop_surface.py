"""The desktop, a monitor or a window as a screen."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import ExitStack, closing

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import DeviceError
from molmo_point_adapters.desktop.capture import Capture
from molmo_point_adapters.desktop.hand import Hand, do, open_hand
from molmo_point_adapters.desktop.windows import Windows
from molmo_point_adapters.screen.action import Action
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.screen_map import Box, Place, screen_frame
from molmo_point_adapters.screen.surface import Effect, Look

__all__ = ["DesktopSurface"]


class DesktopSurface:
    """What the monitors show.

    Args:
        monitor: only this one, from 1; by default all together.
        window: only the window whose title holds these words, wherever it goes; on X11.
        hand: moves and presses; by default the one that this system has.
        grab: takes a picture of a box, uint8 [H, W, 3] RGB; by default mss.

    Raises:
        DeviceError: there is no display, or no such monitor.
        MissingExtra: what this system needs is not installed.
    """

    def __init__(
        self,
        *,
        monitor: int | None = None,
        window: str | None = None,
        hand: Hand | None = None,
        grab: Callable[[Box], NDArray[np.uint8]] | None = None,
    ) -> None:
        with ExitStack() as opened:
            self._hand = hand or opened.enter_context(closing(open_hand()))
            self._capture = opened.enter_context(closing(Capture()))
            self._windows = (
                opened.enter_context(closing(Windows()))
                if sys.platform.startswith("linux")
                else None
            )
            monitors = len(self._capture.monitors)
            if monitor is not None and not 1 <= monitor <= monitors:
                raise DeviceError(f"There is no monitor {monitor}: there are {monitors}.")
            if window is not None and self._windows is None:
                raise DeviceError("Windows can be chosen on X11 alone: leave window out.")
            self._opened = opened.pop_all()
        self._grab = grab or self._capture.grab
        self._monitor = monitor
        self._window = window

    def _shown(self) -> Box:
        """What is looked at, cut to whole pixels of the desktop."""
        if self._window is not None and self._windows is not None:
            window = self._windows.find(self._window)
            box = window.box.within(self._capture.desktop)
            if box is None:
                raise DeviceError(f"{window} lies outside the desktop.")
            return box
        if self._monitor is not None:
            return self._capture.monitors[self._monitor - 1]
        return self._capture.desktop

    def look(self) -> Look:
        """Take a picture."""
        shown = self._shown()
        image = self._grab(shown)
        height, width = image.shape[:2]
        return Look(image, screen_frame((width, height), shown))

    def element_at(self, place: Place, *, reach: float) -> Element | None:
        """The window under a place, on X11; `reach` finds nothing more."""
        del reach
        return None if self._windows is None else self._windows.at(place)

    def elements(self) -> tuple[Element, ...]:
        """The windows, on X11."""
        return () if self._windows is None else self._windows.all()

    def perform(self, action: Action, element: Element | None) -> Effect:
        """Do it if it lies in what is looked at, and the same window is still there."""
        shown = self._shown()
        for place in (action.place, action.to):
            if place is not None and not shown.contains((math.floor(place[0]), place[1])):
                return Effect(landed=False)
        now = self.element_at(action.place, reach=0)
        if (element is None) != (now is None) or (element is not None and not element.is_same(now)):
            return Effect(landed=False)
        do(self._hand, action)
        return Effect()

    def person_at(self) -> Place | None:
        """Where the pointer is, from the desktop's top-left corner."""
        x, y = self._hand.at()
        desktop = self._capture.desktop
        return x - desktop.left, y - desktop.top

    def close(self) -> None:
        """Let go of the display."""
        self._opened.close()
