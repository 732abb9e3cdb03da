"""Crops that have been encoded: of a screen or a camera, most are the same a moment later."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["CropMemory"]


@dataclass(frozen=True, slots=True)
class CropMemory:
    """The crops of one image and their features.

    Attributes:
        pixels: float [C, P, patch * patch * 3], as the vision encoder was given them.
        features: [C, P, F], as it gave them back.
        encoded: how many of them it had to look at.
    """

    pixels: Tensor
    features: Tensor
    encoded: int

    @classmethod
    def encode(
        cls,
        encoder: Callable[[Tensor], Tensor],
        pixels: Tensor,
        before: CropMemory | None = None,
        tolerance: float = 0.0,
    ) -> CropMemory:
        """Encode what has changed; a crop that is the global view as well is encoded once.

        Args:
            encoder: [C, P, patch * patch * 3] -> [C, P, F], each crop by itself.
            pixels: of all crops.
            before: of an earlier image; of no use if it has another number of crops.
            tolerance: a crop is the same if no value differs by more.
        """
        if before is None or before.pixels.shape != pixels.shape:
            if len(pixels) == 2 and torch.equal(pixels[0], pixels[1]):
                return cls(pixels, encoder(pixels[:1]).expand(2, -1, -1), 1)
            return cls(pixels, encoder(pixels), len(pixels))
        changed = (pixels - before.pixels).abs().amax((1, 2)) > tolerance
        kept = torch.where(changed[:, None, None], pixels, before.pixels)  # no drift by small steps
        if not changed.any():
            return cls(kept, before.features, 0)
        features = before.features.clone()
        features[changed] = encoder(pixels[changed])
        return cls(kept, features, int(changed.sum()))
