"""Whether two pictures of a screen show the same, there or everywhere."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from molmo_point_adapters.screen.surface import Look

__all__ = ["is_same", "wait_until_still"]

_NOISE = 12  # of 255: what video and font smoothing may change without meaning anything
_CHANGED = 0.0005  # of the values; a caret is less
_CHANGED_NEAR = 0.02  # of the values near a place
_PAUSE_S = 0.05


def is_same(
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    *,
    around: tuple[float, float] | None = None,
    radius: int = 24,
) -> bool:
    """Whether they show the same.

    Args:
        before: uint8 [H, W, 3].
        after: the same screen, later.
        around: only the pixels within `radius` of this place (x, y), of both sides.
        radius: pixels.
    """
    if before.shape != after.shape:
        return False
    if around is not None:
        x, y = (round(value) for value in around)
        rows = slice(max(0, y - radius), max(0, y + radius))
        columns = slice(max(0, x - radius), max(0, x + radius))
        before, after = before[rows, columns], after[rows, columns]
    if before.size == 0:
        return True
    import cv2

    apart = np.asarray(cv2.absdiff(before, after)) > _NOISE
    return bool(apart.mean() <= (_CHANGED if around is None else _CHANGED_NEAR))


def wait_until_still(take: Callable[[], Look], *, seconds: float = 2.0) -> Look:
    """Look until two looks in a row show the same; some screens never rest.

    Args:
        take: takes a look.
        seconds: how long to wait at most.

    Returns:
        The last look.
    """
    last = take()
    end = time.monotonic() + seconds
    while True:
        time.sleep(_PAUSE_S)
        now = take()
        if is_same(last.image, now.image) or time.monotonic() > end:
            return now
        last = now
