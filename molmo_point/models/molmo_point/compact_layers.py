"""Molmo2's layers for small models on a CPU: joined projections, GELU and residuals in the product.

The same arithmetic as transformers' `modeling_molmo2.py`, up to the order of float32 sums, in a
third of its operations.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention, silu

from molmo_point.kernels.packed_linear import PackedLinear
from molmo_point.models.molmo_point.key_values import KeyValues
from molmo_point.models.molmo_point.rms_norm import RMSNorm

__all__ = ["Connector", "Decoder", "DecoderLayer", "Rotary", "Tower", "TowerLayer"]

Rotary = tuple[Tensor, Tensor]
"""Cosine and sine [B, 1, T, D] of each token's angles."""


class TowerLayer(nn.Module):
    """One layer of the vision encoder.

    Args:
        config: `vision_config`.
    """

    def __init__(self, config: Any) -> None:
        super().__init__()
        width, inner = config.hidden_size, config.num_attention_heads * config.head_dim
        self.heads = config.num_attention_heads
        self.layer_norm1 = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.qkv = PackedLinear(width, 3 * inner)
        self.out = PackedLinear(inner, width)
        self.layer_norm2 = nn.LayerNorm(width, eps=config.layer_norm_eps)
        self.up = PackedLinear(width, config.intermediate_size)
        self.down = PackedLinear(config.intermediate_size, width)

    def forward(self, hidden: Tensor) -> Tensor:
        """[C, P, W] -> the same."""
        joined = self.qkv(self.layer_norm1(hidden)).unflatten(-1, (3, self.heads, -1))
        query, key, value = joined.permute(2, 0, 3, 1, 4)  # [C, H, P, D] each
        seen = scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        hidden = self.out(seen, residual=hidden)
        out: Tensor = self.down(self.up(self.layer_norm2(hidden), "gelu"), residual=hidden)
        return out


class Tower(nn.Module):
    """The vision encoder, without its patch embedding's making.

    Args:
        config: `vision_config`.
        stem: patches [C, P, patch * patch * 3] -> [C, P, W].
    """

    def __init__(self, config: Any, stem: nn.Module) -> None:
        super().__init__()
        self.patch_embedding = stem
        self.positional_embedding = nn.Parameter(
            torch.zeros(config.num_position_embeddings, config.hidden_size)
        )
        self.layers = nn.ModuleList(TowerLayer(config) for _ in range(config.num_hidden_layers))

    def forward(self, pixels: Tensor, wanted: list[int]) -> Tensor:
        """[C, P, F] outputs of the wanted layers, side by side."""
        hidden = self.patch_embedding(pixels) + self.positional_embedding
        outputs: dict[int, Tensor] = {}
        for index, layer in enumerate(self.layers[: max(wanted) + 1]):
            hidden = layer(hidden)
            outputs[index] = hidden
        return torch.cat([outputs[index] for index in wanted], dim=-1)


class Connector(nn.Module):
    """Pools the patches of each token by attention with their mean as the query; then a gated MLP.

    Args:
        config: `adapter_config`.
        features: F, width of a patch.
    """

    def __init__(self, config: Any, features: int) -> None:
        super().__init__()
        inner = config.num_attention_heads * config.head_dim
        self.heads, self.scale = config.num_attention_heads, config.head_dim**-0.5
        self.query = PackedLinear(features, inner)
        self.key_value = PackedLinear(features, 2 * inner)
        self.gate_up = PackedLinear(inner, 2 * config.intermediate_size, bias=False)
        self.down = PackedLinear(config.intermediate_size, config.text_hidden_size, bias=False)

    def forward(self, patches: Tensor, valid: Tensor) -> Tensor:
        """[N, k, F] patches, zero where bool [N, k] says that there is none -> [N, E]."""
        mean = patches.sum(1) / valid.sum(1, keepdim=True)  # [N, F]
        query = self.query(mean).unflatten(-1, (1, self.heads, -1))  # [N, 1, H, D]
        key, value = self.key_value(patches).unflatten(-1, (2, self.heads, -1)).unbind(2)
        logits = (query * key).sum(-1) * self.scale  # [N, k, H]
        weights = logits.masked_fill(~valid[..., None], -torch.inf).softmax(1)
        pooled = (weights[..., None] * value).sum(1).flatten(1)
        gate, up = self.gate_up(pooled).chunk(2, dim=-1)
        out: Tensor = self.down(silu(gate) * up)
        return out


