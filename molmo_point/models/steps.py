"""What a model says about the next token, in a form that every generation can fill."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

__all__ = ["StepLogits"]


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
