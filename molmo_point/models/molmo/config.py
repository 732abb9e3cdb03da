"""Configuration of Molmo's first generation, under the names of its published `config.json`s.

MolmoE's file has other names for the same fields; both are read. What all four checkpoints share,
the vision encoder among it, is not in the dense ones' files: the defaults here.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from huggingface_hub.dataclasses import strict
from transformers import PretrainedConfig

__all__ = ["MolmoConfig", "MolmoVisionConfig"]

_MOLMOE_NAMES = {
    "d_model": "hidden_size",
    "n_heads": "num_attention_heads",
    "n_kv_heads": "num_key_value_heads",
    "n_layers": "num_hidden_layers",
    "weight_tying": "tie_word_embeddings",
}


@dataclass(frozen=True, slots=True)
class MolmoVisionConfig:
    """CLIP ViT-L/14 at 336 pixels, one layer short, as trained; names as in MolmoE's file.

    Attributes:
        image_emb_dim: width.
        image_mlp_dim: inner width of the MLPs.
        image_num_heads: attention heads.
        image_num_layers: blocks.
        image_num_pos: positions, the class token included.
        image_patch_size: pixels of a side of a patch.
        image_norm_eps: of the layer norms.
    """

    image_emb_dim: int = 1024
    image_mlp_dim: int = 4096
    image_num_heads: int = 16
    image_num_layers: int = 23
    image_num_pos: int = 577
    image_patch_size: int = 14
    image_norm_eps: float = 1e-5


@strict
class MolmoConfig(PretrainedConfig):  # type: ignore[misc]  # transformers' classes carry no types
    """A dense Molmo (Qwen2 or OLMo inside) or MolmoE (OLMoE inside).

    Attributes:
        hidden_size: width of the decoder.
        intermediate_size: twice the inner width of an MLP or an expert: gate and up together.
        num_hidden_layers: decoder layers.
        num_attention_heads: query heads.
        num_key_value_heads: key and value heads; None for as many as query heads.
        layer_norm_eps: of the decoder's RMS norms.
        rope_theta: base of the rotary.
        qkv_bias: whether queries, keys and values have a bias.
        attention_layer_norm: whether queries and keys are normed.
        norm_after: whether norms follow attention and MLP (OLMo) or precede them.
        vocab_size: tokens of the tokenizer's base.
        embedding_size: rows of the base embedding and of the text head; None for `vocab_size`.
        additional_vocab_size: rows of the additional embedding, which the head lacks.
        max_position_embeddings: longest sequence.
        moe_num_experts: experts a layer, 0 for a dense model.
        moe_top_k: experts a token.
        vit_layers: whose outputs are the image features, in this order.
        vision_backbone: values of `MolmoVisionConfig` that differ from the published ones.
    """

    model_type = "molmo"
    keys_to_ignore_at_inference = ("past_key_values",)

    hidden_size: int = 3584
    intermediate_size: int = 37888
    num_hidden_layers: int = 28
    num_attention_heads: int = 28
    num_key_value_heads: int | None = None
    layer_norm_eps: float = 1e-6
    rope_theta: float = 1e6
    qkv_bias: bool = True
    attention_layer_norm: bool = False
    norm_after: bool = False
    vocab_size: int = 152064
    embedding_size: int | None = None
    additional_vocab_size: int = 128
    max_position_embeddings: int = 4096
    moe_num_experts: int = 0
    moe_top_k: int = 0
    vit_layers: list[int] | tuple[int, ...] = (-2, -9)
    vision_backbone: dict[str, Any] | None = None
    tie_word_embeddings: bool = False

    @classmethod
    def from_dict(cls, config_dict: dict[str, Any], **kwargs: Any) -> Any:
        """Read either spelling; values that belong to training are left out.

        Raises:
            ValueError: the file describes a model of another construction.
        """
        values = {_MOLMOE_NAMES.get(name, name): value for name, value in config_dict.items()}
        if values.get("intermediate_size") is None and values.get("mlp_ratio") is not None:
            inner = values.get("mlp_hidden_size") or values["mlp_ratio"] * values["hidden_size"]
            values["intermediate_size"] = int(inner)
        for name, known in _BUILT.items():
            if values.get(name, known) not in (known, None):
                raise ValueError(f"{name}={values[name]!r} is not supported; known: {known!r}.")
        return super().from_dict(values, **kwargs)

    @property
    def rows(self) -> int:
        """Rows of the base embedding and of the text head."""
        return self.embedding_size or self.vocab_size

    @property
    def vision(self) -> MolmoVisionConfig:
        """Sizes of the vision encoder."""
        known = {field.name for field in fields(MolmoVisionConfig)}
        given = self.vision_backbone or {}
        return MolmoVisionConfig(**{name: given[name] for name in known & given.keys()})

    @property
    def feature_dim(self) -> int:
        """Width of the joined outputs of the vision layers."""
        return self.vision.image_emb_dim * len(self.vit_layers)


_BUILT = {
    "activation_type": "swiglu",
    "attention_layer_norm_with_affine": True,
    "alibi": False,
    "clip_qkv": None,
    "layer_norm_type": "rms",
    "rope": True,
    "image_padding_embed": "pad_and_partial_pad",
    "moe_shared_expert": False,
    "tie_word_embeddings": False,
}
"""How every published checkpoint is built; a file that says otherwise is refused."""
