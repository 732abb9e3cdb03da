"""MolmoPoint: transformers' native Molmo2 parts, a point head, and one forward for all uses.

Native Molmo2 supplies the vision encoder, the connector and the decoder layers, unmodified. What is
ours: reading the decoder before its final norm, the grounding tokens' embeddings and logits, and
masks for prompts that share an image. Ids beyond the text vocabulary are grounding tokens
(`ExtendedVocabulary`), in prompts and answers alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.cache_utils import Cache, DynamicCache
from transformers.generation import GenerationMixin
from transformers.modeling_outputs import ModelOutput
from transformers.models.molmo2.modeling_molmo2 import (
    Molmo2Adapter,
    Molmo2PreTrainedModel,
    Molmo2TextModel,
    Molmo2VisionModel,
)

from molmo_point.models.molmo_point.config import MolmoPointConfig
from molmo_point.models.molmo_point.grounding import PointKeys, PointPredictor, Reading
from molmo_point.models.molmo_point.heat import HeatHead
from molmo_point.models.molmo_point.loss import pointing_loss
from molmo_point.models.molmo_point.overview import Overview
from molmo_point.models.molmo_point.patches import ImageFeatures
from molmo_point.models.molmo_point.pointing import NOT_TEXT, PointingModel, PointingParts
from molmo_point.models.molmo_point.stem import ConvStem

__all__ = ["MolmoPointForConditionalGeneration", "MolmoPointModel", "MolmoPointOutput"]


@dataclass
class MolmoPointOutput(ModelOutput):  # type: ignore[misc]  # transformers' classes carry no types
    """Result of a forward.

    Attributes:
        loss: scalar, when labels were given.
        logits: [B, T, extended vocabulary]; see `MolmoPointForConditionalGeneration.logits`.
        past_key_values: the cache, when asked for.
        point_keys: what points can choose among; pass it on while decoding.
        last_patch: int [B, T], the patch chosen last at each token, -1 for none; pass it on while
            decoding.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    past_key_values: Cache | None = None
    point_keys: PointKeys | None = None
    last_patch: Tensor | None = None


class MolmoPointTextModel(Molmo2TextModel):  # type: ignore[misc]
    """Molmo2's decoder under a name of its own, which its tensors' published names go by."""


