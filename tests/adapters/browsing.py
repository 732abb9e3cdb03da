"""A real Chromium, the events that pages see, and a finder that knows the truth."""

import json
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import sync_playwright

from molmo_point import Count, Points

PAGES = Path(__file__).parent / "pages"
CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-gpu", "--force-color-profile=srgb"]

RECORDER = """
top.events ??= [];
for (const type of ["pointerdown", "click", "dblclick", "contextmenu", "keydown", "drop"]) {
  document.addEventListener(type, (event) => {
    const named = event.composedPath().find((node) => node.dataset?.case);
    top.events.push([type, named?.dataset.case ?? event.target.localName, event.isTrusted]);
    if (type === "click" && named && !named.target) named.style.outline = "4px solid hotpink";
  }, true);
}
"""


@contextmanager
def open_browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def new_page(browser, name="", *, ratio=1.0, size=(720, 540), html=None):
    """A page of `pages/`, or of the HTML given, that notes its events."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, device_scale_factor=ratio, offline=True
    )
    context.add_init_script(RECORDER)
    page = context.new_page()
    if html is None:
        page.goto((PAGES / f"{name}.html").as_uri())
    else:
        page.goto("data:text/html;charset=utf-8," + quote(html))
    return page


def events(page):
    """What the page has seen since it was last asked: (type, case) of trusted events."""
    seen = page.evaluate("() => top.events.splice(0)")
    assert all(trusted for _, _, trusted in seen), seen
    return [(kind, case) for kind, case, _ in seen]


def cases(page):
    """The names of all elements to be hit, in all frames and shadow roots, as (frame, case)."""
    collect = """() => {
      const found = [];
      const walk = (root) => root.querySelectorAll("*").forEach((node) => {
        if (node.dataset.case) found.push(node.dataset.case);
        if (node.shadowRoot) walk(node.shadowRoot);
      });
      walk(document);
      return found;
    }"""
    return {case: frame for frame in page.frames for case in frame.evaluate(collect)}


class Truth:
    """Points at the middle of `data-case`, by the browser's own account of where that is."""

    def __init__(self, page, ratio):
        self.page = page
        self.ratio = ratio
        self.frames = cases(page)
        self.asked = []

    def box(self, case):
        locator = self.frames[case].locator(f"[data-case={json.dumps(case)}]")
        box = locator.bounding_box()
        return box["x"], box["y"], box["width"], box["height"]

    def point(self, image, query):
        self.asked.append(query)
        left, top, width, height = self.box(query)
        at = [[(left + width / 2) * self.ratio, (top + height / 2) * self.ratio]]
        return Points.from_xy(at, (image.shape[1], image.shape[0]), query=query)

    def count(self, image, query):
        """A number alone, as models with language may answer it: no length of points."""
        size = image.shape[1], image.shape[0]
        return Count(Points((), size, query, state="none", stated_count=len(query)))
