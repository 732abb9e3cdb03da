"""`DesktopPointer`: click on the desktop what is asked for in words."""

from __future__ import annotations

from pathlib import Path

from molmo_point_adapters.desktop.desktop_surface import DesktopSurface
from molmo_point_adapters.screen.finder import Finder
from molmo_point_adapters.screen.policy import Policy
from molmo_point_adapters.screen.screen_pointer import ScreenPointer

__all__ = ["DesktopPointer"]


class DesktopPointer(ScreenPointer):
    """Points at things on the desktop and acts on them, as far as a policy allows.

    Args:
        pointer: the model; by default the embedded one, reading text if that extra is installed.
        monitor: only this one, from 1; by default all together.
        window: only the window whose title holds these words; on X11.
        policy: what is allowed; by default nothing: dry runs.
        log: a folder for a log of all actions, with pictures.

    Raises:
        DeviceError: there is no display, or no such monitor.
        MissingExtra: the extra "desktop" is not installed.
    """

    def __init__(
        self,
        pointer: Finder | None = None,
        *,
        monitor: int | None = None,
        window: str | None = None,
        policy: Policy | None = None,
        log: str | Path | None = None,
    ) -> None:
        surface = DesktopSurface(monitor=monitor, window=window)
        super().__init__(surface, pointer, policy=policy, log=log)
