"""The desktop's pointer and keyboard: XTEST on X11, pynput on Windows and macOS."""

from __future__ import annotations

import math
import os
import sys
import time
from typing import Literal, Protocol

from molmo_point.errors import DeviceError, require
from molmo_point_adapters.screen.action import Action
from molmo_point_adapters.screen.screen_map import Place

__all__ = ["Button", "Hand", "PynputHand", "do", "open_hand"]

Button = Literal["left", "right"]

_REST_S = 0.03  # programs that poll the pointer see it rest before it presses
_NOTCH = 100.0  # pixels that a notch of the wheel moves, about: each program has its own mind
_STEPS = 12  # of a drag: programs want to see it move


class Hand(Protocol):
    """Moves, presses, types; input coordinates."""

    def at(self) -> Place:
        """Where the pointer is."""
        ...

    def move(self, place: Place) -> None:
        """Put the pointer on the pixel that holds a place."""
        ...

    def press(self, button: Button) -> None:
        """Press a button."""
        ...

    def release(self, button: Button) -> None:
        """Let a button go."""
        ...

    def type(self, text: str) -> None:
        """Type printable text."""
        ...

    def scroll(self, right: int, down: int) -> None:
        """Turn the wheel by so many notches."""
        ...

    def close(self) -> None:
        """Let go of the display."""
        ...


def do(hand: Hand, action: Action) -> None:
    """Do an action with a hand; a pressed button is always let go."""
    hand.move(action.place)
    time.sleep(_REST_S)
    if action.kind == "hover":
        return
    if action.by is not None:
        hand.scroll(*(math.ceil(abs(by) / _NOTCH) * (1 if by > 0 else -1) for by in action.by))
        return
    button: Button = "right" if action.kind == "right click" else "left"
    for _ in range(2 if action.kind == "double click" else 1):
        hand.press(button)
        try:
            time.sleep(_REST_S)
            if action.to is not None:
                _glide(hand, action.place, action.to)
        finally:
            hand.release(button)
        time.sleep(_REST_S)
    if action.text is not None:
        hand.type(action.text)


def _glide(hand: Hand, start: Place, end: Place) -> None:
    for step in range(1, _STEPS + 1):
        part = step / _STEPS
        hand.move((start[0] + (end[0] - start[0]) * part, start[1] + (end[1] - start[1]) * part))
        time.sleep(_REST_S / 3)


class PynputHand:
    """pynput's: Windows, macOS, and X11 too.

    Raises:
        MissingExtra: pynput is not installed.
    """

    def __init__(self) -> None:
        self._buttons = require("pynput.mouse", "desktop").Button
        self._mouse = require("pynput.mouse", "desktop").Controller()
        self._keyboard = require("pynput.keyboard", "desktop").Controller()

    def at(self) -> Place:
        """Where the pointer is."""
        x, y = self._mouse.position
        return float(x), float(y)

    def move(self, place: Place) -> None:
        """Put the pointer there."""
        self._mouse.position = (int(place[0] // 1), int(place[1] // 1))

    def press(self, button: Button) -> None:
        """Press a button."""
        self._mouse.press(self._buttons[button])

    def release(self, button: Button) -> None:
        """Let a button go."""
        self._mouse.release(self._buttons[button])

    def type(self, text: str) -> None:
        """Type text."""
        self._keyboard.type(text)

    def scroll(self, right: int, down: int) -> None:
        """Turn the wheel."""
        self._mouse.scroll(right, -down)

    def close(self) -> None:
        """There is nothing to let go of."""


def open_hand() -> Hand:
    """The hand that this system has.

    Raises:
        DeviceError: there is no display, or Wayland alone, which lets no program click.
        MissingExtra: its package is not installed.
    """
    if sys.platform in ("win32", "darwin"):
        return PynputHand()
    if not os.environ.get("DISPLAY"):
        wayland = " Wayland lets no program click: log in to an X11 session."
        raise DeviceError(
            "There is no X display (DISPLAY is not set)."
            + (wayland if os.environ.get("WAYLAND_DISPLAY") else "")
        )
    from molmo_point_adapters.desktop.xtest import XTestHand

    return XTestHand()
