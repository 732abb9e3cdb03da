"""What every form of MolmoPoint does around its vision encoder and its decoder.

Embeddings of text and grounding tokens, the table of patches, the keys that points choose by, and
the reading of tokens; for the class on transformers' parts (`model.py`) and for the compact one
(`compact.py`).
"""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

from molmo_point.models.molmo_point.grounding import PointKeys, Reading
from molmo_point.models.molmo_point.masks import attention_mask as mask_of
from molmo_point.models.molmo_point.patches import ImageFeatures, PatchTable, fill_rows, last_chosen
from molmo_point.models.steps import ExtendedVocabulary

__all__ = ["NOT_TEXT", "KeyCache", "PointingModel", "PointingParts"]

NOT_TEXT = -1e5
"""Logit of what cannot be said in words, as in the published code."""


class KeyCache(Protocol):
    """Keys and values so far; transformers' caches and ours."""

    def get_seq_length(self) -> int:
        """How many tokens there are."""
        ...


class PointingParts:
    """Of a model without its text head; it has these parts, whose classes differ."""

    config: Any
    language_model: Any
    build_vit_embedding: Any
    point_predictor: Any
    heat: Any
    overview: Any

    @staticmethod
    def gather_patches(features: Tensor, token_pooling: Tensor) -> tuple[Tensor, Tensor]:
        """The ViT patches behind each pooled token.

        Args:
            features: [C, P, F].
            token_pooling: int [N, k], ids of the C * P patches, -1 for none.

        Returns:
            [N, k, F], zero where there is none, and bool [N, k], where there is one.
        """
        valid = token_pooling >= 0
        return features.flatten(0, 1)[token_pooling.clamp(min=0)] * valid[..., None], valid

    def see_overview(self, patches: Tensor, valid: Tensor, grids: Tensor | None) -> Tensor:
        """Patches [N, k, F] with the global view, if the model has such a part (`overview.py`).

        Args:
            patches: of images.
            valid: bool [N, k], those that there are.
            grids: int [I, 4], as `MolmoPointInputs.image_grids`; None for frames of a video.
        """
        if self.overview is None or grids is None:
            return patches
        seen: Tensor = self.overview(patches, valid, grids)
        return seen

    def embed(
        self,
        input_ids: Tensor,
        last_patch: Tensor,
        vocabulary: ExtendedVocabulary | None,
        table: PatchTable | None,
        *,
        long: bool = True,
    ) -> Tensor:
        """Embeddings [B, T, E] of text and grounding tokens, image features not yet added.

        Args:
            input_ids: int [B, T].
            last_patch: int [B, T], the patch that a subpatch belongs to.
            vocabulary: of the ids; None for text alone.
            table: the patches; None for text alone.
            long: look whether there are grounding tokens at all, and save their part if not. In a
                step of an answer that takes longer, as the device has to be read.
        """
        embedding = self.language_model.embed_tokens
        if vocabulary is None or table is None:
            if int(input_ids.max()) >= embedding.num_embeddings:
                raise ValueError(
                    f"Token {int(input_ids.max())} is outside the text vocabulary of "
                    f"{embedding.num_embeddings}: points in a prompt need their images with them."
                )
            rows: Tensor = embedding(input_ids)
            return rows
        config = self.config
        base = torch.where(input_ids >= vocabulary.text, config.patch_token_id, input_ids)
        if config.shared_low_embedding:
            low = input_ids == config.image_non_indexable_patch_id
            base = base.masked_fill(low, config.image_patch_id)
        base = base.masked_fill(input_ids >= vocabulary.first_subpatch, config.subpatch_token_id)
        base = base.masked_fill(input_ids >= vocabulary.first_location, config.location_token_id)
        embedded: Tensor = embedding(base)
        prompt = torch.arange(input_ids.shape[0], device=input_ids.device)[:, None]
        is_patch, is_subpatch = vocabulary.is_patch(input_ids), vocabulary.is_subpatch(input_ids)
        if not long or is_patch.any():
            chosen = table.features[prompt, last_patch.clamp(min=0)]
            embedded = embedded + chosen.to(embedded.dtype) * is_patch[..., None]
        if not long or is_subpatch.any():
            inside = (input_ids - vocabulary.first_subpatch).clamp(0, vocabulary.subpatches - 1)
            feature = table.patches[prompt, last_patch.clamp(min=0), inside]
            built = self.build_vit_embedding(feature).to(embedded.dtype)
            if config.subpatch_embedding == "add":
                built = built + embedded
            embedded = torch.where(is_subpatch[..., None], built, embedded)
        return embedded

    def image_tokens(self, input_ids: Tensor) -> Tensor:
        """Bool [B, T]: tokens that carry an image feature, selectable or not."""
        indexable: Tensor = input_ids == self.config.image_patch_id
        other: Tensor = input_ids == self.config.image_non_indexable_patch_id
        return indexable | other

    def patch_table(self, input_ids: Tensor, features: ImageFeatures) -> PatchTable:
        """The patches of [B, T] prompts.

        Raises:
            ValueError: there are more or fewer image tokens than features.
        """
        where = self.image_tokens(input_ids)
        if int(where.sum()) != features.tokens.shape[0]:
            raise ValueError(
                f"{int(where.sum())} image tokens and {features.tokens.shape[0]} image features "
                "do not match: text and images must come from one call of the processor."
            )
        return PatchTable.spread(features, where, input_ids == self.config.image_patch_id)

    def point_keys(self, input_ids: Tensor, states: Tensor, table: PatchTable) -> PointKeys:
        """Keys from decoder states [B, T, E] at the image tokens of [B, T] prompts."""
        image_states = fill_rows(table.own(), states[self.image_tokens(input_ids)])
        return PointKeys(
            table=table,
            patch_key=self.point_predictor.patch_keys(image_states, table.order),
            subpatch_key=self.point_predictor.subpatch_k(table.patches),
            things=self.heat.read(table.patches, self.language_model.embed_tokens.weight)
            if self.config.heat_dim
            else None,
        )


