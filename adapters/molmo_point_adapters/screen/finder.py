"""Whatever says where things are in a picture: a `Pointer`, or something that stands for one."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from molmo_point.points import Count, Points

__all__ = ["Finder"]


class Finder(Protocol):
    """Says where things are in a picture, as `molmo_point.Pointer` does."""

    def point(self, image: NDArray[np.uint8], query: str, /) -> Points:
        """Where it is, in pixels of the picture, uint8 [H, W, 3] RGB."""
        ...

    def count(self, image: NDArray[np.uint8], query: str, /) -> Count:
        """How many there are."""
        ...
