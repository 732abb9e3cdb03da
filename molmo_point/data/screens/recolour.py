"""The same screen in other colours, as another theme would have it.

Pages of a pool are seen again and again; what a widget is must be told whatever its theme.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from molmo_point.data.hue import LUMA, turn_hues
from molmo_point.data.screens.elements import Screen
from molmo_point.data.screens.hues import colours_of

__all__ = ["recolour"]

_DARK = 0.35  # share that swaps light and dark


def recolour(rng: np.random.Generator, screen: Screen) -> Screen:
    """Turn all hues, make colours stronger or weaker, and sometimes swap light and dark.

    Args:
        rng: where chance comes from.
        screen: its elements' colours are read again from the pixels.
    """
    pixels = screen.image.astype(np.float32)
    grey = (pixels @ LUMA)[..., None]
    colour = (pixels - grey) @ turn_hues(rng.uniform(-np.pi, np.pi)).T * np.exp(rng.normal(0, 0.35))
    middle, contrast = rng.uniform(90, 165), rng.uniform(0.75, 1.05)
    grey = 255 - grey if rng.random() < _DARK else grey
    light = (grey - middle) * contrast + middle
    image = np.clip(light + colour, 0, 255).astype(np.uint8)
    elements = tuple(
        replace(element, colours=colours_of(image, element.role, element.box))
        for element in screen.elements
    )
    return replace(screen, image=image, elements=elements)
