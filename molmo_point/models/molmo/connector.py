"""Vision features -> one decoder input for every 2x2 patches; names as published."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from molmo_point.models.molmo.config import MolmoConfig
from molmo_point.models.molmo.vision import HeadedAttention, MolmoVisionEncoder

__all__ = ["MolmoVisionBackbone"]


class ImageProjector(nn.Module):
    """SwiGLU without biases: w1 is the gate, w3 goes up, w2 down."""

    def __init__(self, in_dim: int, inner: int, out_dim: int) -> None:
        super().__init__()
        self.w1 = nn.Linear(in_dim, inner, bias=False)
        self.w2 = nn.Linear(inner, out_dim, bias=False)
        self.w3 = nn.Linear(in_dim, inner, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """[..., in] -> [..., out]."""
        out: Tensor = self.w2(silu(self.w1(x)) * self.w3(x))
        return out


class MolmoVisionBackbone(nn.Module):
    """Vision encoder, padding embedding, pooling, projector."""

    def __init__(self, config: MolmoConfig) -> None:
        super().__init__()
        vision = config.vision
        self.layers = list(config.vit_layers)
        self.image_vit = MolmoVisionEncoder(vision)
        self.pad_embed = nn.Parameter(torch.zeros(2, config.feature_dim))
        self.image_pooling_2d = HeadedAttention(
            config.feature_dim, vision.image_emb_dim, vision.image_num_heads
        )
        self.image_projector = ImageProjector(
            vision.image_emb_dim, config.intermediate_size // 2, config.hidden_size
        )

    def forward(self, pixel_values: Tensor, masks: Tensor, token_pooling: Tensor) -> Tensor:
        """One decoder input for each image token.

        Args:
            pixel_values: [C, P, patch * patch * 3].
            masks: [C, P], as `PaddedCrops.masks`.
            token_pooling: int [N, k] into the C * P patches.

        Returns:
            [N, hidden size].
        """
        features = self.mark_padding(self.image_vit(pixel_values, self.layers), masks)
        windows = features.flatten(0, 1)[token_pooling]  # [N, k, F]
        pooled = self.image_pooling_2d(windows.mean(1, keepdim=True), windows)
        projected: Tensor = self.image_projector(pooled[:, 0])
        return projected

    def mark_padding(self, features: Tensor, masks: Tensor) -> Tensor:
        """Add the padding embeddings to [C, P, F]: one where there is no image, one where some.

        A mask of -1 counts as "some", which is how the checkpoints were trained.
        """
        masks = masks.to(features.device)
        none, some = (masks == 0)[..., None], ((masks < 1) & (masks != 0))[..., None]
        features = features + self.pad_embed[0] * none.to(features.dtype)
        return features + self.pad_embed[1] * some.to(features.dtype)