class DecoderLayer(nn.Module):
    """One layer of the decoder.

    Args:
        config: `text_config`.
        number: its place, from 0.
    """

    def __init__(self, config: Any, number: int) -> None:
        super().__init__()
        width, eps = config.hidden_size, config.rms_norm_eps
        inner = config.num_attention_heads * config.head_dim
        self.heads, self.number = config.num_attention_heads, number
        self.input_layernorm = RMSNorm(width, eps)
        self.qkv = PackedLinear(width, 3 * inner, bias=False)
        self.q_norm, self.k_norm = RMSNorm(config.head_dim, eps), RMSNorm(config.head_dim, eps)
        self.out = PackedLinear(inner, width, bias=False)
        self.post_attention_layernorm = RMSNorm(width, eps)
        self.up_gate = PackedLinear(width, 2 * config.intermediate_size, bias=False)
        self.down = PackedLinear(config.intermediate_size, width, bias=False)

    def forward(
        self, states: Tensor, mask: Tensor | None, rotary: Rotary, cache: KeyValues | None
    ) -> Tensor:
        """[B, T, E] -> the same; mask [B, 1, T, S] is added to the attention's logits."""
        joined = self.qkv(self.input_layernorm(states)).unflatten(-1, (3, self.heads, -1))
        query, key, value = joined.permute(2, 0, 3, 1, 4)  # [B, H, T, D] each
        query = _rotate(self.q_norm(query), rotary)
        key = _rotate(self.k_norm(key), rotary)
        if cache is not None:
            key, value = cache.update(key, value, self.number)
        seen = scaled_dot_product_attention(query, key, value, attn_mask=mask)
        states = self.out(seen.transpose(1, 2).flatten(2), residual=states)
        up, gate = self.up_gate(self.post_attention_layernorm(states)).chunk(2, dim=-1)
        out: Tensor = self.down(silu(gate) * up, residual=states)
        return out


class Decoder(nn.Module):
    """The decoder with its embeddings, read before its final norm.

    Args:
        config: `text_config`.
        rows: text tokens, the extra ones included.
    """

    def __init__(self, config: Any, rows: int) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(
            rows, config.hidden_size, _weight=torch.empty(rows, config.hidden_size)
        )  # given, so that torch makes no random one: on the meta device that imports a compiler
        self.layers = nn.ModuleList(
            DecoderLayer(config, number) for number in range(config.num_hidden_layers)
        )
        self.norm = RMSNorm(config.hidden_size, config.rms_norm_eps)
        self.head_dim, self.theta = config.head_dim, config.rope_parameters["rope_theta"]

    def rotary(self, positions: Tensor, dtype: torch.dtype) -> Rotary:
        """Of tokens at int [B, T]."""
        exponent = torch.arange(0, self.head_dim, 2, device=positions.device) / self.head_dim
        angle = positions[:, None, :, None].float() * (1.0 / self.theta**exponent)
        angle = torch.cat([angle, angle], dim=-1)  # [B, 1, T, D]
        return angle.cos().to(dtype), angle.sin().to(dtype)


def _rotate(x: Tensor, rotary: Rotary) -> Tensor:
    """Rotate the halves of [B, H, T, D] against each other."""
    first, second = x.chunk(2, dim=-1)
    return x * rotary[0] + torch.cat([-second, first], dim=-1) * rotary[1]
