"""Hues turned: colours about the grey axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["LUMA", "turn_hues"]

LUMA = np.array((0.299, 0.587, 0.114), np.float32)
"""Weights of red, green and blue in brightness (Rec. 601)."""


def turn_hues(angle: float) -> NDArray[Any]:
    """float32 [3, 3] that turns RGB columns about the grey axis by an angle in radians."""
    axis = np.full(3, 3**-0.5)
    cross = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    turned = np.cos(angle) * np.eye(3) + np.sin(angle) * cross
    turned += (1 - np.cos(angle)) * np.outer(axis, axis)  # Rodrigues
    return np.asarray(turned, np.float32)
