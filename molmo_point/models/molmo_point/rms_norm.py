"""Root-mean-square norm as in Molmo2: float32 inside, cast back, then scaled."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["RMSNorm"]


class RMSNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps), times a learned weight.

    Args:
        width: of the last axis.
        eps: what is added to the mean.
    """

    def __init__(self, width: int, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """[..., width] -> the same."""
        values = x.float()
        scaled = values * torch.rsqrt(values.square().mean(-1, keepdim=True) + self.eps)
        return self.weight * scaled.to(x.dtype)
