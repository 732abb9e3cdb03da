"""The heat prior: where a query's things are, all at once, as a prior on the next point.

Ours, for small models; no published checkpoint has it (`heat_dim` 0). One dot product of the
question's state with every ViT patch gives s, the probability that a thing's centre lies there.
Points are listed in patch order, so if patches were independent the next point would be at i with
probability s_i * prod(1 - s_j for j between the last point and i), and the list would end with
prod(1 - s_j for all j after it). The logarithms of these are added to the patch and subpatch
logits, which then only have to learn what that leaves out.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from transformers.models.molmo2.modeling_molmo2 import Molmo2RMSNorm

from molmo_point.models.molmo_point.config import MolmoPointConfig

__all__ = ["HeatHead", "HeatPrior"]

_FLOOR = -30.0


@dataclass(frozen=True, slots=True)
class HeatPrior:
    """Log-probabilities for one query a row; where a subpatch is invalid, nothing is present.

    Attributes:
        present: [B, n, k] log s, a thing's centre lies in this subpatch.
        absent: [B, n, k] log(1 - s).
    """

    present: Tensor
    absent: Tensor

    def patch_prior(self, last_patch: Tensor, last_subpatch: Tensor) -> Tensor:
        """Log-prior of the next patch, the last entry being "no more points".

        Args:
            last_patch: int [B, T], the patch of the last point, -1 if there is none.
            last_subpatch: int [B, T], its subpatch.

        Returns:
            [B, T, n + 1].
        """
        batch, count, subpatches = self.present.shape
        rank = torch.arange(count * subpatches, device=self.present.device)
        after = (last_patch * subpatches + last_subpatch).masked_fill(last_patch < 0, -1)  # [B, T]
        open_ = rank[None, None] > after[..., None]  # [B, T, n * k]
        absent = torch.where(open_, self.absent.reshape(batch, 1, -1), 0.0)
        absent = absent.reshape(batch, -1, count, subpatches).sum(-1)  # [B, T, n]
        until = absent.cumsum(-1)
        before = until - absent
        some = torch.log(-torch.expm1(absent.clamp(max=-1e-9)))  # log(1 - prod(1 - s))
        return torch.cat([some + before, until[..., -1:]], dim=-1).clamp(min=_FLOOR)

    def subpatch_prior(self, patch: Tensor, last_patch: Tensor, last_subpatch: Tensor) -> Tensor:
        """Log-prior [B, T, k] of the subpatch in a chosen patch, up to a constant."""
        rows = torch.arange(patch.shape[0], device=patch.device)[:, None]
        present, absent = self.present[rows, patch], self.absent[rows, patch]  # [B, T, k]
        inside = torch.arange(present.shape[-1], device=patch.device)
        closed = (patch == last_patch)[..., None] & (inside <= last_subpatch[..., None])
        absent = absent.masked_fill(closed, 0.0)
        prior = present + absent.cumsum(-1) - absent
        return prior.masked_fill(closed, _FLOOR).clamp(min=_FLOOR)


class HeatHead(nn.Module):
    """Keys of every ViT patch and the queries that meet them.

    A question asks twice: with its words as they are, the mean of their embeddings, and with what
    the decoder has made of them. The first path is short and learns what single words look like.
    """

    def __init__(self, config: MolmoPointConfig) -> None:
        super().__init__()
        width, dim = config.text_config.hidden_size, config.heat_dim
        self.norm = Molmo2RMSNorm(width, eps=config.text_config.rms_norm_eps)
        self.feature_norm = nn.LayerNorm(config.vit_feature_dim)
        self.words = nn.Linear(width, dim, bias=False)
        self.query = nn.Linear(width, dim)
        self.key = nn.Linear(config.vit_feature_dim, dim)
        self.context = nn.Linear(width, dim, bias=False)
        self.bias = nn.Parameter(torch.full((1,), -4.0))
        if config.heat_extent:
            self.extent = nn.Linear(config.vit_feature_dim, 4)

    def name_keys(self, features: Tensor) -> Tensor:
        """ViT features [..., F] -> [..., H], the part of the keys that needs no decoder."""
        keys: Tensor = self.key(self.feature_norm(features))
        return keys

    def keys(self, patches: Tensor, states: Tensor) -> Tensor:
        """[B, n, k, F] ViT features and [B, n, E] decoder states -> [B, n, k, H]."""
        keys: Tensor = self.name_keys(patches) + self.context(self.norm(states))[:, :, None]
        return keys

    def logits(self, states: Tensor, words: Tensor, keys: Tensor) -> Tensor:
        """Logits of s for one question a row.

        Args:
            states: [B, E] decoder states at the ends of the questions.
            words: [B, E] means of the questions' word embeddings.
            keys: [B, n, k, H].

        Returns:
            [B, n, k].
        """
        query = self.query(self.norm(states)) + self.words(words)
        similar: Tensor = torch.einsum("bh,bnkh->bnk", query, keys) * keys.shape[-1] ** -0.5
        return similar + self.bias

    def extents(self, features: Tensor) -> Tensor:
        """How far the box of the thing at a ViT patch reaches from the patch's middle.

        Args:
            features: [..., F].

        Returns:
            [..., 4], left, up, right, down in ViT patches, positive.
        """
        reach: Tensor = self.extent(self.feature_norm(features)).clamp(max=5.0).exp()
        return reach

    @staticmethod
    def prior(logits: Tensor, valid: Tensor) -> HeatPrior:
        """Logits [B, n, k] and where they count, bool [B, n, k] -> log-probabilities."""
        present = logsigmoid(logits.float()).masked_fill(~valid, _FLOOR)
        absent = logsigmoid(-logits.float()).masked_fill(~valid, 0.0)
        return HeatPrior(present, absent)
