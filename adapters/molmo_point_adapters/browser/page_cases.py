"""Cases of ScreenSpot's form from any page: what its layout says is the truth."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molmo_point_adapters.browser.page_surface import PageSurface
from molmo_point_adapters.browser.under import locate
from molmo_point_adapters.screen.element import Element
from molmo_point_adapters.screen.stillness import wait_until_still

if TYPE_CHECKING:
    from playwright.sync_api import Page

__all__ = ["PageCases", "name_role"]

_LONGEST = 40  # characters of a name that is still asked for
_WORDS = {
    "textbox": "text field", "searchbox": "search field", "combobox": "dropdown",
    "radio": "radio button", "spinbutton": "number field", "menuitem": "menu item",
}  # fmt: skip
_WRITTEN = """(element) =>
  [element, ...(element.labels ?? [])].map((one) => one.innerText).join(" ")"""


def name_role(element: Element) -> str:
    """What an element is asked for: name, and role in plain words; "" if nothing can be asked.

    >>> from molmo_point_adapters.screen.screen_map import Box
    >>> name_role(Element("combobox", "Country", Box(0, 0, 9, 9)))
    'Country dropdown'
    """
    if not element.name or len(element.name) > _LONGEST or element.role in ("", "label", "option"):
        return ""
    return f"{element.name} {_WORDS.get(element.role, element.role)}"


@dataclass(slots=True)
class PageCases:
    """A folder of screenshots and a JSON file in the layout of ScreenSpot, with `role` as well.

    Attributes:
        folder: is made if it is not there; earlier cases in it stay.
    """

    folder: Path

    def add(self, page: Page, source: str) -> int:
        """Write what the window of a page shows now.

        An element counts if it has a name and a role, and no other one that is shown has both the
        same; its kind is "text" if its name is written there or on its label, else "icon".

        Args:
            page: of Playwright's synchronous API.
            source: a name for it, which becomes `data_source` and names the picture.

        Returns:
            How many cases there are.
        """
        from PIL import Image

        surface = PageSurface(page)
        look = wait_until_still(surface.look)
        self.folder.mkdir(parents=True, exist_ok=True)
        file = self.folder / "screenspot_pages.json"
        entries = json.loads(file.read_text(encoding="utf-8")) if file.exists() else []
        picture = f"{len({entry['img_filename'] for entry in entries}):04d}-{source}.png"
        elements = surface.elements()
        asked = Counter(name_role(element).casefold() for element in elements)
        cases: list[dict[str, Any]] = []
        for element in elements:
            words = name_role(element)
            if not words or asked[words.casefold()] > 1:
                continue
            left, top = look.to_image((element.box.left, element.box.top))
            right, bottom = look.to_image((element.box.right, element.box.bottom))
            box = (max(0.0, left), max(0.0, top), right, bottom)
            width, height = look.image_size
            sides = (min(width, box[2]) - box[0], min(height, box[3]) - box[1])
            cases.append(
                {
                    "img_filename": picture,
                    "bbox": [round(value, 2) for value in (*box[:2], *sides)],
                    "instruction": words,
                    "data_type": "text" if _is_written(page, element) else "icon",
                    "data_source": source,
                    "role": element.role,
                }
            )
        if cases:
            Image.fromarray(look.image).save(self.folder / picture)
            text = json.dumps([*entries, *cases], ensure_ascii=False, indent=1)
            file.write_text(text + "\n", encoding="utf-8")
        return len(cases)


def _is_written(page: Page, element: Element) -> bool:
    shown = " ".join(str(locate(page, element).evaluate(_WRITTEN)).split())
    return element.name.casefold() in shown.casefold()
