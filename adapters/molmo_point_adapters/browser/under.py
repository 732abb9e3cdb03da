"""The element under a place of a page, through iframes and open shadow roots."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from molmo_point_adapters.browser.scripts import script
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.screen_map import Box, Place, into_iframe

if TYPE_CHECKING:
    from playwright.sync_api import ElementHandle, Frame, Locator, Page

__all__ = ["Found", "find_element", "find_widgets", "locate", "origin_of"]

_SANDBOXED = "e => e.hasAttribute('sandbox') && !e.sandbox.contains('allow-same-origin')"


@dataclass(frozen=True, slots=True)
class Found:
    """An element, and the browser's own handle of it.

    Attributes:
        element: in the page's viewport pixels.
        handle: of the live element.
        frame: the document that holds it.
    """

    element: Element
    handle: ElementHandle
    frame: Frame


def find_element(page: Page, place: Place, *, reach: float) -> Found | None:
    """What a click at a place would hit.

    Args:
        page: the page.
        place: viewport pixels.
        reach: viewport pixels within which an interactive element counts if none is here.
    """
    frame, at = page.main_frame, place
    steps: list[tuple[Box, tuple[float, float]]] = []
    selectors: list[str] = []
    while True:
        hit = frame.evaluate_handle(script("element"), [*at, reach]).as_element()
        if hit is None:
            return None
        said = hit.evaluate(script("describe"), list(at))
        inner = hit.content_frame()
        if inner is None or not _has_area(content := hit.evaluate(script("content"))):
            origin = origin_of(frame, sealed=said["sealed"])
            return Found(_element(said, steps, selectors, origin), hit, frame)
        size = inner.evaluate("() => [innerWidth, innerHeight]")
        box = Box(*content)
        steps.append((box, (float(size[0]), float(size[1]))))
        selectors.append(said["selector"])
        frame, at = inner, into_iframe(at, box, steps[-1][1])


def find_widgets(page: Page) -> tuple[Element, ...]:
    """What the window shows that is made to be acted on; not what is covered at its middle."""
    found: list[Element] = []
    for frame in page.frames:
        listed = frame.evaluate_handle(script("widgets"))
        for handle in listed.get_properties().values():
            element = handle.as_element()
            box = None if element is None else element.bounding_box()
            if box is None:
                continue
            middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
            hit = find_element(page, middle, reach=0)
            if hit is None or hit.frame != frame or not hit.element.interactive:
                continue
            if not any(hit.element.is_same(other) for other in found):
                found.append(hit.element)
        listed.dispose()
    return tuple(found)


def _has_area(content: list[float]) -> bool:
    return content[2] > 0 and content[3] > 0


def _element(
    said: dict[str, Any],
    steps: list[tuple[Box, tuple[float, float]]],
    selectors: list[str],
    origin: str,
) -> Element:
    """What a document says of its element, in viewport pixels and cut to what iframes show."""
    left, top, width, height = said["box"]
    box = Box(left, top, max(width, 1e-3), max(height, 1e-3))
    for content, (inner_width, inner_height) in reversed(steps):
        across, down = content.width / inner_width, content.height / inner_height
        moved = Box(
            content.left + box.left * across,
            content.top + box.top * down,
            box.width * across,
            box.height * down,
        )
        box = moved.within(content) or moved
    return Element(
        role=said["role"],
        name=said["name"],
        box=box,
        selector=said["selector"],
        frames=tuple(selectors),
        origin=origin,
        interactive=said["interactive"],
        secret=said["secret"],
        text=said["text"] if said["interactive"] else "",
    )


def origin_of(frame: Frame, *, sealed: bool) -> str:
    """Of a document: its scheme, host and port, "file://", or "" if it has none.

    It is read from the address, as a page can give its own `self.origin` any value. A document
    without an address of its own, "about:srcdoc", has its parent's.

    Args:
        frame: that holds it.
        sealed: it says itself that it is kept apart from its own site, as a sandboxed iframe, which
            those around it are asked for, too.
    """
    sealed = sealed or _is_sandboxed(frame)
    while frame.url.startswith("about:") and frame.parent_frame is not None:
        frame = frame.parent_frame
    parts = urlsplit(frame.url)
    if parts.scheme == "file":  # each file is sealed from all others
        return "file://"
    if sealed or not parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _is_sandboxed(frame: Frame) -> bool:
    """Whether a frame, or one around it, is kept apart from its own site by its parent."""
    around: Frame | None = frame
    while around is not None and around.parent_frame is not None:
        if around.frame_element().evaluate(_SANDBOXED):
            return True
        around = around.parent_frame
    return False


def locate(page: Page, element: Element) -> Locator:
    """The element again, later, by its selectors: to replay a click without a model."""
    if not element.frames:
        return page.locator(element.selector)
    inside = page.frame_locator(element.frames[0])
    for selector in element.frames[1:]:
        inside = inside.frame_locator(selector)
    return inside.locator(element.selector)
