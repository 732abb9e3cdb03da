"""`BrowserPointer`: click on a page what is asked for in words."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from molmo_point_adapters.browser.page_surface import PageSurface
from molmo_point_adapters.browser.under import locate
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.finder import Finder
from molmo_point_adapters.screen.policy import Policy
from molmo_point_adapters.screen.screen_pointer import ScreenPointer

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

__all__ = ["BrowserPointer"]


class BrowserPointer(ScreenPointer):
    """Points at things on a page and acts on them, as far as a policy allows.

    Args:
        page: a page of Playwright's synchronous API.
        pointer: the model; by default the embedded one, reading text if that extra is installed.
        policy: what is allowed; by default nothing: dry runs.
        log: a folder for a log of all actions, with pictures.
    """

    def __init__(
        self,
        page: Page,
        pointer: Finder | None = None,
        *,
        policy: Policy | None = None,
        log: str | Path | None = None,
    ) -> None:
        super().__init__(PageSurface(page), pointer, policy=policy, log=log)
        self.page = page

    def locate(self, element: Element) -> Locator:
        """An element of an earlier outcome again, by its selectors and without a model."""
        return locate(self.page, element)
