"""The two tables that published checkpoints split a vocabulary into, as one, and back.

transformers' own operation joins them too, but splits evenly when it saves.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers.core_model_loading import Concatenate, ConversionOps

__all__ = ["JoinRows", "SplitRows"]


class JoinRows(Concatenate):  # type: ignore[misc]  # transformers' classes carry no types
    """Rows of the base vocabulary, then those of the additional tokens."""

    def __init__(self) -> None:
        super().__init__(dim=0)

    @property
    def reverse_op(self) -> ConversionOps:
        """What saving does."""
        return SplitRows()


class SplitRows(ConversionOps):  # type: ignore[misc]
    """One table into base rows and additional rows, by the configuration's vocabulary."""

    def convert(
        self,
        input_dict: dict[str, Any],
        source_patterns: list[str],
        target_patterns: list[str],
        *,
        model: Any,
        **_: Any,
    ) -> dict[str, Tensor]:
        """See `ConversionOps.convert`."""
        (value,) = input_dict.values()
        table = value[0] if isinstance(value, list) else value
        base = model.config.get_text_config().vocab_size
        parts = torch.split(table, [base, len(table) - base])
        return {name: part.contiguous() for name, part in zip(target_patterns, parts, strict=True)}

    @property
    def reverse_op(self) -> ConversionOps:
        """What loading does."""
        return JoinRows()
