"""What the global view tells the patches of a large image's crops.

Ours, for small models; no published checkpoint has it (`overview_dim` 0). A crop shows a large
thing in part, and nothing of what surrounds it; the global view shows both, small. Every ViT patch
of the canvas adds to its own feature that of the global view at the same place, as far as a small
network that sees both lets it in, and what the network itself has to say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.functional import gelu, interpolate

if TYPE_CHECKING:
    from molmo_point.models.molmo_point.compact_config import CompactConfig
    from molmo_point.models.molmo_point.config import MolmoPointConfig

__all__ = ["Overview"]

_SPREAD = 3.0  # about the standard deviation of a trained small encoder's features
_SIDE = 2  # ViT patches of a pooled token, across and down


class Overview(nn.Module):
    """Adds the global view to the features of a canvas.

    Args:
        config: with `overview_dim`.
    """

    def __init__(self, config: MolmoPointConfig | CompactConfig) -> None:
        super().__init__()
        features, dim = config.vit_feature_dim, config.overview_dim
        self.norm = nn.LayerNorm(features)
        self.own = nn.Linear(features, dim)
        self.whole = nn.Linear(features, dim, bias=False)
        self.mix = nn.Linear(dim, features)
        self.skip = nn.Linear(features, features, bias=False)
        self.gate = nn.Linear(dim, 1)

    @torch.no_grad()
    def begin(self, apart: Tensor) -> None:
        """Let the global view in half-way at first, but for some directions, and say no more.

        Args:
            apart: [D, F], what reads sizes and places of things; they differ between the views.
        """
        for layer in (self.mix, self.gate):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        rows, _ = torch.linalg.qr(apart.T)
        self.skip.weight.copy_(torch.eye(len(rows), device=rows.device) - rows @ rows.T)

    def forward(self, patches: Tensor, valid: Tensor, grids: Tensor) -> Tensor:
        """Patches behind the pooled tokens of images, in the order of the prompts.

        Args:
            patches: [N, 4, F] ViT features; of each image first the global view's, by rows, then
                the canvas's.
            valid: bool [N, 4], those that there are.
            grids: int [I, 4], pooled (rows, cols) of the global view and of the canvas.

        Returns:
            [N, 4, F]; the global view's own stay as they are.
        """
        seen = torch.zeros_like(valid)
        heard: list[Tensor] = []
        around: list[Tensor] = []
        at = 0
        for low_rows, low_cols, rows, cols in grids.tolist():
            low = slice(at, at + low_rows * low_cols)
            at = low.stop + rows * cols
            seen[low.stop : at] = valid[low.stop : at]
            view = self.norm(patches[low])
            for spoken, layer in ((heard, self.skip), (around, self.whole)):
                laid = _to_map(layer(view), low_rows, low_cols)[None]
                size = (rows * _SIDE, cols * _SIDE)
                spread = interpolate(laid, size, mode="bilinear", align_corners=False)[0]
                spoken.append(_to_tokens(spread, rows, cols)[valid[low.stop : at]])
        own = patches[seen]
        hidden = gelu(self.own(self.norm(own)) + torch.cat(around), approximate="tanh")
        told = self.gate(hidden).sigmoid() * torch.cat(heard) + self.mix(hidden)
        out = patches.clone()
        out[seen] = own + _SPREAD * told
        return out


def _to_map(tokens: Tensor, rows: int, cols: int) -> Tensor:
    """[rows * cols, 4, D] -> [D, 2 rows, 2 cols]."""
    grid = tokens.reshape(rows, cols, _SIDE, _SIDE, -1).permute(4, 0, 2, 1, 3)
    return grid.reshape(-1, rows * _SIDE, cols * _SIDE)


def _to_tokens(view: Tensor, rows: int, cols: int) -> Tensor:
    """The inverse of `_to_map`."""
    grid = view.reshape(-1, rows, _SIDE, cols, _SIDE).permute(1, 3, 2, 4, 0)
    return grid.reshape(rows * cols, _SIDE * _SIDE, -1)
