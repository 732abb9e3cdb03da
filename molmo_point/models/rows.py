"""Tables that published checkpoints split or join differently, as one, and back.

transformers' own operations join rows too, but split evenly on the way back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from transformers.core_model_loading import Concatenate, ConversionOps

__all__ = ["JoinRows", "RowSizes", "SplitRows", "vocabulary_rows"]

RowSizes = Callable[[Any], Sequence[int]]
"""From a model's configuration, how many rows each part has."""


def vocabulary_rows(config: Any) -> list[int]:
    """Rows of the base vocabulary and of the additional tokens."""
    text = config.get_text_config()
    return [text.vocab_size, text.additional_vocab_size]


class JoinRows(Concatenate):  # type: ignore[misc]  # transformers' classes carry no types
    """Several tables into one, row after row.

    Args:
        sizes: rows of each part, for the way back.
    """

    def __init__(self, sizes: RowSizes) -> None:
        super().__init__(dim=0)
        self.sizes = sizes

    @property
    def reverse_op(self) -> ConversionOps:
        """The way back."""
        return SplitRows(self.sizes)


class SplitRows(ConversionOps):  # type: ignore[misc]
    """One table into several.

    Args:
        sizes: rows of each part.
    """

    def __init__(self, sizes: RowSizes) -> None:
        self.sizes = sizes

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
        parts = torch.split(table, list(self.sizes(model.config)))
        return {name: part.contiguous() for name, part in zip(target_patterns, parts, strict=True)}

    @property
    def reverse_op(self) -> ConversionOps:
        """The way back."""
        return JoinRows(self.sizes)
