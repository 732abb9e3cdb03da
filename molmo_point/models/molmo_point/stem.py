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
        crops = patches.reshape(-1, rows, columns, size, size, 3).transpose(2, 3)
        image = crops.reshape(-1, rows * size, columns * size, 3).permute(0, 3, 1, 2)
        if self.training or torch.is_grad_enabled():
            low: Tensor = self.down(image.contiguous())
            low = torch.relu(low + self.residual(low))
        else:
            low = self._infer(image)
        embedded: Tensor = self.project(low)  # [C, width, rows, cols]
        return embedded.flatten(2).transpose(1, 2)

    def _infer(self, image: Tensor) -> Tensor:
        """The same, norms folded into the convolutions before them, pixels kept together."""
        low = _convolve(image, self.down[0], self.down[1], stride=2).relu_()
        low = _convolve(low, self.down[3], self.down[4], stride=2).relu_()
        inner = _convolve(low, self.residual[0], self.residual[1]).relu_()
        return _convolve(inner, self.residual[3], self.residual[4]).add_(low).relu_()


def _convolve(image: Tensor, convolution: nn.Module, norm: nn.Module, stride: int = 1) -> Tensor:
    """A 3x3 convolution and the batch norm behind it, as one convolution."""
    assert isinstance(convolution, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    bias = norm.bias - norm.running_mean * scale
    weight = convolution.weight * scale[:, None, None, None]
    return nn.functional.conv2d(image, weight, bias, stride=stride, padding=1)
