"""Molmo's first generation: image features added to their tokens, a decoder, a text head.

One forward for prefill and decode; `generate` of transformers works on it as well. Attention is
causal over image and text alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn
from transformers import PreTrainedModel
from transformers.cache_utils import Cache, DynamicCache
from transformers.generation import GenerationMixin
from transformers.modeling_outputs import ModelOutput

from molmo_point.models.molmo.config import MolmoConfig
from molmo_point.models.molmo.connector import MolmoVisionBackbone
from molmo_point.models.molmo.decoder import build_decoder, decoder_config

__all__ = ["MolmoForCausalLM", "MolmoModel", "MolmoMoeForCausalLM", "MolmoOutput"]


@dataclass
class MolmoOutput(ModelOutput):  # type: ignore[misc]  # transformers' classes carry no types
    """Result of a forward.

    Attributes:
        loss: scalar, when labels were given.
        logits: [B, T, rows of the text head].
        past_key_values: the cache, when asked for.
        hidden_states: [B, T, hidden size] before each layer and after the final norm, when asked.
    """

    loss: Tensor | None = None
    logits: Tensor | None = None
    past_key_values: Cache | None = None
    hidden_states: tuple[Tensor, ...] | None = None


class MolmoPreTrainedModel(PreTrainedModel):  # type: ignore[misc]
    """What transformers wants to know about the family."""

    config: MolmoConfig
    config_class = MolmoConfig
    base_model_prefix = "model"
    supports_gradient_checkpointing = True
    _supports_sdpa = True
    _supports_flash_attn = True
    _supports_flex_attn = True
    _no_split_modules = (
        "ResidualBlock",
        "Qwen2DecoderLayer",
        "Olmo2DecoderLayer",
        "OlmoeDecoderLayer",
    )
    _skip_keys_device_placement = ("past_key_values",)


class MolmoModel(MolmoPreTrainedModel):
    """Vision backbone and decoder, without the text head."""

    def __init__(self, config: MolmoConfig) -> None:
        super().__init__(config)
        self.vision_backbone = MolmoVisionBackbone(config)
        self.language_model = build_decoder(decoder_config(config))
        self.post_init()


class MolmoForCausalLM(MolmoPreTrainedModel, GenerationMixin):  # type: ignore[misc]
    """A dense Molmo with its text head; loads and saves the published tensor layout."""

    accepts_loss_kwargs = False

    def __init__(self, config: MolmoConfig) -> None:
        super().__init__(config)
        self.model = MolmoModel(config)
        self.lm_head = nn.Linear(config.hidden_size, config.rows, bias=False)
        self.post_init()

    def get_input_embeddings(self) -> nn.Module:
        """The table of base and additional tokens."""
        table: nn.Module = self.model.language_model.embed_tokens
        return table

    def get_output_embeddings(self) -> nn.Module:
        """The text head, which additional tokens have no row in."""
        return self.lm_head

    def embed(
        self, input_ids: Tensor, features: Tensor | None = None, image: Tensor | None = None
    ) -> Tensor:
        """Decoder inputs [B, T, E]: token embeddings, image features added where they belong.

        Args:
            input_ids: int [B, T].
            features: [N, E], one for each image token.
            image: bool [B, T], N of them true, in the order of the features.

        Raises:
            ValueError: features and image tokens do not match.
        """
        embedded: Tensor = self.get_input_embeddings()(input_ids)
        if features is None:
            return embedded
        if image is None or int(image.sum()) != len(features):
            raise ValueError(
                f"{0 if image is None else int(image.sum())} image tokens and {len(features)} "
                "image features do not match: text and images must come from one call of the "
                "processor."
            )
        embedded = embedded.clone()
        embedded[image.bool()] += features.to(embedded.dtype)
        return embedded

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        pixel_values: Tensor | None = None,
        image_masks: Tensor | None = None,
        image_token_pooling: Tensor | None = None,
        image_token_mask: Tensor | None = None,
        past_key_values: Cache | None = None,
        use_cache: bool = False,  # noqa: FBT001, FBT002  # transformers' calling convention
        labels: Tensor | None = None,
        logits_to_keep: int = 0,
        output_hidden_states: bool = False,  # noqa: FBT001, FBT002
        **_: Any,
    ) -> MolmoOutput:
        """Prefill, decode step or teacher forcing.

        Args:
            input_ids: int [B, T].
            attention_mask: int [B, S] over the cache and these tokens, 0 for padding.
            position_ids: int [B, T]; by default the rank among the tokens that are no padding.
            pixel_values: [C, P, patch * patch * 3], crops of all images of the batch.
            image_masks: [C, P].
            image_token_pooling: int [N, k] into the C * P patches.
            image_token_mask: bool [B, T], the N tokens that carry an image feature.
            past_key_values: keys and values so far.
            use_cache: make a cache if none is given.
            labels: int [B, T], -100 to ignore; token t is predicted at t - 1.
            logits_to_keep: compute logits for so many last tokens only; 0 for all.
            output_hidden_states: return those of every layer.

        Raises:
            ValueError: features and image tokens do not match.
        """
        decoder = self.model.language_model
        features = None
        if pixel_values is not None:
            features = self.model.vision_backbone(pixel_values, image_masks, image_token_pooling)
        length = input_ids.shape[1]
        if attention_mask is not None and position_ids is None:
            position_ids = (attention_mask.long().cumsum(1) - 1).clamp(min=0)[:, -length:]
        if use_cache and past_key_values is None:
            past_key_values = DynamicCache(config=decoder.config)
        output = decoder(
            inputs_embeds=self.embed(input_ids, features, image_token_mask),
            attention_mask=attention_mask,
            position_ids=position_ids,
            past_key_values=past_key_values,
            use_cache=past_key_values is not None,
            output_hidden_states=output_hidden_states,
        )
        logits = self.lm_head(output.last_hidden_state[:, -logits_to_keep:])
        loss = None
        if labels is not None:
            shifted = logits[:, :-1].flatten(0, 1).float()
            loss = nn.functional.cross_entropy(shifted, labels[:, 1:].flatten())
        return MolmoOutput(loss, logits, past_key_values, output.hidden_states)

    def prepare_inputs_for_generation(
        self, input_ids: Tensor, past_key_values: Cache | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """What transformers' `generate` passes to `forward`: images at the first step only."""
        inputs = super().prepare_inputs_for_generation(
            input_ids, past_key_values=past_key_values, **kwargs
        )
        if past_key_values is not None and past_key_values.get_seq_length():
            for name in ("pixel_values", "image_masks", "image_token_pooling", "image_token_mask"):
                inputs[name] = None
        return dict(inputs)


class MolmoMoeForCausalLM(MolmoForCausalLM):
    """MolmoE; apart from its decoder it differs in the published name of the text head."""
