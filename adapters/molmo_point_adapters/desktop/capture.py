"""Pictures of the desktop, by mss: X11, Windows and macOS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import DeviceError, require
from molmo_point_adapters.screen.screen_map import Box

__all__ = ["Capture"]


class Capture:
    """Takes pictures of the desktop, and knows its monitors.

    Raises:
        MissingExtra: mss is not installed.
        DeviceError: there is no display that can be seen.
    """

    def __init__(self) -> None:
        mss = require("mss", "desktop")
        self._failure: type[Exception] = mss.ScreenShotError
        try:
            self._mss: Any = mss.MSS()
            self._mss.monitors  # noqa: B018  # read when the display is asked first
        except self._failure as error:
            raise DeviceError(
                f"The desktop cannot be seen ({error}): run this in a session with a display "
                "(X11, Windows or macOS; on Wayland, programs see none)."
            ) from error

    @property
    def desktop(self) -> Box:
        """All monitors together, input coordinates; its corner may be negative."""
        return _box(self._mss.monitors[0])

    @property
    def monitors(self) -> tuple[Box, ...]:
        """Each of them, in the system's order."""
        return tuple(_box(monitor) for monitor in self._mss.monitors[1:])

    def grab(self, box: Box) -> NDArray[np.uint8]:
        """What a part of the desktop shows.

        Args:
            box: input coordinates, whole numbers, within the desktop.

        Returns:
            uint8 [H, W, 3] RGB; larger than the box by the display's scale.

        Raises:
            DeviceError: the system gives no picture.
        """
        part = {"left": box.left, "top": box.top, "width": box.width, "height": box.height}
        try:
            shot = self._mss.grab({name: round(value) for name, value in part.items()})
        except self._failure as error:
            raise DeviceError(f"The system gives no picture of {box}: {error}.") from error
        return np.frombuffer(shot.rgb, np.uint8).reshape(shot.height, shot.width, 3)

    def close(self) -> None:
        """Let go of the display."""
        self._mss.close()


def _box(monitor: dict[str, Any]) -> Box:
    return Box(*(float(monitor[side]) for side in ("left", "top", "width", "height")))
