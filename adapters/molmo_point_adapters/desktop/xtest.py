"""Clicks and keys on X11, by its XTEST extension."""

from __future__ import annotations

import math
import time
from typing import Any

from molmo_point.errors import DeviceError, require
from molmo_point_adapters.desktop.hand import Button
from molmo_point_adapters.screen.screen_map import Place

__all__ = ["XTestHand"]

_BUTTONS = {"left": 1, "right": 3}
_UNICODE = 0x01000000  # X11 keysyms: above Latin-1, the code point and this
_CAPS_LOCK = 0xFFE5  # keysym
_LAYOUT_BITS = 13  # of a pointer's mask: which keyboard layout is chosen (XKB)
_LEARN_S = 0.1  # programs need so long to hear of a new keyboard mapping


class XTestHand:
    """The pointer and keyboard of an X display.

    Raises:
        MissingExtra: python-xlib is not installed.
        DeviceError: the display cannot be opened, or has no XTEST.
    """

    def __init__(self) -> None:
        failures = require("Xlib.error", "desktop")
        self._x = require("Xlib.X", "desktop")
        self._xtest = require("Xlib.ext.xtest", "desktop")
        try:
            self._display: Any = require("Xlib.display", "desktop").Display()
        except (failures.DisplayError, failures.XError, OSError) as error:
            raise DeviceError(f"The X display cannot be opened: {error}.") from error
        why = ""
        if not self._display.has_extension("XTEST"):
            why = "The X display has no XTEST extension, and cannot be clicked on."
        elif self._display.has_extension("XWAYLAND"):
            why = (
                "This X display is part of a Wayland session, which lets no program click: log in "
                "to an X11 session."
            )
        if why:
            self._display.close()
            raise DeviceError(why)
        self._root = self._display.screen().root

    def at(self) -> Place:
        """Where the pointer is."""
        where = self._root.query_pointer()
        return float(where.root_x), float(where.root_y)

    def move(self, place: Place) -> None:
        """Put the pointer on the pixel that holds a place."""
        x, y = math.floor(place[0]), math.floor(place[1])
        self._fake(self._x.MotionNotify, x=x, y=y)

    def press(self, button: Button) -> None:
        """Press a button."""
        self._fake(self._x.ButtonPress, _BUTTONS[button])

    def release(self, button: Button) -> None:
        """Let a button go."""
        self._fake(self._x.ButtonRelease, _BUTTONS[button])

    def type(self, text: str) -> None:
        """Type text; what the keyboard lacks borrows a key that nothing is on.

        Caps Lock is off meanwhile; with another layout than the first chosen, all is borrowed.
        """
        mask = int(self._root.query_pointer().mask)
        caps = self._display.keysym_to_keycode(_CAPS_LOCK) if mask & self._x.LockMask else 0
        if caps:
            self._tap(caps, shifted=False)
        try:
            self._type(text, first_layout=not mask >> _LAYOUT_BITS & 3)
        finally:
            if caps:
                self._tap(caps, shifted=False)

    def _type(self, text: str, *, first_layout: bool) -> None:
        spare: int | None = None
        for letter in text:
            keysym = ord(letter) if ord(letter) < 0x100 else _UNICODE | ord(letter)
            code = self._display.keysym_to_keycode(keysym) if first_layout else 0
            shifted = code != 0 and self._display.keycode_to_keysym(code, 0) != keysym
            if code == 0 or (shifted and self._display.keycode_to_keysym(code, 1) != keysym):
                spare = self._spare_key() if spare is None else spare
                self._put_on(spare, keysym)
                code, shifted = spare, False
            self._tap(code, shifted=shifted)
        if spare is not None:
            time.sleep(_LEARN_S)
            self._put_on(spare, 0)

    def scroll(self, right: int, down: int) -> None:
        """Turn the wheel: on X11 its notches are buttons."""
        for notches, (back, forth) in ((right, (6, 7)), (down, (4, 5))):
            for _ in range(abs(notches)):
                self._fake(self._x.ButtonPress, forth if notches > 0 else back)
                self._fake(self._x.ButtonRelease, forth if notches > 0 else back)

    def close(self) -> None:
        """Let go of the display."""
        self._display.close()

    def _tap(self, code: int, *, shifted: bool) -> None:
        shift = self._display.keysym_to_keycode(0xFFE1)  # Shift_L
        if shifted:
            self._fake(self._x.KeyPress, shift)
        self._fake(self._x.KeyPress, code)
        self._fake(self._x.KeyRelease, code)
        if shifted:
            self._fake(self._x.KeyRelease, shift)

    def _spare_key(self) -> int:
        info = self._display.display.info
        first, count = info.min_keycode, info.max_keycode - info.min_keycode + 1
        table = self._display.get_keyboard_mapping(first, count)
        for code in range(first + count - 1, first - 1, -1):
            if not any(table[code - first]):
                return code
        raise DeviceError("Every key of the X keyboard is taken: there is none to type this with.")

    def _put_on(self, code: int, keysym: int) -> None:
        self._display.change_keyboard_mapping(code, [(keysym, keysym)])
        self._display.sync()
        time.sleep(_LEARN_S)

    def _fake(self, kind: int, detail: int = 0, **where: int) -> None:
        self._xtest.fake_input(self._display, kind, detail, **where)
        self._display.sync()
