"""A page of a browser as a screen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from molmo_point.errors import DeviceError
from molmo_point.images import load_image
from molmo_point_adapters.browser.guard import Guard
from molmo_point_adapters.browser.under import Found, find_element, find_widgets, origin_of
from molmo_point_adapters.screen.action import Action
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.screen_map import Box, Place, screen_frame
from molmo_point_adapters.screen.surface import Effect, Look

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["PageSurface"]

_WINDOW = """() => ({
  shown: [visualViewport.offsetLeft, visualViewport.offsetTop,
    innerWidth / visualViewport.scale, innerHeight / visualViewport.scale],
  sealed: self.origin === "null",
})"""


class PageSurface:
    """A page of Playwright's.

    Input coordinates are CSS pixels of its layout's viewport, as Playwright's mouse takes them; a
    pinch zoom shows a part of it.

    Args:
        page: of the synchronous API; to be used from the thread that made it.
    """

    def __init__(self, page: Page) -> None:
        self.page = page

    def look(self) -> Look:
        """Take a picture of what the window shows.

        Raises:
            DeviceError: it is closed, or shows nothing.
        """
        from playwright.sync_api import Error

        try:
            picture = self.page.screenshot(type="png", scale="device", caret="initial")
            window = self.page.evaluate(_WINDOW)
        except Error as error:
            first = error.message.strip().splitlines()[0]
            raise DeviceError(f"The page cannot be looked at ({first}): open it again.") from error
        image = load_image(picture)
        height, width = image.shape[:2]
        frame = screen_frame((width, height), Box(*window["shown"]))
        return Look(image, frame, origin_of(self.page.main_frame, sealed=window["sealed"]))

    def element_at(self, place: Place, *, reach: float) -> Element | None:
        """What a click would hit; see `Surface`."""
        found = self._find(place, reach=reach)
        return None if found is None else found.element

    def _find(self, place: Place, *, reach: float) -> Found | None:
        return find_element(self.page, place, reach=reach)

    def elements(self) -> tuple[Element, ...]:
        """What the window shows that is made to be acted on."""
        return find_widgets(self.page)

    def perform(self, action: Action, element: Element | None) -> Effect:
        """Do it if the element is still there, so that nothing else can be hit."""
        found = self._find(action.place, reach=0)
        if found is None or (element is not None and not element.is_same(found.element)):
            return Effect(landed=False)
        mouse, (x, y) = self.page.mouse, action.place
        with Guard(self.page, found) as guard:
            if action.text is not None and not guard.takes_text():
                return Effect(landed=False)
            if action.kind == "hover":
                mouse.move(x, y)
                return guard.effect(pressed=False)
            if action.by is not None:
                mouse.move(x, y)
                mouse.wheel(*action.by)
                return guard.effect(pressed=False)
            if action.kind == "drag":
                assert action.to is not None
                mouse.move(x, y)
                mouse.down()
                mouse.move(*action.to, steps=12)
                mouse.up()
            elif action.kind == "double click":
                mouse.dblclick(x, y)
            else:
                mouse.click(x, y, button="right" if action.kind == "right click" else "left")
            if action.text is not None:
                if not guard.focused():
                    return Effect(landed=False)
                self.page.keyboard.type(action.text)
            return guard.effect()

    def person_at(self) -> None:
        """A page has a pointer of its own, and no person at it."""
        return

    def close(self) -> None:
        """The page is its owner's to close."""
