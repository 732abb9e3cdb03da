"""Configurations of the ten checkpoints, under the names of their published `config.json`s."""

from tests.published.layouts import OLMO3_7B, QWEN3_4B, QWEN3_8B


def dense_molmo(width, layers, heads, key_value_heads, fused, rows, **changes):
    return {
        "model_type": "molmo",
        "architectures": ["MolmoForCausalLM"],
        "attention_layer_norm": False,
        "clip_qkv": None,
        "embedding_size": rows,
        "hidden_size": width,
        "initializer_range": 0.02,
        "intermediate_size": fused,
        "layer_norm_eps": 1e-06,
        "layer_norm_type": "rms",
        "max_position_embeddings": 4096,
        "norm_after": False,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "num_key_value_heads": key_value_heads,
        "qkv_bias": True,
        "rope_theta": 1000000.0,
        "tie_word_embeddings": False,
        "use_cache": True,
        "use_position_ids": True,
        "vocab_size": rows,
        "weight_tying": False,
    } | changes


def molmoe(width, layers, heads, rows, experts, top, **changes):
    return {
        "model_type": "molmo",
        "architectures": ["OLMoForCausalLM"],
        "activation_type": "swiglu",
        "additional_vocab_size": 128,
        "attention_layer_norm": True,
        "attention_layer_norm_with_affine": True,
        "block_type": "moe",
        "clip_qkv": None,
        "d_model": width,
        "embedding_size": rows,
        "image_padding_embed": "pad_and_partial_pad",
        "layer_norm_eps": 1e-05,
        "layer_norm_type": "rms",
        "max_position_embeddings": 32768,
        "mlp_hidden_size": None,
        "mlp_ratio": 1,
        "moe_num_experts": experts,
        "moe_shared_expert": False,
        "moe_top_k": top,
        "n_heads": heads,
        "n_kv_heads": None,
        "n_layers": layers,
        "norm_after": False,
        "qkv_bias": False,
        "rope": True,
        "rope_theta": 10000.0,
        "vocab_size": rows - 24,
        "weight_tying": False,
    } | changes


def text(width, layers, heads, key_value_heads, head, inner, rows, **changes):
    return {
        "model_type": "molmo2_text",
        "additional_vocab_size": 128,
        "head_dim": head,
        "hidden_act": "silu",
        "hidden_size": width,
        "intermediate_size": inner,
        "layer_norm_eps": 1e-06,
        "max_position_embeddings": 36864,
        "norm_after": False,
        "num_attention_heads": heads,
        "num_hidden_layers": layers,
        "num_key_value_heads": key_value_heads,
        "qk_norm_type": "qwen3",
        "qkv_bias": False,
        "rope_scaling": None,
        "rope_scaling_layers": None,
        "rope_theta": 1000000.0,
        "tie_word_embeddings": False,
        "use_qk_norm": True,
        "vocab_size": rows,
    } | changes


def molmo2(sizes, vision, first_id, **changes):
    """`sizes` as of `text`; `vision` is (width, inner, layers, heads, head width, side)."""
    width, inner, layers, heads, head, side = vision
    return {
        "model_type": "molmo2",
        "text_config": text(*sizes) | changes,
        "adapter_config": {
            "model_type": "molmo2",
            "head_dim": head,
            "hidden_act": "silu",
            "hidden_size": width,
            "intermediate_size": sizes[5],
            "num_attention_heads": heads,
            "num_key_value_heads": heads,
            "pooling_attention_mask": True,
            "text_hidden_size": sizes[0],
            "vit_layers": [-3, -9] if layers > 9 else [-2, -4],
        },
        "vit_config": {
            "model_type": "molmo2",
            "head_dim": head,
            "hidden_act": "gelu_pytorch_tanh",
            "hidden_size": width,
            "image_default_input_size": [side, side],
            "image_num_pos": (side // 14) ** 2,
            "image_patch_size": 14,
            "intermediate_size": inner,
            "layer_norm_eps": 1e-06,
            "num_attention_heads": heads,
            "num_hidden_layers": layers,
            "num_key_value_heads": heads,
        },
        "image_start_token_id": first_id,
        "image_end_token_id": first_id + 1,
        "image_patch_id": first_id + 2,
        "image_col_id": first_id + 3,
        "low_res_image_start_token_id": first_id + 4,
        "image_low_res_id": first_id + 6,
        "frame_start_token_id": first_id + 7,
        "frame_end_token_id": first_id + 8,
        "tie_word_embeddings": False,
        "use_frame_special_tokens": False,
    }


def molmo_point(sizes, vision, first_id, dim, **changes):
    config = molmo2(sizes, vision, first_id, **changes)
    config["adapter_config"]["attention_pooling_out_layer"] = False
    return config | {
        "model_type": "molmo_point",
        "image_non_indexable_patch_id": first_id + 6,
        "low_res_image_start_token_id": None,
        "patch_token_id": first_id + 11,
        "subpatch_token_id": first_id + 12,
        "location_token_id": first_id + 13,
        "patch_embed_dim": dim,
        "use_frame_special_tokens": True,
    }


_SIGLIP2 = (1152, 4304, 27, 16, 72, 378)
_OLMO3 = {
    "norm_after": True,
    "qk_norm_type": "olmo",
    "rope_scaling": {
        "rope_type": "yarn",
        "factor": 8.0,
        "attention_factor": 1.2079441541679836,
        "beta_fast": 32,
        "beta_slow": 1,
        "original_max_position_embeddings": 8192,
    },
    "rope_scaling_layers": [3, 7, 11, 15, 19, 23, 27, 31],
    "rope_theta": 500000.0,
}

CONFIGS = {
    "allenai/MolmoE-1B-0924": molmoe(2048, 16, 16, 50304, 64, 8),
    "allenai/Molmo-7B-O-0924": dense_molmo(
        4096, 32, 32, 32, 22016, 100352, vocab_size=100278, norm_after=True,
        attention_layer_norm=True, qkv_bias=False, rope_theta=500000.0,
    ),
    "allenai/Molmo-7B-D-0924": dense_molmo(3584, 28, 28, 4, 37888, 152064),
    "allenai/Molmo-72B-0924": dense_molmo(8192, 80, 64, 8, 59136, 152064, layer_norm_eps=1e-05),
    "allenai/Molmo2-4B": molmo2(QWEN3_4B, _SIGLIP2, 151936, rope_theta=5000000.0),
    "allenai/Molmo2-8B": molmo2(QWEN3_8B, _SIGLIP2, 151936),
    "allenai/Molmo2-O-7B": molmo2(OLMO3_7B, _SIGLIP2, 100278, **_OLMO3),
    "allenai/MolmoPoint-8B": molmo_point(QWEN3_8B, _SIGLIP2, 151936, 512),
    "allenai/MolmoPoint-GUI-8B": molmo_point(QWEN3_8B, _SIGLIP2, 151936, 512),
    "allenai/MolmoPoint-Vid-4B": molmo_point(
        QWEN3_4B, _SIGLIP2, 151936, 512, tie_word_embeddings=True
    ),
}  # fmt: skip
