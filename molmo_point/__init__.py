"""Pointing and counting on Ai2's open Molmo models.

`Pointer` answers where a thing is, in pixels of your image, and how many there are. The names
below are loaded when first used: importing the package itself needs neither torch nor a model.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from molmo_point.draw import draw_points
    from molmo_point.errors import MolmoPointError
    from molmo_point.images import load_image
    from molmo_point.parsing import parse_points
    from molmo_point.pointer import Pointer
    from molmo_point.points import Count, Point, Points
    from molmo_point.preprocessing.video import Video

__version__ = "0.1.0"

__all__ = [
    "Count",
    "MolmoPointError",
    "Point",
    "Pointer",
    "Points",
    "Video",
    "draw_points",
    "load_image",
    "parse_points",
]

_HOME = {
    "Count": "points",
    "MolmoPointError": "errors",
    "Point": "points",
    "Pointer": "pointer",
    "Points": "points",
    "Video": "preprocessing.video",
    "draw_points": "draw",
    "load_image": "images",
    "parse_points": "parsing",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
