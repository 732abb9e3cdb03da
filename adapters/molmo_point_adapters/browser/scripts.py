"""The scripts that run in a page."""

from __future__ import annotations

from functools import cache
from importlib import resources

__all__ = ["script"]


@cache
def script(name: str) -> str:
    """The source of a function in JavaScript, such as `script("guard")`."""
    folder = resources.files("molmo_point_adapters.browser")
    return (folder / f"{name}.js").read_text(encoding="utf-8")