class MolmoPointModel(PointingParts, Molmo2PreTrainedModel):  # type: ignore[misc]
    """Vision encoder, connector, decoder and point head, without the text head."""

    config: MolmoPointConfig

    def __init__(self, config: MolmoPointConfig) -> None:
        super().__init__(config)
        self.vision_tower = Molmo2VisionModel(config.vision_config)
        self.multi_modal_projector = Molmo2Adapter(config.adapter_config)
        self.language_model = MolmoPointTextModel(config.text_config)
        vision, width = config.vision_config, config.text_config.hidden_size
        if config.patch_stem == "conv":
            rows, columns = (side // vision.patch_size for side in vision.image_size)
            self.vision_tower.patch_embedding = ConvStem(
                vision.patch_size, (rows, columns), vision.hidden_size
            )
        if not getattr(config.adapter_config, "attention_pooling_out_layer", True):
            self.multi_modal_projector.image_pooling_2d.o_proj = nn.Identity()
        self.build_vit_embedding = nn.Linear(config.vit_feature_dim, width)
        self.point_predictor = PointPredictor(config)
        self.overview = Overview(config) if config.overview_dim else None
        if config.heat_dim:
            self.heat = HeatHead(config)
        self.post_init()

    def encode_crops(self, pixel_values: Tensor) -> Tensor:
        """[C, P, patch * patch * 3] normalised patches -> [C, P, F] features of chosen layers."""
        tower = self.vision_tower
        wanted = [
            layer % len(tower.layers) for layer in self.config.adapter_config.vision_feature_layer
        ]
        hidden = tower.patch_embedding(pixel_values.to(tower.dtype))
        hidden = hidden + tower.positional_embedding.to(hidden.dtype)
        outputs: dict[int, Tensor] = {}
        for index, layer in enumerate(tower.layers[: max(wanted) + 1]):
            hidden = layer(hidden, None)
            if index in wanted:
                outputs[index] = hidden
        return torch.cat([outputs[index] for index in wanted], dim=-1)

    def pool_features(
        self, features: Tensor, token_pooling: Tensor, grids: Tensor | None = None
    ) -> ImageFeatures:
        """Features of patches -> of tokens.

        Args:
            features: [C, P, F].
            token_pooling: int [N, k], ids of the C * P patches, -1 for padding.
            grids: int [I, 4], as `MolmoPointInputs.image_grids`; None for frames of a video.
        """
        patches, valid = self.gather_patches(features, token_pooling)
        pooled = self.multi_modal_projector(features, token_pooling).last_hidden_state
        return ImageFeatures(pooled, self.see_overview(patches, valid, grids), valid)

    def run_decoder(
        self, embeddings: Tensor, position_ids: Tensor, mask: Tensor | None, cache: Cache | None
    ) -> Tensor:
        """Decoder layers only: states [B, T, E] before the final norm.

        Args:
            embeddings: [B, T, E].
            position_ids: int [B, T].
            mask: bool [B, 1, T, S], True where attention is allowed; None for no limit at all.
            cache: keys and values so far, which grows by T; None keeps none.
        """
        decoder = self.language_model
        bias = None
        if mask is not None:
            bias = torch.zeros(mask.shape, dtype=embeddings.dtype, device=embeddings.device)
            bias = bias.masked_fill(~mask, torch.finfo(embeddings.dtype).min)
        rotary = {
            "scaled": decoder.rotary_emb(embeddings, position_ids=position_ids),
            "unscaled": decoder.rotary_emb_unscaled(embeddings, position_ids=position_ids),
        }
        states = embeddings
        for layer, kind in zip(decoder.layers, decoder.rope_types, strict=True):
            states = layer(
                states,
                attention_mask=bias,
                position_ids=position_ids,
                past_key_values=cache,
                use_cache=cache is not None,
                position_embeddings=rotary[kind],
            )
        return states


class MolmoPointForConditionalGeneration(
    PointingModel,
    Molmo2PreTrainedModel,  # type: ignore[misc]
    GenerationMixin,  # type: ignore[misc]
):
    """MolmoPoint with its text head; loads and saves the published tensor layout."""

    config: MolmoPointConfig
    config_class = MolmoPointConfig
    accepts_loss_kwargs = False

    def __init__(self, config: MolmoPointConfig) -> None:
        super().__init__(config)
        self.model = MolmoPointModel(config)
        self.lm_head = nn.Linear(
            config.text_config.hidden_size, config.extended_vocab_size, bias=False
        )
        table = "model.language_model.embed_tokens.weight"
        self._tied_weights_keys = (
            {"lm_head.weight": table} if config.text_config.tie_word_embeddings else {}
        )
        self.post_init()

    def get_expanded_tied_weights_keys(
        self,
        all_submodels: bool = False,  # noqa: FBT001, FBT002  # transformers' convention
    ) -> dict[str, str]:
        """Which parameters are one; the text configuration decides, not the whole one."""
        return dict(self._tied_weights_keys)

    def logits(self, reading: Reading, input_ids: Tensor, *, first: bool) -> Tensor:
        """Extended logits [B, T, text | n + 1 patches | k subpatches | 9 locations].

        As the published code lays them out: the best patch carries the text head's logit for "a
        point begins", all others -1e5; at the prefill step (`first`) no patch is possible.
        """
        states, keys = reading.states, reading.keys
        text, begin = self.text_logits(states)
        if keys is None:
            return text
        vocabulary = self.vocabulary(keys.table)
        extended = text.new_full((*text.shape[:2], vocabulary.size), NOT_TEXT)
        extended[..., : vocabulary.text] = text
        if first:
            return extended
        predictor = self.model.point_predictor
        best = predictor.patch_logits(states, reading.rotation, keys).argmax(-1, keepdim=True)
        extended.scatter_(-1, best + vocabulary.text, begin[..., None])
        subpatch = predictor.subpatch_logits(states, reading.last_patch.clamp(min=0), keys)
        block = slice(vocabulary.first_subpatch, vocabulary.first_location)
        after_patch = vocabulary.is_patch(input_ids)[..., None]
        extended[..., block] = torch.where(after_patch, subpatch, NOT_TEXT)
        location = predictor.location_logits(states)
        after_subpatch = vocabulary.is_subpatch(input_ids)[..., None]
        extended[..., vocabulary.first_location :] = torch.where(after_subpatch, location, NOT_TEXT)
        return extended

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        mm_token_type_ids: Tensor | None = None,
        pixel_values: Tensor | None = None,
        image_token_pooling: Tensor | None = None,
        image_grids: Tensor | None = None,
        pixel_values_videos: Tensor | None = None,
        video_token_pooling: Tensor | None = None,
        past_key_values: Cache | None = None,
        point_keys: PointKeys | None = None,
        last_patch: Tensor | None = None,
        use_cache: bool = False,  # noqa: FBT001, FBT002  # transformers' calling convention
        labels: Tensor | None = None,
        logits_to_keep: int = 0,
        image_num_crops: Tensor | None = None,
        video_grids: Tensor | None = None,
        **_: Any,
    ) -> MolmoPointOutput:
        """Prefill, decode step or teacher forcing; see `MolmoPointOutput`.

        Args:
            input_ids: int [B, T]; ids beyond the text vocabulary are grounding tokens.
            attention_mask: int [B, S] over the cache and these tokens, 0 for padding.
            position_ids: int [B, T]; by default the rank among the tokens that are no padding.
            mm_token_type_ids: int [B, T], 1 for image tokens, which see each other both ways;
                needed with images.
            pixel_values: [C, P, patch * patch * 3] of images.
            image_token_pooling: int [N, k].
            image_grids: int [I, 4], for a model with an overview.
            pixel_values_videos: the same of frames.
            video_token_pooling: the same of frames.
            past_key_values: keys and values so far.
            point_keys: from the forward that saw the images.
            last_patch: int [B, T], from the step before.
            use_cache: make a cache if none is given.
            labels: int [B, T] extended ids, -100 to ignore; token t is predicted at t - 1.
            logits_to_keep: compute logits for so many last tokens only; 0 for all.
            image_num_crops: of the processor; not needed.
            video_grids: of the processor; not needed.

        Raises:
            ValueError: images and image tokens do not match, or token types are missing.
        """
        if pixel_values is None:
            pixel_values, image_token_pooling = pixel_values_videos, video_token_pooling
            image_grids = None
        features = self._encode(pixel_values, image_token_pooling, image_grids)
        if features is not None and mm_token_type_ids is None:
            raise ValueError("Images need mm_token_type_ids, or they would be read causally.")
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache(config=self.config.text_config)
        reading = self.read(
            input_ids,
            valid=None if attention_mask is None else attention_mask.bool(),
            position_ids=position_ids,
            image=None if features is None or mm_token_type_ids is None else mm_token_type_ids == 1,
            features=features,
            cache=past_key_values,
            keys=point_keys,
            last_patch=None if last_patch is None else last_patch[:, -1],
        )
        loss = None
        if labels is not None:
            loss = pointing_loss(self, reading, input_ids, labels).total()
        kept = reading.last(logits_to_keep)
        return MolmoPointOutput(
            loss=loss,
            logits=self.logits(kept, input_ids[:, -logits_to_keep:], first=features is not None),
            past_key_values=past_key_values,
            point_keys=reading.keys,
            last_patch=reading.last_patch,
        )

    def _update_model_kwargs_for_generation(
        self, outputs: MolmoPointOutput, model_kwargs: dict[str, Any], **options: Any
    ) -> dict[str, Any]:
        """What transformers' `generate` hands from one step to the next: what points go on from."""
        kept = super()._update_model_kwargs_for_generation(outputs, model_kwargs, **options)
        return {**kept, "point_keys": outputs.point_keys, "last_patch": outputs.last_patch}

    def _encode(
        self, pixel_values: Tensor | None, token_pooling: Tensor | None, grids: Tensor | None
    ) -> ImageFeatures | None:
        if pixel_values is None or token_pooling is None:
            return None
        encoded = self.model.encode_crops(pixel_values)
        features: ImageFeatures = self.model.pool_features(encoded, token_pooling, grids)
        return features
