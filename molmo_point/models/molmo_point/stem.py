"""A small convolutional patch embedding, for models too small to learn edges through one matrix.

The interface is the linear patch embedding's, so the vision encoder does not know which it has.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ConvStem"]

_WIDTHS = (32, 64)


class ConvStem(nn.Module):
    """Normalised patch rows -> patch embeddings, through convolutions that see across patches.

    Two 3x3 convolutions of stride 2, a residual pair, and one that closes the remaining stride.

    Args:
        patch_size: pixels a side, a multiple of 4.
        grid: patches of a crop as (rows, columns).
        width: width of the embeddings.
    """

    def __init__(self, patch_size: int, grid: tuple[int, int], width: int) -> None:
        super().__init__()
        if patch_size % 4:
            raise ValueError(
                f"A convolutional stem needs patches of a multiple of 4, got {patch_size}."
            )
        self.patch_size, self.grid = patch_size, grid
        first, second = _WIDTHS
        self.down = nn.Sequential(
            nn.Conv2d(3, first, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(first),
            nn.ReLU(inplace=True),
            nn.Conv2d(first, second, 3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
        )
        self.residual = nn.Sequential(
            nn.Conv2d(second, second, 3, padding=1, bias=False),
            nn.BatchNorm2d(second),
            nn.ReLU(inplace=True),
            nn.Conv2d(second, second, 3, padding=1, bias=False),
            nn.BatchNorm2d(second),
        )
        stride = patch_size // 4
        self.project = nn.Conv2d(second, width, stride, stride=stride)

    @property
    def weight(self) -> Tensor:
        """A weight of the last layer: tells dtype and device, as the linear embedding's does."""
        return self.project.weight

    def forward(self, patches: Tensor) -> Tensor:
        """[C, P, patch * patch * 3] (rows, columns, rgb inside a patch) -> [C, P, width]."""
        (rows, columns), size = self.grid, self.patch_size
        crops = patches.reshape(-1, rows, columns, size, size, 3)
        image = crops.permute(0, 5, 1, 3, 2, 4).reshape(-1, 3, rows * size, columns * size)
        low: Tensor = self.down(image)
        embedded: Tensor = self.project(
            torch.relu(low + self.residual(low))
        )  # [C, width, rows, cols]
        return embedded.flatten(2).transpose(1, 2)
