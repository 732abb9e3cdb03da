"""Which screen is meant, and its pointer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from molmo_point.errors import MolmoPointError
from molmo_point_adapters.screen.finder import Finder
from molmo_point_adapters.screen.policy import Policy
from molmo_point_adapters.screen.screen_pointer import ScreenPointer

__all__ = ["ScreenChoice", "open_screen"]


@dataclass(frozen=True, slots=True)
class ScreenChoice:
    """Which screen; the desktop if nothing else is said.

    Attributes:
        page: a file or address to open in a new Chromium; with `browser`, words of a tab's title
            or address.
        browser: a running one, by the address of its debugging port.
        android: the serial of a phone; "" for the only one.
        monitor: one of the desktop's, from 1.
        window: words of a window's title, on X11.
        ratio: device pixels to a CSS pixel of a page that is opened.
        shown: a page that is opened can be seen.

    Raises:
        MolmoPointError: two screens are named.
    """

    page: str | None = None
    browser: str | None = None
    android: str | None = None
    monitor: int | None = None
    window: str | None = None
    ratio: float = 1.0
    shown: bool = False

    def __post_init__(self) -> None:
        of_page = self.page is not None or self.browser is not None
        of_desktop = self.monitor is not None or self.window is not None
        if of_page + of_desktop + (self.android is not None) > 1:
            raise MolmoPointError(
                "A page, a phone and a part of the desktop are three screens: name one."
            )
        if self.monitor is not None and self.window is not None:
            raise MolmoPointError("A window is found on every monitor: leave the monitor out.")


@contextmanager
def open_screen(
    choice: ScreenChoice,
    pointer: Finder | None = None,
    *,
    policy: Policy | None = None,
    log: str | Path | None = None,
) -> Iterator[ScreenPointer]:
    """A pointer at the chosen screen, which is let go of at the end; see `ScreenPointer`.

    Raises:
        DeviceError: the screen is not there.
        MissingExtra: what it needs is not installed.
    """
    if choice.browser is not None or choice.page is not None:
        from molmo_point_adapters.browser.browser_pointer import BrowserPointer
        from molmo_point_adapters.clicking.chromium import open_page, running_page

        opened = (
            running_page(choice.browser, choice.page)
            if choice.browser is not None
            else open_page(str(choice.page), ratio=choice.ratio, shown=choice.shown)
        )
        with opened as page, BrowserPointer(page, pointer, policy=policy, log=log) as screen:
            yield screen
    elif choice.android is not None:
        from molmo_point_adapters.android import AndroidSurface

        surface = AndroidSurface(choice.android or None)
        with ScreenPointer(surface, pointer, policy=policy, log=log) as screen:
            yield screen
    else:
        from molmo_point_adapters.desktop.desktop_pointer import DesktopPointer

        with DesktopPointer(
            pointer, monitor=choice.monitor, window=choice.window, policy=policy, log=log
        ) as screen:
            yield screen
