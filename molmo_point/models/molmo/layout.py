"""The published names of Molmo's tensors, for loading and saving through transformers."""

from __future__ import annotations

from functools import cache
from typing import Any

from molmo_point.models.molmo.config import MolmoConfig
from molmo_point.models.rows import JoinRows, SplitRows

__all__ = ["register_molmo_layout"]


@cache
def register_molmo_layout() -> None:
    """Teach transformers the published names, and its Auto classes the model; once."""
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText
    from transformers.conversion_mapping import register_checkpoint_conversion_mapping

    from molmo_point.models.molmo.model import MolmoForCausalLM

    parts = [  # saving goes through them backwards, so the more special ones come later
        _rename(r"model\.transformer\.(?!ln_f\.|blocks\.|ff_out\.)", "model.language_model."),
        _rename(r"model\.transformer\.ln_f\.", "model.language_model.norm."),
        _rename(r"model\.transformer\.blocks\.", "model.language_model.layers."),
    ]
    head = _rename(r"model\.transformer\.ff_out\.", "lm_head.")
    register_checkpoint_conversion_mapping("MolmoForCausalLM", [*parts, head])
    register_checkpoint_conversion_mapping("MolmoMoeForCausalLM", parts)
    register_checkpoint_conversion_mapping("MolmoDenseDecoder", _dense())
    register_checkpoint_conversion_mapping("MolmoPostNormDecoder", _post_norm())
    register_checkpoint_conversion_mapping("MolmoMoeDecoder", _experts())
    AutoConfig.register("molmo", MolmoConfig)
    AutoModelForCausalLM.register(MolmoConfig, MolmoForCausalLM)
    AutoModelForImageTextToText.register(MolmoConfig, MolmoForCausalLM)


def _dense() -> list[Any]:
    """Molmo-7B-D and 72B: norms in front, a bias on queries, keys and values."""
    return [
        *_shared(),
        _attention("att_proj", "bias"),
        _rename(r"\.attn_norm\.", ".input_layernorm."),
        _rename(r"\.ff_norm\.", ".post_attention_layernorm."),
    ]


def _post_norm() -> list[Any]:
    """Molmo-7B-O: norms behind, and on queries and keys."""
    return [
        *_shared(),
        _rename(r"\.attn_norm\.", ".post_attention_layernorm."),
        _rename(r"\.ff_norm\.", ".post_feedforward_layernorm."),
        _rename(r"\.(q|k)_norm\.", r".self_attn.\1_norm."),
    ]


def _experts() -> list[Any]:
    """MolmoE: a tree of its own, and experts that transformers keeps in one tensor."""
    from transformers.core_model_loading import Concatenate, MergeModulelist, WeightConverter

    return [
        _embedding(),
        _rename(r"\.attn\.attn_out\.", ".self_attn.o_proj."),
        _rename(r"\.attn\.attn_norm\.", ".input_layernorm."),
        _rename(r"\.attn\.(q|k)_norm\.", r".self_attn.\1_norm."),
        _rename(r"\.mlp\.ff_norm\.", ".post_attention_layernorm."),
        _attention("attn.att_proj", "weight"),
        WeightConverter(
            source_patterns=["mlp.experts.*.gate_proj.weight", "mlp.experts.*.up_proj.weight"],
            target_patterns="mlp.experts.gate_up_proj",
            operations=[MergeModulelist(dim=0), Concatenate(dim=1)],
        ),
        WeightConverter(
            source_patterns="mlp.experts.*.down_proj.weight",
            target_patterns="mlp.experts.down_proj",
            operations=[MergeModulelist(dim=0)],
        ),
    ]


def _shared() -> list[Any]:
    """What both dense layouts have."""
    return [
        _embedding(),
        _rename(r"\.attn_out\.", ".self_attn.o_proj."),
        _attention("att_proj", "weight"),
        _split("ff_proj.weight", ["mlp.up_proj.weight", "mlp.gate_proj.weight"], _mlp_rows),
        _rename(r"\.ff_out\.", ".mlp.down_proj."),
    ]


def _rename(source: str, target: str) -> Any:
    from transformers.core_model_loading import WeightRenaming

    return WeightRenaming(source, target)


def _split(source: str, targets: list[str], sizes: Any) -> Any:
    from transformers.core_model_loading import WeightConverter

    return WeightConverter(
        source_patterns=source, target_patterns=targets, operations=[SplitRows(sizes)]
    )


def _attention(source: str, part: str) -> Any:
    targets = [f"self_attn.{name}_proj.{part}" for name in "qkv"]
    return _split(f"{source}.{part}", targets, _attention_rows)


def _embedding() -> Any:
    from transformers.core_model_loading import WeightConverter

    return WeightConverter(
        source_patterns=["wte.embedding", "wte.new_embedding"],
        target_patterns="embed_tokens.weight",
        operations=[JoinRows(_embedding_rows)],
    )


def _embedding_rows(config: MolmoConfig) -> list[int]:
    return [config.rows, config.additional_vocab_size]


def _attention_rows(config: MolmoConfig) -> list[int]:
    head = config.hidden_size // config.num_attention_heads
    few = head * (config.num_key_value_heads or config.num_attention_heads)
    return [config.hidden_size, few, few]


def _mlp_rows(config: MolmoConfig) -> list[int]:
    return [config.intermediate_size // 2] * 2  # up, then gate
