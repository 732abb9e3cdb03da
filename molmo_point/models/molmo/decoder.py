"""Molmo's three decoders: transformers' Qwen2, OLMo 2 and OLMoE, whose numbers agree.

Each has a class of its own here because published tensor names are registered by class.
"""

from __future__ import annotations

from typing import Any

from transformers import Olmo2Config, OlmoeConfig, Qwen2Config
from transformers.models.olmo2.modeling_olmo2 import Olmo2Model
from transformers.models.olmoe.modeling_olmoe import OlmoeModel
from transformers.models.qwen2.modeling_qwen2 import Qwen2Model

from molmo_point.models.molmo.config import MolmoConfig

__all__ = [
    "MolmoDenseDecoder",
    "MolmoMoeDecoder",
    "MolmoPostNormDecoder",
    "build_decoder",
    "decoder_config",
]


class MolmoDenseDecoder(Qwen2Model):  # type: ignore[misc]  # transformers' classes carry no types
    """Qwen2, of Molmo-7B-D and Molmo-72B."""


class MolmoPostNormDecoder(Olmo2Model):  # type: ignore[misc]
    """OLMo with norms behind attention and MLP, of Molmo-7B-O."""


class MolmoMoeDecoder(OlmoeModel):  # type: ignore[misc]
    """OLMoE, of MolmoE-1B."""


def decoder_config(config: MolmoConfig) -> Any:
    """The decoder's own configuration.

    Raises:
        ValueError: no published checkpoint is built like this.
    """
    shared = {
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size // 2,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "num_key_value_heads": config.num_key_value_heads or config.num_attention_heads,
        "rms_norm_eps": config.layer_norm_eps,
        "rope_parameters": {"rope_type": "default", "rope_theta": config.rope_theta},
        "vocab_size": config.rows + config.additional_vocab_size,
        "max_position_embeddings": config.max_position_embeddings,
        "pad_token_id": None,
        "bos_token_id": None,
        "eos_token_id": None,
        "tie_word_embeddings": False,
    }
    kind = bool(config.moe_num_experts), config.norm_after, config.attention_layer_norm
    kinds = {
        (False, False, False): (Qwen2Config, {}),
        (False, True, True): (Olmo2Config, {}),
        (True, False, True): (
            OlmoeConfig,
            {
                "num_experts": config.moe_num_experts,
                "num_experts_per_tok": config.moe_top_k,
                "norm_topk_prob": False,
            },
        ),
    }
    if kind not in kinds or config.qkv_bias != (kind == (False, False, False)):
        raise ValueError(
            f"A decoder with norm_after={config.norm_after}, qkv_bias={config.qkv_bias}, "
            f"attention_layer_norm={config.attention_layer_norm} and {config.moe_num_experts} "
            "experts is none of Molmo's."
        )
    make, own = kinds[kind]
    return make(**shared, **own)


def build_decoder(config: Any) -> Any:
    """The decoder of a configuration that `decoder_config` made."""
    classes = {
        Qwen2Config: MolmoDenseDecoder,
        Olmo2Config: MolmoPostNormDecoder,
        OlmoeConfig: MolmoMoeDecoder,
    }
    return classes[type(config)](config)
