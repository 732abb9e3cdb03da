"""The heat prior: where a query's things are, all at once, as a prior on the next point.

Ours, for small models; no published checkpoint has it (`heat_dim` 0). The map of things
(`things.py`) and the names and colours among a question's words give s, the probability that the
centre of a thing that is asked for lies in a ViT patch. Points are listed in patch order, so if
patches were independent the next point would be at i with probability s_i * prod(1 - s_j for j
between the last point and i), and the list would end with prod(1 - s_j for all j after it). The
logarithms of these are added to the patch and subpatch logits, which then only have to learn what
that leaves out. In its patch, an element of a screen is pointed at in its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from molmo_point.models.molmo_point.asked import Asked, WordLists
from molmo_point.models.molmo_point.things import ThingMap

if TYPE_CHECKING:
    from molmo_point.models.molmo_point.compact_config import CompactConfig
    from molmo_point.models.molmo_point.config import MolmoPointConfig

__all__ = ["HeatHead", "HeatPrior"]

_CERTAIN = 0.999  # asked for again in float32: in bfloat16 it is one, and log(1 - s) endless
_LONGEST_REACH = 5.0  # logarithm, in ViT patches


@dataclass(frozen=True, slots=True)
class HeatPrior:
    """Log-probabilities for one query a row; where a subpatch is invalid, nothing is present.

    Attributes:
        present: [B, n, k] log s, the centre of a thing that is asked for lies in this subpatch.
        absent: [B, n, k] log(1 - s).
        location: int [B, n, k] where in each ViT patch the point lies, -1 for anywhere; None while
            training.
        FLOOR: where nothing can be present.
    """

    FLOOR: ClassVar[float] = -30.0

    present: Tensor
    absent: Tensor
    location: Tensor | None = None

    @classmethod
    def of(cls, probability: Tensor, valid: Tensor, location: Tensor | None = None) -> HeatPrior:
        """From s [B, n, k] in (0, 1], where it counts, bool [B, n, k], and `location`."""
        s = probability.float().clamp(max=_CERTAIN)
        present, absent = s.log(), torch.log1p(-s)
        return cls(
            present.masked_fill(~valid, cls.FLOOR), absent.masked_fill(~valid, 0.0), location
        )

    def location_prior(self, patch: Tensor, subpatch: Tensor, locations: int) -> Tensor:
        """Log-prior [B, T, L] of the place in a ViT patch, given by int [B, T] twice."""
        assert self.location is not None
        rows = torch.arange(patch.shape[0], device=patch.device)[:, None]
        middle = self.location[rows, patch, subpatch]
        places = torch.arange(locations, device=patch.device)
        there = (places == middle[..., None]) | (middle[..., None] < 0)
        return torch.where(there, 0.0, self.FLOOR)

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
        return torch.cat([some + before, until[..., -1:]], dim=-1).clamp(min=self.FLOOR)

    def subpatch_prior(self, patch: Tensor, last_patch: Tensor, last_subpatch: Tensor) -> Tensor:
        """Log-prior [B, T, k] of the subpatch in a chosen patch, up to a constant."""
        rows = torch.arange(patch.shape[0], device=patch.device)[:, None]
        present, absent = self.present[rows, patch], self.absent[rows, patch]  # [B, T, k]
        inside = torch.arange(present.shape[-1], device=patch.device)
        closed = (patch == last_patch)[..., None] & (inside <= last_subpatch[..., None])
        absent = absent.masked_fill(closed, 0.0)
        prior = present + absent.cumsum(-1) - absent
        return prior.masked_fill(closed, self.FLOOR).clamp(min=self.FLOOR)


class HeatHead(nn.Module):
    """Reads the map of things from ViT features; names are read with the decoder's own words.

    Args:
        config: with `heat_dim`, and the closed list of names and colours as token ids.
    """

    def __init__(self, config: MolmoPointConfig | CompactConfig) -> None:
        super().__init__()
        width, features, dim = (
            config.text_config.hidden_size,
            config.vit_feature_dim,
            config.heat_dim,
        )
        self.lists = WordLists(config)
        self.feature_norm = nn.LayerNorm(features)
        self.key = nn.Linear(features, dim)
        self.words = nn.Linear(width, dim, bias=False)
        self.background = nn.Parameter(torch.zeros(1, dim))
        self.centre = nn.Linear(features, 1)
        self.extent = nn.Linear(features, 4)
        self.own = nn.ParameterDict()
        if getattr(config, "heat_own_vectors", False):
            for kind, words in (("names", config.heat_names), ("meanings", config.heat_meanings)):
                if words:
                    self.own[kind] = nn.Parameter(torch.zeros(len(words), dim))
        if config.heat_meanings:
            self.meaning_key = nn.Linear(features, dim)
            self.no_meaning = nn.Parameter(torch.zeros(1, dim))

    def name_logits(self, features: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
        """Names and colours of the thing at each patch.

        Args:
            features: [..., F].
            table: [V, E] word embeddings.

        Returns:
            [..., K + 1] logits, the first of "nothing there", and [..., L].
        """
        return self._name(self.looks(features), table)

    def looks(self, features: Tensor) -> Tensor:
        """What names are told by: [..., F] -> [..., D]."""
        looks: Tensor = self.key(self.feature_norm(features))
        return looks

    def _name(self, looks: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
        keys = looks * self.key.out_features**-0.5
        names = torch.cat([self.background, self._read_list(0, table)])
        return keys @ names.T, keys @ self._read_list(1, table).T

    def meaning_logits(self, features: Tensor, table: Tensor) -> Tensor | None:
        """Logits [..., M + 1] of what the element at each patch stands for, the first of nothing.

        None if the model knows no meanings.
        """
        if not self.lists.lists[2]:
            return None
        keys = self.meaning_key(self.feature_norm(features)) * self.key.out_features**-0.5
        logits: Tensor = keys @ torch.cat([self.no_meaning, self._read_list(2, table)]).T
        return logits

    def _read_list(self, number: int, table: Tensor) -> Tensor:
        """One of the closed lists as vectors [K, D], with what is its own of each."""
        vectors: Tensor = self.words(_first_spelling(self.lists.lists[number], table))
        own = {0: "names", 2: "meanings"}.get(number, "")
        return vectors + self.own[own] if own in self.own else vectors

    def centre_logits(self, features: Tensor) -> Tensor:
        """Logits [...] that a thing's centre lies in a patch with features [..., F]."""
        logits: Tensor = self.centre(self.feature_norm(features))
        return logits[..., 0]

    def extents(self, features: Tensor) -> Tensor:
        """Reach [..., 4] of the thing at a patch, as in `ThingMap`, from features [..., F]."""
        reach: Tensor = self.extent(self.feature_norm(features))
        return reach.clamp(max=_LONGEST_REACH).exp()

    def read(self, features: Tensor, table: Tensor) -> ThingMap:
        """The map of features [B, n, k, F], patches not yet grouped."""
        looks = self.looks(features)
        names, colours = self._name(looks, table)
        meanings = self.meaning_logits(features, table)
        shares = names.softmax(-1)[..., 1:]
        roles = sorted(self.lists.roles)
        return ThingMap(
            self.centre_logits(features).sigmoid(),
            shares,
            colours.softmax(-1),
            self.extents(features),
            looks,
            shares[..., roles].sum(-1) > 0.5 * shares.sum(-1),
            None if meanings is None else meanings.softmax(-1)[..., 1:],
        )

    def asked(self, questions: Sequence[Sequence[int]]) -> Asked:
        """What questions, token ids, ask for."""
        return self.lists.asked(questions, self.background.device)


def _first_spelling(words: Sequence[Sequence[Sequence[int]]], table: Tensor) -> Tensor:
    """Mean embedding [K, E] of the first spelling of each."""
    first = [spellings[0] for spellings in words]
    ids = torch.tensor([index for spelling in first for index in spelling], device=table.device)
    owner = torch.tensor(
        [rank for rank, spelling in enumerate(first) for _ in spelling], device=table.device
    )
    count = torch.bincount(owner, minlength=len(first))[:, None]
    total = table.new_zeros(len(first), table.shape[1]).index_add(0, owner, table[ids])
    return total / count
