"""MolmoPoint for small models that only point: published names and numbers, without transformers.

What the embedded model runs on, as importing transformers takes longer than pointing at a thing.
The class on transformers' parts (`model.py`) is for training, and gives the same points.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from molmo_point.kernels.packed_linear import PackedLinear
from molmo_point.models.molmo_point.compact_config import CompactConfig
from molmo_point.models.molmo_point.compact_layers import Connector, Decoder, Tower
from molmo_point.models.molmo_point.grounding import PointPredictor
from molmo_point.models.molmo_point.heat import HeatHead
from molmo_point.models.molmo_point.key_values import KeyValues
from molmo_point.models.molmo_point.overview import Overview
from molmo_point.models.molmo_point.patches import ImageFeatures
from molmo_point.models.molmo_point.pointing import PointingModel, PointingParts
from molmo_point.models.molmo_point.stem import ConvStem

__all__ = ["CompactMolmoPoint"]

_RENAMED = (
    (r"^model\.vit\.transformer\.resblocks\.", "model.vision_tower.layers."),
    (r"^model\.vit\.", "model.vision_tower."),
    (r"\.attention\.wq\.", ".qkv@1."),
    (r"\.attention\.wk\.", ".qkv@2."),
    (r"\.attention\.wv\.", ".qkv@3."),
    (r"\.attention\.wo\.", ".out."),
    (r"\.feed_forward\.w1\.", ".up."),
    (r"\.feed_forward\.w2\.", ".down."),
    (r"\.attention_norm\.", ".layer_norm1."),
    (r"\.ffn_norm\.", ".layer_norm2."),
    (r"\.image_pooling_2d\.wq\.", ".query."),
    (r"\.image_pooling_2d\.w([kv])\.", r".key_value@\1."),
    (r"\.image_projector\.w1\.", ".gate_up@1."),
    (r"\.image_projector\.w3\.", ".gate_up@3."),
    (r"\.image_projector\.w2\.", ".down."),
    (r"^model\.transformer\.blocks\.", "model.language_model.layers."),
    (r"^model\.transformer\.ln_f\.", "model.language_model.norm."),
    (r"^model\.transformer\.wte\.embedding$", "model.language_model.embed_tokens@0.weight"),
    (r"^model\.transformer\.wte\.new_embedding$", "model.language_model.embed_tokens@1.weight"),
    (r"\.self_attn\.att_proj\.", ".qkv."),
    (r"\.self_attn\.attn_out\.", ".out."),
    (r"\.self_attn\.([qk]_norm)\.", r".\1."),
    (r"\.mlp\.ff_proj\.", ".up_gate."),
    (r"\.mlp\.ff_out\.", ".down."),
    (r"\.attn_norm\.", ".input_layernorm."),
    (r"\.ff_norm\.", ".post_attention_layernorm."),
    (r"^lm_head\.output_embeddings$", "lm_head@0.weight"),
    (r"^lm_head\.new_output_embeddings$", "lm_head@1.weight"),
)
"""Published names to ours; "@" marks the parts of what is joined here, in their order."""


_AT_ONCE = 4
"""Crops encoded together: what lies between the layers stays in a core's cache."""


