"""Keys and values of the tokens read so far, which grow; attention writes to it as to any cache."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from molmo_point.models.molmo_point.patches import pick_rows

__all__ = ["KeyValues"]


class KeyValues:
    """One pair of tensors [B, H, S, D] a layer; they are replaced when they grow, never changed."""

    is_initialized = True  # what Molmo2 asks of a cache

    def __init__(self) -> None:
        self.layers: list[tuple[Tensor, Tensor]] = []

    def get_seq_length(self) -> int:
        """S, the tokens that every row has, padding included."""
        return self.layers[0][0].shape[2] if self.layers else 0

    def update(
        self, key: Tensor, value: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """What attention calls: keep [B, H, T, D], give back all of [B, H, S + T, D]."""
        if layer == len(self.layers):
            self.layers.append((key, value))
        else:
            before = self.layers[layer]
            self.layers[layer] = (
                torch.cat([before[0], key], dim=2),
                torch.cat([before[1], value], dim=2),
            )
        return self.layers[layer]

    def take(self, rows: Tensor | None) -> KeyValues:
        """One of its own over these rows, int [R], in this order; over all of them if None."""
        taken = KeyValues()
        taken.layers = [
            pair if rows is None else (pick_rows(pair[0], rows), pick_rows(pair[1], rows))
            for pair in self.layers
        ]
        return taken
