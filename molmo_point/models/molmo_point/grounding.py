"""The point head: keys made from the image, queries made from the decoder's state.

A point is three choices made one after the other: a patch (one pooled image token), a subpatch
(one ViT patch inside it) and a location (one of 3x3 places inside that). A learned key stands for
"no more points". Source: MolmoPoint (arXiv 2603.28069) and its published checkpoints' layout.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from molmo_point.models.molmo_point.patches import PatchTable
from molmo_point.models.molmo_point.rms_norm import RMSNorm
from molmo_point.models.molmo_point.things import ThingMap

if TYPE_CHECKING:
    from molmo_point.models.molmo_point.compact_config import CompactConfig
    from molmo_point.models.molmo_point.config import MolmoPointConfig

__all__ = ["MASKED", "PointKeys", "PointPredictor", "Reading", "rotate_by_order"]

MASKED = -1e8
"""Logit of a patch that cannot be chosen, as in the published code."""


@dataclass(frozen=True, slots=True)
class PointKeys:
    """What points can choose among, for a batch of prompts.

    Attributes:
        table: the patches themselves.
        patch_key: [B, n + 1, D] rotated keys; the last is "no more points".
        subpatch_key: [B, n, k, D].
        things: what lies where, or None for a model without a heat prior.
    """

    table: PatchTable
    patch_key: Tensor
    subpatch_key: Tensor
    things: ThingMap | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the decoder made of some tokens.

    Attributes:
        states: [B, T, E] before the final norm.
        keys: what points can choose among; None for text alone.
        last_patch: int [B, T], the patch chosen last at each token, -1 for none.
        rotation: int [B, T], the patch whose order rotates the patch query: the last one, but at a
            patch the one before it, as in the published code.
    """

    states: Tensor
    keys: PointKeys | None
    last_patch: Tensor
    rotation: Tensor

    def last(self, count: int) -> Reading:
        """The last `count` tokens alone; 0 for all."""
        return Reading(
            self.states[:, -count:],
            self.keys,
            self.last_patch[:, -count:],
            self.rotation[:, -count:],
        )


def rotate_by_order(x: Tensor, order: Tensor, theta: float) -> Tensor:
    """1-D rotary embedding over the order of patches.

    Args:
        x: [..., D] with D even.
        order: int [...], the position of each row.
        theta: base of the frequencies, theta ** (-2i / D).

    Returns:
        [..., D] in x's dtype; halves are rotated against each other (not interleaved).
    """
    half = x.shape[-1] // 2
    exponent = torch.arange(0, 2 * half, 2, device=x.device, dtype=torch.float32) / x.shape[-1]
    angle = order[..., None].to(torch.float32) * (1.0 / theta**exponent)  # [..., D / 2]
    cos, sin = angle.cos(), angle.sin()
    first, second = x[..., :half].float(), x[..., half:].float()
    rotated = torch.cat([first * cos - second * sin, second * cos + first * sin], dim=-1)
    return rotated.to(x.dtype)


class _LearnedKey(nn.Module):
    """One learned vector, under the checkpoint's name for it."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.vector = nn.Parameter(torch.zeros(dim))


class PointPredictor(nn.Module):
    """Queries and keys of the three choices; parameter names are the published ones."""

    def __init__(self, config: MolmoPointConfig | CompactConfig) -> None:
        super().__init__()
        width, dim = config.text_config.hidden_size, config.patch_embed_dim
        self.theta = float(config.token_prediction_rotary_theta)
        self.norm_logits = config.norm_logits
        self.normalise_location = config.normalise_location
        self.x_norm = RMSNorm(width, eps=config.text_config.rms_norm_eps)
        self.patch_q = nn.Linear(width, dim)
        self.patch_k = nn.Linear(width, dim)
        self.subpatch_q = nn.Linear(width, dim)
        self.subpatch_k = nn.Linear(config.vit_feature_dim, dim)
        self.subpatch_loc_k = nn.Linear(width, config.locations)
        self.add_no_point_class_embed = _LearnedKey(dim)

    def patch_keys(self, states: Tensor, order: Tensor) -> Tensor:
        """Keys of the patches and of "no more points".

        Args:
            states: [B, n, E] decoder states at the image tokens, before the final norm.
            order: int [B, n].

        Returns:
            [B, n + 1, D].
        """
        keys = rotate_by_order(self.patch_k(self.x_norm(states)), order, self.theta)
        last = self.add_no_point_class_embed.vector.to(keys.dtype).expand(keys.shape[0], 1, -1)
        return torch.cat([keys, last], dim=1)

    def patch_logits(self, states: Tensor, last_patch: Tensor, keys: PointKeys) -> Tensor:
        """Logits over patches and "no more points"; what is not selectable gets `MASKED`.

        Args:
            states: [B, T, E] decoder states, before the final norm.
            last_patch: int [B, T], the patch chosen last, -1 if there is none.
            keys: what can be chosen.

        Returns:
            [B, T, n + 1].
        """
        table = keys.table
        order = table.order.gather(1, last_patch.clamp(min=0)).masked_fill(last_patch < 0, 0)
        query = rotate_by_order(self.patch_q(self.x_norm(states)), order, self.theta)
        logits = query @ keys.patch_key.transpose(1, 2)
        if self.norm_logits:  # the published scale: the number of keys, not their width
            logits = logits / (table.count + 1).to(logits.dtype).sqrt()[:, None, None]
        masked: Tensor = logits.masked_fill(~table.selectable[:, None], MASKED)
        return masked

    def subpatch_logits(self, states: Tensor, patch: Tensor, keys: PointKeys) -> Tensor:
        """Logits over the subpatches of a chosen patch; padding gets -1e5.

        Args:
            states: [B, T, E] decoder states at the chosen patches, before the final norm.
            patch: int [B, T].
            keys: what can be chosen.

        Returns:
            [B, T, k].
        """
        query = self.subpatch_q(self.x_norm(states))  # [B, T, D]
        rows = torch.arange(patch.shape[0], device=patch.device)[:, None]
        key, valid = keys.subpatch_key[rows, patch], keys.table.valid[rows, patch]
        logits = torch.einsum("btd,btkd->btk", query, key) * query.shape[-1] ** -0.5
        masked: Tensor = logits.masked_fill(~valid, -1e5)
        return masked

    def location_logits(self, states: Tensor) -> Tensor:
        """Logits [B, T, 9] over the places in a ViT patch, from states at the chosen subpatches."""
        logits: Tensor = self.subpatch_loc_k(
            self.x_norm(states) if self.normalise_location else states
        )
        return logits