class _Parts(PointingParts, nn.Module):
    """Vision encoder, connector, decoder and point head; see `MolmoPointModel`."""

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.config = config
        vision, width = config.vision_config, config.text_config.hidden_size
        rows, columns = (side // vision.patch_size for side in vision.image_size)
        stem = ConvStem(vision.patch_size, (rows, columns), vision.hidden_size)
        self.vision_tower = Tower(vision, stem)
        self.connector = Connector(config.adapter_config, config.vit_feature_dim)
        self.language_model = Decoder(config.text_config, config.extended_vocab_size)
        self.build_vit_embedding = PackedLinear(config.vit_feature_dim, width)
        self.point_predictor = PointPredictor(config)
        self.overview = Overview(config) if getattr(config, "overview_dim", 0) else None
        if config.heat_dim:
            self.heat = HeatHead(config)

    def encode_crops(self, pixel_values: Tensor) -> Tensor:
        """See `MolmoPointModel.encode_crops`."""
        depth = len(self.vision_tower.layers)
        wanted = [layer % depth for layer in self.config.adapter_config.vision_feature_layer]
        dtype = self.vision_tower.positional_embedding.dtype
        few = torch.split(pixel_values.to(dtype), _AT_ONCE)
        return torch.cat([self.vision_tower(some, wanted) for some in few])

    def pool_features(
        self, features: Tensor, token_pooling: Tensor, grids: Tensor | None = None
    ) -> ImageFeatures:
        """See `MolmoPointModel.pool_features`."""
        patches, valid = self.gather_patches(features, token_pooling)
        some = valid.any(-1)
        tokens = self.connector(patches[some], valid[some])
        return ImageFeatures(tokens, self.see_overview(patches, valid, grids), valid)

    def run_decoder(
        self, embeddings: Tensor, position_ids: Tensor, mask: Tensor | None, cache: KeyValues | None
    ) -> Tensor:
        """See `MolmoPointModel.run_decoder`."""
        bias = None
        if mask is not None:
            bias = torch.zeros(mask.shape, dtype=embeddings.dtype, device=embeddings.device)
            bias = bias.masked_fill(~mask, torch.finfo(embeddings.dtype).min)
        rotary = self.language_model.rotary(position_ids, embeddings.dtype)
        for layer in self.language_model.layers:
            embeddings = layer(embeddings, bias, rotary, cache)
        return embeddings


class CompactMolmoPoint(PointingModel, nn.Module):
    """With its text head; what `PointSession` reads with.

    Args:
        config: of `read_compact_config`.
    """

    def __init__(self, config: CompactConfig) -> None:
        super().__init__()
        self.config = config
        self.model = _Parts(config)
        self.lm_head = PackedLinear(
            config.text_config.hidden_size, config.extended_vocab_size, bias=False
        )
        for part in self.modules():
            for name, child in list(part.named_children()):
                if type(child) is nn.Linear:
                    setattr(part, name, PackedLinear.like(child))

    @classmethod
    def from_folder(
        cls, folder: Path, config: CompactConfig, dtype: torch.dtype
    ) -> tuple[CompactMolmoPoint, dict[str, Any]]:
        """Load a checkpoint in the published layout.

        Returns:
            The model in evaluation mode, and what did not fit, as transformers reports it: lists
            under "missing_keys", "unexpected_keys" and "mismatched_keys".
        """
        from safetensors.torch import load_file

        with torch.device("meta"):
            model = cls(config)
        found: dict[str, Tensor] = {}
        for path in sorted(folder.glob("*.safetensors")):
            found.update(load_file(path))
        found = {
            name: value.to(dtype) if value.is_floating_point() else value
            for name, value in _join_published(found).items()
        }
        wanted = model.state_dict()
        odd = [
            (name, found[name].shape, value.shape)
            for name, value in wanted.items()
            if name in found and found[name].shape != value.shape
        ]
        report = {
            "missing_keys": wanted.keys() - found.keys(),
            "unexpected_keys": found.keys() - wanted.keys(),
            "mismatched_keys": odd,
        }
        if not any(report.values()):
            model.load_state_dict(found, assign=True)
        return model.eval().requires_grad_(requires_grad=False), report

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        device: torch.device = self.lm_head.weight.device
        return device

    @property
    def dtype(self) -> torch.dtype:
        """Of its weights."""
        dtype: torch.dtype = self.lm_head.weight.dtype
        return dtype


def _join_published(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors by their published names -> the same by ours, what is joined here joined by rows."""
    groups: dict[str, list[tuple[str, Tensor]]] = {}
    for published, value in tensors.items():
        name = published
        for pattern, replacement in _RENAMED:
            name = re.sub(pattern, replacement, name)
        groups.setdefault(re.sub("@.", "", name), []).append((name, value))
    joined = {}
    for name, parts in groups.items():
        ordered = [value for _, value in sorted(parts, key=lambda part: part[0])]
        joined[name] = ordered[0] if len(ordered) == 1 else torch.cat(ordered)
    return joined
