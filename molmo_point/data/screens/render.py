"""Pages to screens: one browser, driven without a network."""

from __future__ import annotations

import tempfile
from functools import cache
from importlib import resources
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from molmo_point.data.screens.elements import Element, Screen
from molmo_point.data.screens.hues import colours_of, contrast_of
from molmo_point.data.screens.pages import Page
from molmo_point.errors import MolmoPointError, require

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

__all__ = ["CHROMIUM", "Renderer"]

CHROMIUM = "/usr/bin/chromium"
"""Where Debian installs it."""

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--force-color-profile=srgb", "--font-render-hinting=none",
    "--allow-file-access-from-files", "--host-resolver-rules=MAP * ~NOTFOUND", "--hide-scrollbars",
)  # fmt: skip
_LEAST_CONTRAST = 22.0  # of 255: below, an element is there but can hardly be seen


@cache
def _truth() -> str:
    return (resources.files("molmo_point.data.screens") / "truth.js").read_text(encoding="utf-8")


class Renderer:
    """A browser that turns pages into screens; a context manager.

    Args:
        chromium: its program.

    Raises:
        MissingExtra: Playwright is not installed.
        MolmoPointError: there is no Chromium.
    """

    def __init__(self, chromium: Path | str = CHROMIUM) -> None:
        if not Path(chromium).exists():
            raise MolmoPointError(
                f"There is no Chromium at {chromium}: install it (Debian: apt-get install "
                "chromium), or give its path."
            )
        self._start = require("playwright.sync_api", "browser").sync_playwright
        self._chromium = str(chromium)
        self._playwright: Playwright | None = None
        self._browser: Browser | None = None

    def __enter__(self) -> Renderer:
        """Start the browser."""
        self._playwright = self._start().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=self._chromium, args=list(_FLAGS)
        )
        self._folder = tempfile.TemporaryDirectory(prefix="molmo-point-screens-")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it."""
        if self._browser and self._playwright:
            self._browser.close()
            self._playwright.stop()
            self._folder.cleanup()

    def render(self, page: Page) -> Screen:
        """Lay a page out, take its picture, and read what can be seen where.

        Raises:
            MolmoPointError: the renderer was not entered.
        """
        if self._browser is None:
            raise MolmoPointError("The browser is not running: use `with Renderer() as renderer`.")
        style = page.style
        context = self._browser.new_context(
            viewport={"width": style.width, "height": style.height},
            device_scale_factor=style.scale,
            color_scheme="dark" if style.theme.dark else "light",
            offline=True,
            reduced_motion="reduce",
        )
        try:
            file = Path(self._folder.name) / "page.html"
            file.write_text(page.html, encoding="utf-8")
            tab = context.new_page()
            tab.goto(file.as_uri(), wait_until="load")
            tab.evaluate("document.fonts.ready.then(() => true)")
            records = tab.evaluate(_truth())
            data = np.frombuffer(tab.screenshot(type="png"), np.uint8)
        finally:
            context.close()
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
        image = np.ascontiguousarray(image)
        elements = tuple(_element(record, image, style.scale) for record in records)
        return Screen(image, elements, style.language, page.names)


def _element(record: dict[str, Any], image: np.ndarray[Any, Any], scale: float) -> Element:
    """An element in pixels of the image, with what only the pixels tell."""
    box = tuple(round(float(value) * scale, 2) for value in record["box"])
    visible = contrast_of(image, box) >= _LEAST_CONTRAST  # type: ignore[arg-type]
    seen = {
        **record,
        "box": box,
        "colours": colours_of(image, record["role"], box),  # type: ignore[arg-type]
        "whole": record["whole"] and visible,
    }
    return Element.from_json(seen)