class PointingModel:
    """Of a model with its text head."""

    config: Any
    model: Any
    lm_head: Any

    def vocabulary(self, table: PatchTable) -> ExtendedVocabulary:
        """Ids of prompts with these patches."""
        return table.vocabulary(self.config.extended_vocab_size, self.config.locations)

    def text_logits(self, states: Tensor) -> tuple[Tensor, Tensor]:
        """Words and "a point begins" from states [B, T, E].

        Returns:
            [B, T, V] text logits in which grounding tokens have -1e5, and the logit [B, T] that
            the text head gives to a patch.
        """
        config = self.config
        logits: Tensor = self.lm_head(self.model.language_model.norm(states))
        begin = logits[..., config.patch_token_id].clone()
        ids = torch.arange(logits.shape[-1], device=logits.device)
        hidden = ids == config.patch_token_id
        hidden = hidden | (ids == config.subpatch_token_id) | (ids == config.location_token_id)
        return logits.masked_fill(hidden, NOT_TEXT), begin

    def read(
        self,
        input_ids: Tensor,
        *,
        valid: Tensor | None = None,
        mask: Tensor | None = None,
        position_ids: Tensor | None = None,
        image: Tensor | None = None,
        segment_ids: Tensor | None = None,
        features: ImageFeatures | None = None,
        cache: KeyCache | None = None,
        keys: PointKeys | None = None,
        last_patch: Tensor | None = None,
    ) -> Reading:
        """Run the decoder over tokens.

        Args:
            input_ids: int [B, T]; ids beyond the text vocabulary are grounding tokens.
            valid: bool [B, S] over the cache and these tokens, False for padding.
            mask: bool [B, 1, T, S], instead of `valid`: what each token may see.
            position_ids: int [B, T]; by default the rank among the valid tokens.
            image: bool [B, T], tokens that see each other both ways.
            segment_ids: int [B, T] for several questions in a row: 0 is shared, others are apart.
            features: of the images among these tokens.
            cache: keys and values so far, which grows by T.
            keys: of images that were read before.
            last_patch: int [B], the patch chosen before these tokens, -1 for none.
        """
        batch, length = input_ids.shape
        past = cache.get_seq_length() if cache is not None else 0
        if valid is None:
            valid = input_ids.new_ones(batch, past + length, dtype=torch.bool)
        if position_ids is None:
            position_ids = (valid.long().cumsum(1) - 1).clamp(min=0)[:, -length:]
        if last_patch is None:
            last_patch = input_ids.new_full((batch,), -1)
        table = keys.table if keys is not None else None
        if features is not None:
            table = self.model.patch_table(input_ids, features)
        vocabulary = None if table is None else self.vocabulary(table)
        trace = rotation = last_patch[:, None].expand(batch, length)
        if vocabulary is not None:
            kind = vocabulary.is_patch(input_ids)
            trace = last_chosen(input_ids, vocabulary.text, kind, last_patch, segment_ids)
            before = torch.cat([last_patch[:, None], trace[:, :-1]], dim=1)
            rotation = torch.where(kind, before, trace)
        long = features is not None or segment_ids is not None
        embedded = self.model.embed(input_ids, trace, vocabulary, table, long=long)
        if features is not None:
            where = self.model.image_tokens(input_ids)
            added = torch.zeros_like(embedded)
            added[where] = features.tokens.to(embedded.dtype)
            embedded = embedded + added
        if mask is None:
            mask = mask_of(valid, image, segment_ids, length)
        states = self.model.run_decoder(embedded, position_ids, mask, cache)
        if features is not None and table is not None:
            keys = self.model.point_keys(input_ids, states, table)
        return Reading(states, keys, trace, rotation)
