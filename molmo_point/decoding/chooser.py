"""The choice of the next tokens of many rows, on the device: nothing is read by the host.

The rules are those of `constraints.PointRules`, and the probabilities those of `engine.decode`;
tests hold them to each other.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from molmo_point.decoding.options import DecodeOptions
from molmo_point.models.steps import ExtendedVocabulary, StepLogits

__all__ = ["Chooser"]


class Chooser:
    """Follows the points of each row, and says which token is best of what may come.

    Args:
        rows: how many.
        options: of all rows; `hub_order` is not for it.
        device: of the logits.
    """

    def __init__(self, rows: int, options: DecodeOptions, device: torch.device) -> None:
        self._options = options
        none = torch.full((4, rows), -1, device=device)
        self._patch, self._subpatch, self._last_patch, self._last_subpatch = none.unbind()
        self._finished = torch.zeros(rows, dtype=torch.bool, device=device)

    def begin(self, row: int) -> None:
        """A new answer in a row."""
        for kept in (self._patch, self._subpatch, self._last_patch, self._last_subpatch):
            kept[row] = -1
        self._finished[row] = False

    def choose(
        self, tokens: Tensor, logits: StepLogits, ids: ExtendedVocabulary, first: Tensor
    ) -> tuple[Tensor, Tensor]:
        """The best token after each of some more tokens, and its probability.

        Args:
            tokens: int [R, T] that were read; grounding tokens stand first, if any.
            logits: [R, T, ...] after each of them.
            ids: of all rows.
            first: bool [R], rows that have just read a question: no point begins at once, unless
                there is a template.

        Returns:
            int and float32 [R, T].
        """
        words, share = _best(logits.text)
        if logits.patch is None or logits.begin is None:
            return words, share
        assert logits.subpatch is not None
        assert logits.location is not None
        head = tokens[:, 0]
        after_patch, after_subpatch = ids.is_patch(head), ids.is_subpatch(head)
        self._follow(head, ids)
        allowed = self._patches(ids)[:, None]
        patch, patch_share = _best(logits.patch.float().masked_fill(~allowed, -math.inf))
        if self._options.template is not None:
            chosen, odds = patch + ids.text, patch_share
        else:
            possible = allowed.any(-1) & ~first[:, None]
            highest = logits.text.gather(-1, words[..., None])[..., 0].float()
            begin = logits.begin.float().masked_fill(~possible, -math.inf)
            rest = (begin - highest).clamp(max=50.0).exp() * share  # odds of a point, as of words
            points = begin > highest
            chosen = torch.where(points, patch + ids.text, words)
            odds = torch.where(points, rest / (1 + rest) * patch_share, share / (1 + rest))
        inside = logits.subpatch[:, 0].float().masked_fill(~self._subpatches(ids), -math.inf)
        for kind, values, start in (
            (after_patch, inside, ids.first_subpatch),
            (after_subpatch, logits.location[:, 0], ids.first_location),
        ):
            index, probability = _best(values)
            chosen[:, 0] = torch.where(kind, index + start, chosen[:, 0])
            odds[:, 0] = torch.where(kind, probability, odds[:, 0])
        return chosen, odds

    def _follow(self, head: Tensor, ids: ExtendedVocabulary) -> None:
        self._patch = torch.where(ids.is_patch(head), head - ids.text, self._patch)
        inside = ids.is_subpatch(head)
        self._subpatch = torch.where(inside, head - ids.first_subpatch, self._subpatch)
        complete = head >= ids.first_location
        self._last_patch = torch.where(complete, self._patch, self._last_patch)
        self._last_subpatch = torch.where(complete, self._subpatch, self._last_subpatch)
        self._finished = self._finished | (head == ids.no_more_points)

    def _patches(self, ids: ExtendedVocabulary) -> Tensor:
        """Bool [R, n + 1]; see `PointRules.allowed_patches`."""
        some = self._last_patch >= 0
        full = some & (self._last_subpatch == ids.subpatches - 1)
        rank = torch.arange(ids.patches + 1, device=some.device)
        allowed = rank >= (self._last_patch + full)[:, None]
        template = self._options.template
        if template is not None and template.single:
            allowed = allowed & (rank < ids.patches)
        elif not self._options.empty_list:
            allowed = allowed & (some[:, None] | (rank < ids.patches))
        return allowed & ~self._finished[:, None]

    def _subpatches(self, ids: ExtendedVocabulary) -> Tensor:
        """Bool [R, k]; see `PointRules.allowed_subpatches`."""
        rank = torch.arange(ids.subpatches, device=self._patch.device)
        other = (self._patch != self._last_patch)[:, None]
        return other | (rank > self._last_subpatch[:, None])


def _best(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Index [...] of the highest of [..., K] and its softmax probability."""
    values = logits.float()
    highest, index = values.max(-1)
    return index, (highest - values.logsumexp(-1)).exp()
