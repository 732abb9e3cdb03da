"""Which checkpoints the compact form can run, and their configuration without transformers."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

__all__ = ["CompactConfig", "read_compact_config"]

_MADE_FOR: dict[str, Any] = {
    "model_type": "molmo_point",
    "points_only": True,
    "patch_stem": "conv",
    "patch_location": "3x3",
    "tie_word_embeddings": False,
    "vision_config.hidden_act": "gelu_pytorch_tanh",
    "adapter_config.attention_pooling_out_layer": False,
    "adapter_config.hidden_act": "silu",
    "adapter_config.mlp_bias": False,
    "text_config.attention_bias": False,
    "text_config.hidden_act": "silu",
    "text_config.norm_after": False,
    "text_config.qk_norm_type": "qwen3",
    "text_config.rope_parameters.rope_type": "default",
    "text_config.tie_word_embeddings": False,
}
"""What its layers take for granted; other checkpoints run on transformers' parts."""


class CompactConfig:
    """A checkpoint's `config.json`, its values as attributes; those of its parts likewise."""

    def __init__(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            part = name.endswith("_config") and isinstance(value, dict)
            setattr(self, name, SimpleNamespace(**value) if part else value)

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"config.json states no {name}.")

    def get_text_config(self) -> SimpleNamespace:
        """The decoder's, by the name that transformers' configurations have for it."""
        text: SimpleNamespace = self.text_config
        return text

    @property
    def locations(self) -> int:
        """How many places a ViT patch is divided into."""
        return 9

    @property
    def extended_vocab_size(self) -> int:
        """Text tokens, the extra ones included: the first id of the patch block."""
        return int(self.text_config.vocab_size + self.text_config.additional_vocab_size)

    @property
    def vit_feature_dim(self) -> int:
        """Width of the concatenated ViT features."""
        return int(self.vision_config.hidden_size * len(self.adapter_config.vision_feature_layer))


def read_compact_config(folder: Path) -> CompactConfig | None:
    """The configuration in a folder; None if it is of a model that the compact form cannot run."""
    path = folder / "config.json"
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # the other form says what is wrong with it
    for name, wanted in _MADE_FOR.items():
        found: Any = values
        for key in name.split("."):
            found = found.get(key) if isinstance(found, dict) else None
        if found != wanted:
            return None
    for part in ("vision_config", "adapter_config", "text_config"):
        if values[part]["num_key_value_heads"] != values[part]["num_attention_heads"]:
            return None
    return CompactConfig(values)
