"""Ids, and what a model says about the next one, in a form that every generation can fill."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["ExtendedVocabulary", "StepLogits"]


@dataclass(frozen=True, slots=True)
class ExtendedVocabulary:
    """Ids of one prompt: text tokens, then patches, "no more points", subpatches, locations.

    A model that writes its points as text has none of the latter.

    Attributes:
        text: rows of the text head, so also the id of patch 0.
        patches: patches that the table holds, selectable or not; their number is also the index of
            "no more points".
        subpatches: ViT patches in a patch (4 for images, 9 for video).
        locations: places in a ViT patch.
    """

    text: int
    patches: int
    subpatches: int
    locations: int

    @property
    def no_more_points(self) -> int:
        """Id that ends a list of points."""
        return self.text + self.patches

    @property
    def first_subpatch(self) -> int:
        """Id of subpatch 0."""
        return self.text + self.patches + 1

    @property
    def first_location(self) -> int:
        """Id of location 0."""
        return self.first_subpatch + self.subpatches

    @property
    def size(self) -> int:
        """Number of ids."""
        return self.first_location + self.locations

    def is_patch(self, ids: Tensor) -> Tensor:
        """Bool, where ids are patches ("no more points" is none)."""
        return (ids >= self.text) & (ids < self.no_more_points)

    def is_subpatch(self, ids: Tensor) -> Tensor:
        """Bool, where ids are subpatches."""
        return (ids >= self.first_subpatch) & (ids < self.first_location)


@dataclass(frozen=True, slots=True)
class StepLogits:
    """Logits after the last token of each row of a batch.

    Attributes:
        text: [B, V] words; grounding tokens' markers are hidden.
        begin: [B] of "a point begins" among the words; None for a model without grounding tokens.
        patch: [B, n + 1] patches and "no more points"; -1e8 for what no point may choose; or None.
        subpatch: [B, k], meaningful after a patch; None likewise.
        location: [B, 9], meaningful after a subpatch; None likewise.
    """

    text: Tensor
    begin: Tensor | None = None
    patch: Tensor | None = None
    subpatch: Tensor | None = None
    location: Tensor | None = None
