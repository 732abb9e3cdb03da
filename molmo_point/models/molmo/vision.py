"""CLIP's vision encoder as Molmo has it; parameters are named as they are published."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from molmo_point.models.molmo.config import MolmoVisionConfig

__all__ = ["HeadedAttention", "MolmoVisionEncoder"]


class HeadedAttention(nn.Module):
    """Multi-head attention with the published names, over itself or over something else.

    Args:
        in_dim: width of what comes in.
        dim: width inside and of what goes out.
        heads: that the width is divided into.
    """

    def __init__(self, in_dim: int, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.wq, self.wk, self.wv = (nn.Linear(in_dim, dim) for _ in range(3))
        self.wo = nn.Linear(dim, dim)

    def forward(self, query: Tensor, context: Tensor) -> Tensor:
        """[B, Q, in] queries over [B, K, in] -> [B, Q, dim]."""
        q, k, v = (
            part.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for part in (self.wq(query), self.wk(context), self.wv(context))
        )
        out: Tensor = self.wo(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return out


class FeedForward(nn.Module):
    """Two layers with CLIP's quick GELU between them, x * sigmoid(1.702 x)."""

    def __init__(self, dim: int, inner: int) -> None:
        super().__init__()
        self.w1, self.w2 = nn.Linear(dim, inner), nn.Linear(inner, dim)

    def forward(self, x: Tensor) -> Tensor:
        """[..., dim] -> [..., dim]."""
        inner = self.w1(x)
        out: Tensor = self.w2(inner * torch.sigmoid(1.702 * inner))
        return out


class ResidualBlock(nn.Module):
    """A pre-norm transformer block."""

    def __init__(self, config: MolmoVisionConfig) -> None:
        super().__init__()
        dim, eps = config.image_emb_dim, config.image_norm_eps
        self.attention = HeadedAttention(dim, dim, config.image_num_heads)
        self.feed_forward = FeedForward(dim, config.image_mlp_dim)
        self.attention_norm = nn.LayerNorm(dim, eps=eps)
        self.ffn_norm = nn.LayerNorm(dim, eps=eps)

    def forward(self, x: Tensor) -> Tensor:
        """[C, P, dim] -> [C, P, dim]."""
        normed = self.attention_norm(x)
        x = x + self.attention(normed, normed)
        out: Tensor = x + self.feed_forward(self.ffn_norm(x))
        return out


class BlockStack(nn.Module):
    """The blocks, under their published name."""

    def __init__(self, config: MolmoVisionConfig) -> None:
        super().__init__()
        blocks = (ResidualBlock(config) for _ in range(config.image_num_layers))
        self.resblocks = nn.ModuleList(blocks)


class MolmoVisionEncoder(nn.Module):
    """Patches of crops -> the outputs of some blocks, side by side."""

    def __init__(self, config: MolmoVisionConfig) -> None:
        super().__init__()
        dim = config.image_emb_dim
        self.class_embedding = nn.Parameter(torch.zeros(dim))
        self.positional_embedding = nn.Parameter(torch.zeros(config.image_num_pos, dim))
        self.patch_embedding = nn.Linear(config.image_patch_size**2 * 3, dim, bias=False)
        self.pre_ln = nn.LayerNorm(dim, eps=config.image_norm_eps)
        self.transformer = BlockStack(config)

    def forward(self, pixel_values: Tensor, layers: Sequence[int]) -> Tensor:
        """Encode crops.

        Args:
            pixel_values: [C, P, patch * patch * 3], normalised.
            layers: blocks whose outputs are wanted, negative from the end, in the order wanted;
                blocks behind the last of them are not run.

        Returns:
            [C, P, dim * len(layers)], the class token left out.
        """
        blocks = self.transformer.resblocks
        wanted = [layer % len(blocks) for layer in layers]
        x = self.patch_embedding(pixel_values.to(self.patch_embedding.weight.dtype))
        first = self.class_embedding.expand(len(x), 1, -1)
        x = self.pre_ln(torch.cat([first, x], dim=1) + self.positional_embedding)
        outputs: dict[int, Tensor] = {}
        for index, block in enumerate(blocks[: max(wanted) + 1]):
            x = block(x)
            if index in wanted:
                outputs[index] = x[:, 1:]
        return torch.cat([outputs[index] for index in wanted], dim=-1)
