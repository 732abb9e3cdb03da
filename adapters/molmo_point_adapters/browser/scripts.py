"""The scripts that run in a page."""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

__all__ = ["script"]


@cache
def script(name: str) -> str:
    """The source of a function in JavaScript, such as `script("guard")`."""
    folder = resources.files("molmo_point_adapters.browser")
    widgets = (folder / "widgets.css").read_text(encoding="utf-8")
    source = (folder / f"{name}.js").read_text(encoding="utf-8")
    return source.replace("$WIDGETS", json.dumps(" ".join(widgets.split())))
