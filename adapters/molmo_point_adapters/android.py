"""A phone over adb as a screen: the same small interface as a page or a desktop."""

from __future__ import annotations

import re
import shlex
import subprocess
import xml.etree.ElementTree as ElementTree

from molmo_point.errors import DeviceError, QueryError
from molmo_point.images import load_image
from molmo_point_adapters.screen.action import Action
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.screen_map import Box, Place, screen_frame
from molmo_point_adapters.screen.surface import Effect, Look

__all__ = ["AndroidSurface", "element_of", "read_elements"]

_BOUNDS = re.compile(r"\[(-?\d+),(-?\d+)\]\[(-?\d+),(-?\d+)\]")
_LONG_MS = 800  # a press that is held: the phone's right click
_DRAG_MS = 600
_TIMEOUT_S = 30.0
_ROLES = {
    "Button": "button", "ImageButton": "button", "CheckBox": "checkbox", "EditText": "textbox",
    "ImageView": "img", "RadioButton": "radio", "SeekBar": "slider", "Spinner": "combobox",
    "Switch": "switch",
}  # fmt: skip


class AndroidSurface:
    """A phone or emulator that adb reaches; input coordinates are its pixels.

    Args:
        serial: which, as `adb devices` names it; may be left out if there is one only.
        adb: the program.
    """

    def __init__(self, serial: str | None = None, *, adb: str = "adb") -> None:
        self._command = [adb, *(("-s", serial) if serial else ())]
        self._elements: tuple[Element, ...] | None = None

    def _ask(self, *words: str) -> bytes:
        """What adb prints.

        Raises:
            DeviceError: adb is not there, takes too long, or says that it cannot.
        """
        try:
            done = subprocess.run(
                [*self._command, *words], capture_output=True, timeout=_TIMEOUT_S, check=False
            )
        except FileNotFoundError as error:
            raise DeviceError(
                f'There is no program "{self._command[0]}": install the Android platform tools.'
            ) from error
        except subprocess.TimeoutExpired as error:
            raise DeviceError(f"adb took longer than {_TIMEOUT_S:.0f} seconds.") from error
        if done.returncode:
            reason = done.stderr.decode(errors="replace").strip() or "it does not say why"
            raise DeviceError(f"adb {words[0]} failed: {reason}.")
        return done.stdout

    def look(self) -> Look:
        """Take a picture, as it is held now."""
        self._elements = None
        image = load_image(self._ask("exec-out", "screencap", "-p"))
        height, width = image.shape[:2]
        return Look(image, screen_frame((width, height), Box(0, 0, width, height)), origin=None)

    def element_at(self, place: Place, *, reach: float) -> Element | None:
        """The widget under a place, as the accessibility service sees the last picture."""
        return element_of(self._read(), place, reach=reach)

    def elements(self) -> tuple[Element, ...]:
        """What is made to be tapped."""
        return tuple(one for one in self._read() if one.interactive)

    def _read(self) -> tuple[Element, ...]:
        if self._elements is None:
            dumped = self._ask("exec-out", "uiautomator", "dump", "/dev/tty")
            self._elements = read_elements(dumped.decode(errors="replace"))
        return self._elements

    def perform(self, action: Action, element: Element | None) -> Effect:
        """Tap, hold, swipe, type.

        Raises:
            QueryError: a finger cannot hover, and adb types ASCII only.
        """
        del element
        x, y = (str(int(value)) for value in action.place)
        self._elements = None
        if action.kind == "hover":
            raise QueryError("A finger cannot hover: click, hold or drag on a phone.")
        if action.text is not None and not action.text.isascii():
            raise QueryError(f"adb types ASCII only, got {action.text!r:.80}.")
        if action.kind == "right click":
            self._ask("shell", "input", "swipe", x, y, x, y, str(_LONG_MS))
        elif action.to is not None or action.by is not None:
            right, down = action.by or (0.0, 0.0)  # a finger drags what is under it: backwards
            to = action.to or (action.place[0] - right, action.place[1] - down)
            end = [str(max(0, int(value))) for value in to]
            self._ask("shell", "input", "swipe", x, y, *end, str(_DRAG_MS))
        else:
            for _ in range(2 if action.kind == "double click" else 1):
                self._ask("shell", "input", "tap", x, y)
        if action.text is not None:
            for part in re.split("(?<=%)(?=s)", action.text):  # "%s" is a space to `input`
                self._ask("shell", "input", "text", shlex.quote(part.replace(" ", "%s")))
        return Effect()

    def person_at(self) -> None:
        """A phone has no pointer."""
        return

    def close(self) -> None:
        """There is nothing to let go of."""


def read_elements(dump: str) -> tuple[Element, ...]:
    """Widgets of a dump of uiautomator, outer ones first.

    Raises:
        DeviceError: it is no such dump.
    """
    start, end = dump.find("<hierarchy"), dump.rfind("</hierarchy>")
    if start < 0 or end < 0:
        raise DeviceError(f"The phone does not say what it shows: {dump.strip()[:120]!r}.")
    found = []
    try:
        tree = ElementTree.fromstring(dump[start : end + len("</hierarchy>")])
    except ElementTree.ParseError as error:
        raise DeviceError(f"What the phone says it shows is damaged: {error}.") from error
    for node in tree.iter("node"):
        bounds = _BOUNDS.fullmatch(node.get("bounds", ""))
        if bounds is None:
            continue
        left, top, right, bottom = map(int, bounds.groups())
        if left >= right or top >= bottom:
            continue
        kind = node.get("class", "").rpartition(".")[2]
        said = [child.get(key) for child in node.iter("node") for key in ("text", "content-desc")]
        words = " ".join(filter(None, said))
        inner = " ".join(filter(None, (child.get("text") for child in node.iter("node")))) or words
        tappable = any(
            node.get(flag) == "true" for flag in ("clickable", "long-clickable", "checkable")
        )
        found.append(
            Element(
                role=_ROLES.get(kind, ""),
                name=node.get("text") or node.get("content-desc") or inner,
                box=Box(left, top, right - left, bottom - top),
                selector=node.get("resource-id", ""),
                origin=f"android-app://{node.get('package', '')}",
                interactive=tappable,
                secret=node.get("password") == "true",
                text=words if tappable else "",
            )
        )
    return tuple(found)


def element_of(elements: tuple[Element, ...], place: Place, *, reach: float) -> Element | None:
    """The innermost widget at a place, rather one that is made to be tapped, even if near only."""
    here = [one for one in elements if one.box.contains(place)]
    tappable = [one for one in here if one.interactive]
    if tappable:
        return tappable[-1]
    near = [one for one in elements if one.interactive and one.box.distance(place) <= reach]
    if near:
        return min(near, key=lambda one: one.box.distance(place))
    return here[-1] if here else None
