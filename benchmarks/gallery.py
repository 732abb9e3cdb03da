"""The README's gallery: real pictures with what the embedded model says of them, good and bad.

    python benchmarks/gallery.py docs/pictures   # out/gallery, if no folder is named

Needs Chromium and the extras "browser" and "tabletop". None of these pictures was trained on.
"""

from __future__ import annotations

import pydoc
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from molmo_point import Pointer, draw_points
from molmo_point.data.tabletop.scene import render_table

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
DESK = 4  # seed of a held-out table


def documentation_page() -> NDArray[np.uint8]:
    """Python's own page about its module `json`, as a browser shows it."""
    import json

    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "json.html"
        text = pydoc.html.page("json", pydoc.html.document(json))
        file.write_text(text.replace(json.__file__, "json"), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium")
        page = browser.new_page(viewport={"width": 800, "height": 600})
        page.goto(file.as_uri())
        shot = Path(folder) / "page.png"
        page.screenshot(path=str(shot))
        browser.close()
        return np.asarray(Image.open(shot).convert("RGB"))


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    desk = render_table(DESK, "heldout").image
    cases = {
        "coins": (np.asarray(Image.open(EXAMPLES / "coins.png").convert("RGB")), "coins"),
        "shapes": (np.asarray(Image.open(EXAMPLES / "shapes.png").convert("RGB")), "red circles"),
        "page": (documentation_page(), "links"),
        "desk": (desk, "valves"),
    }
    pointer = Pointer()
    for name, (image, query) in cases.items():
        points = pointer.point(image, query)
        Image.fromarray(draw_points(image, points)).save(folder / f"{name}.png")
        print(f"{name}: {query}: {len(points)} points")


if __name__ == "__main__":
    main(Path(*sys.argv[1:] or ["out/gallery"]))
