"""Which grounding tokens may come next: the published rules, as a small state machine.

After a patch comes a subpatch, after that a location; points come in order of patch and, inside a
patch, of subpatch; after "no more points" there are none. Source: the rules of the published
MolmoPoint code (allenai/molmo2), with the order of masking as in its training repository.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from molmo_point.models.steps import ExtendedVocabulary

__all__ = ["PointRules"]


@dataclass(slots=True)
class PointRules:
    """Follows one answer and says what may come next.

    Attributes:
        vocabulary: ids of the prompt.
        no_more_points: whether the model has that class; without it lists end with text.
        sorted_patches: no patch before the last point's.
        sorted_subpatches: in the same patch only later subpatches, so that none comes twice.
        empty_list: whether "no more points" may come before the first point.
    """

    vocabulary: ExtendedVocabulary
    no_more_points: bool = True
    sorted_patches: bool = True
    sorted_subpatches: bool = True
    empty_list: bool = True
    phase: str = "text"
    finished: bool = False
    patch: int = -1
    subpatch: int = -1
    last_patch: int = -1
    last_subpatch: int = -1

    def feed(self, tokens: Sequence[int]) -> None:
        """Follow some more tokens of the answer."""
        ids = self.vocabulary
        for token in tokens:
            if token < ids.text:
                self.phase = "text"
            elif token < ids.no_more_points:
                self.phase, self.patch = "patch", token - ids.text
            elif token == ids.no_more_points:
                self.phase, self.finished = "text", True
            elif token < ids.first_location:
                self.phase, self.subpatch = "subpatch", token - ids.first_subpatch
            else:
                self.phase = "text"
                self.last_patch, self.last_subpatch = self.patch, self.subpatch

    def allowed_patches(self) -> NDArray[np.bool_]:
        """Bool [n + 1], the last for "no more points"; all False where only words may come."""
        ids = self.vocabulary
        allowed = np.zeros(ids.patches + 1, dtype=np.bool_)
        if self.phase != "text" or self.finished:
            return allowed
        allowed[:] = True
        allowed[-1] = self.no_more_points and (self.empty_list or self.last_patch >= 0)
        if self.sorted_patches and self.last_patch >= 0:
            allowed[: self.last_patch] = False
        full = self.last_subpatch == ids.subpatches - 1
        if self.sorted_subpatches and self.last_patch >= 0 and full:
            allowed[self.last_patch] = False
        return allowed

    def allowed_subpatches(self) -> NDArray[np.bool_]:
        """Bool [k]; all True unless the patch is the last point's."""
        allowed = np.ones(self.vocabulary.subpatches, dtype=np.bool_)
        if self.patch == self.last_patch and self.sorted_subpatches:
            allowed[: self.last_subpatch + 1] = False
        return allowed
