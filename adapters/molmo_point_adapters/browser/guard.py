"""An action on a page that can reach one element only."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TYPE_CHECKING

from molmo_point_adapters.browser.scripts import script
from molmo_point_adapters.screen.surface import Effect

if TYPE_CHECKING:
    from playwright.sync_api import JSHandle, Page

    from molmo_point_adapters.browser.under import Found

__all__ = ["Guard"]

_WAIT_S = 1.0  # for a sign that something has happened
_FIELDS = ("combobox", "searchbox", "spinbutton", "textbox")  # the focus is what a click gives them


class Guard:
    """Stands in all frames of a page while an action is done; a context manager.

    Events that would hit another element, because the page has just changed, are swallowed before
    the page sees them.

    Args:
        page: the page.
        found: the only element that may be hit.
    """

    def __init__(self, page: Page, found: Found) -> None:
        self._page = page
        self._found = found
        self._own: JSHandle | None = None
        self._others: list[JSHandle] = []
        self._address = page.url
        self._windows = len(page.context.pages)

    def __enter__(self) -> Guard:
        from playwright.sync_api import Error

        for frame in self._page.frames:
            try:
                if frame == self._found.frame:
                    self._own = frame.evaluate_handle(script("guard"), self._found.handle)
                else:
                    self._others.append(frame.evaluate_handle(script("guard"), None))
            except Error:
                if frame == self._found.frame or not frame.is_detached():
                    self._stop()
                    raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def _stop(self) -> None:
        from playwright.sync_api import Error

        for handle in (self._own, *self._others):
            try:
                if handle is not None:
                    handle.evaluate("(guard) => guard.stop()")
            except Error:  # the document went away, and the guard with it
                continue

    def takes_text(self) -> bool:
        """Whether the element is a field, or holds one."""
        return bool(self._own and self._own.evaluate("(guard) => guard.takesText()"))

    def focused(self) -> bool:
        """Whether what is typed goes into the element."""
        return bool(self._own and self._own.evaluate("(guard) => guard.focused()"))

    def effect(self, *, pressed: bool = True) -> Effect:
        """What became of the action.

        Args:
            pressed: a button was pressed; else there is no event to land.
        """
        from playwright.sync_api import Error

        end = time.monotonic() + _WAIT_S
        landed, blocked, signs = False, False, set[str]()
        while True:
            for handle in (self._own, *self._others):
                try:
                    said = handle.evaluate("(guard) => guard.read()") if handle else {}
                except Error:  # its document is gone: the click led elsewhere
                    signs.add("address")
                    landed = landed or handle is self._own
                    continue
                landed = landed or bool(said.get("landed"))
                blocked = blocked or bool(said.get("blocked"))
                signs.update(said.get("signs", ()))
            if self._page.url != self._address:
                signs.add("address")
            if len(self._page.context.pages) > self._windows:
                signs.add("window")
            telling = signs if self._found.element.role in _FIELDS else signs - {"focus"}
            if telling or blocked or time.monotonic() > end:
                ordered = tuple(sorted(signs))
                return Effect(landed and not blocked if pressed else None, ordered)
            self._page.wait_for_timeout(30)
