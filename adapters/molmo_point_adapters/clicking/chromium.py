"""A page to work on: in a browser of our own, or in one that runs already."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from molmo_point.errors import DeviceError, QueryError, require

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["address_of", "open_page", "running_page"]

_PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def address_of(page: str) -> str:
    """The address of a page: a file that is there, or an address as it is.

    Raises:
        QueryError: it is neither.
    """
    if Path(page).is_file():
        return Path(page).resolve().as_uri()
    if urlsplit(page).scheme in ("http", "https", "file", "data", "about"):
        return page
    raise QueryError(f'"{page}" is no file, and no address: begin it with "https://".')


@contextmanager
def open_page(
    address: str, *, size: tuple[int, int] = (1280, 800), ratio: float = 1.0, shown: bool = False
) -> Iterator[Page]:
    """A page in a new Chromium, which is closed at the end.

    Args:
        address: see `address_of`.
        size: (width, height) of the window, CSS pixels.
        ratio: device pixels to a CSS pixel.
        shown: in a window that can be seen.

    Raises:
        DeviceError: there is no Chromium, or the page does not open.
        MissingExtra: Playwright is not installed.
    """
    playwright = require("playwright.sync_api", "browser")
    address = address_of(address)
    program = next(filter(None, map(shutil.which, _PROGRAMS)), None)
    # Chromium has no sandbox for root, as in containers
    flags = ["--no-sandbox"] if getattr(os, "geteuid", lambda: 1)() == 0 else []
    with playwright.sync_playwright() as driver:
        try:
            browser: Browser = driver.chromium.launch(
                executable_path=program, args=flags, headless=not shown
            )
        except playwright.Error as error:
            raise DeviceError(f"Chromium does not start: {_first_line(error)}") from error
        try:
            context = browser.new_context(
                viewport={"width": size[0], "height": size[1]}, device_scale_factor=ratio
            )
            page = context.new_page()
            page.goto(address)
            yield page
        except playwright.Error as error:
            raise DeviceError(f"The page says: {_first_line(error)}") from error
        finally:
            browser.close()


@contextmanager
def running_page(endpoint: str, page: str | None) -> Iterator[Page]:
    """A tab of a browser that was started with `--remote-debugging-port`; it stays open.

    Args:
        endpoint: such as "http://127.0.0.1:9222".
        page: words of its title or address; None for the newest.

    Raises:
        DeviceError: no browser answers there, or there is no such tab.
        MissingExtra: Playwright is not installed.
    """
    playwright = require("playwright.sync_api", "browser")
    with playwright.sync_playwright() as driver:
        try:
            browser: Browser = driver.chromium.connect_over_cdp(endpoint)
        except playwright.Error as error:
            raise DeviceError(
                f"No browser answers at {endpoint}: start one with --remote-debugging-port."
            ) from error
        tabs = [tab for context in browser.contexts for tab in context.pages]
        fitting = [tab for tab in tabs if _fits(tab, page)]
        if not fitting:
            raise DeviceError(
                f'There is no tab "{page or ""}"; there are: '
                f"{', '.join(tab.url for tab in tabs) or 'none'}."
            )
        try:
            fitting[-1].bring_to_front()  # what is hidden is not drawn
            yield fitting[-1]
        except playwright.Error as error:
            raise DeviceError(f"The tab says: {_first_line(error)}") from error


def _fits(tab: Page, words: str | None) -> bool:
    wanted = (words or "").casefold()
    return wanted in tab.url.casefold() or wanted in tab.title().casefold()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
