"""Configuration of MolmoPoint: Molmo2's, the ids of the point tokens, the point head's shape.

Field names are the published `config.json`'s. The fields marked "ours" choose between behaviours;
each default is what the published inference code does, so a published file needs none of them.
"""

from __future__ import annotations

from typing import Any

from huggingface_hub.dataclasses import strict
from transformers.models.molmo2.configuration_molmo2 import Molmo2Config

__all__ = ["MolmoPointConfig"]


@strict
class MolmoPointConfig(Molmo2Config):  # type: ignore[misc]  # transformers' classes carry no types
    """Molmo2 with grounding tokens.

    Attributes:
        image_non_indexable_patch_id: token of the global view's patches, which no point may choose.
        image_col_id: token at the end of each row of patches.
        patch_token_id: stands for "a point begins: a patch follows".
        subpatch_token_id: stands for the ViT patch inside the chosen patch.
        location_token_id: stands for the place inside the ViT patch.
        patch_embed_dim: width of the point head's queries and keys.
        patch_location: the grid of places inside a ViT patch; "3x3" is the only one published.
        no_more_points_class: whether the head has a learned key for "no more points".
        norm_logits: whether patch logits are divided by the square root of the number of keys.
        layer_norm_x: whether the head reads hidden states through a norm of its own.
        mask_patches: when patches before the last chosen one may not be chosen: "always", in
            training too, is the only one published; so of the next two.
        mask_subpatches: the same of subpatches of one patch; "inference".
        mask_repeats: when a place may not be chosen again; "inference".
        token_prediction_rotary_theta: base of the 1-D rotary over patch order.
        subpatch_embedding: ours; "replace" the token's embedding by the chosen ViT feature
            (published inference) or "add" to it (published training).
        shared_low_embedding: ours; whether tokens of the global view have the embedding of the
            others (published training) or one of their own (published inference).
        normalise_location: ours; whether the location head reads normed states (published
            training) or raw ones (published inference).
        patch_stem: ours; "linear" patch embedding, or "conv" for a small convolutional one.
        overview_dim: ours; width of the network that tells crops of the global view
            (`overview.py`), 0 for none, as published.
        heat_dim: ours; width of the heat prior (`heat.py`), 0 for none, as published.
        heat_names: ours; the closed list of the heat prior: for each kind of thing all spellings as
            token ids, the one that it is read by first.
        heat_colours: ours; the same of colours.
        heat_roles: ours; ranks of the names that elements of screens have, which have a meaning.
        heat_own_vectors: ours; names and meanings have vectors of their own beside their words'.
        heat_meanings: ours; what an icon can stand for, as the names.
        heat_frame: ours; tokens at the beginning of a question that are the chat's own.
        heat_trust: ours; scale and shift of the log-odds of names, roles, colours and meanings:
            how far they are believed of what a question asks for (`training/calibrate.py`); then
            how much another thing of a name counts against one.
        heat_anything: ours; token ids of words for whatever stands out.
        heat_places: ours; which one of several, as the names, in the order of `asked.PLACES`.
        points_only: ours; the model has no words: its answer is a list of points, and an empty list
            means that there are none (published: a list has a point, "none" is said in words).
    """

    model_type = "molmo_point"

    low_res_image_start_token_id: int | None = 151940
    image_non_indexable_patch_id: int = 151942
    image_col_id: int = 151939
    patch_token_id: int = 151947
    subpatch_token_id: int = 151948
    location_token_id: int = 151949
    patch_embed_dim: int = 256
    patch_location: str = "3x3"
    patch_embedding_kind: str = "image_feature0"
    embed_selected_vit_patch: str = "linear"
    embed_location: bool = False
    no_more_points_class: bool = True
    norm_logits: bool = True
    layer_norm_x: bool = True
    mask_patches: str = "always"
    mask_subpatches: str = "inference"
    mask_repeats: str = "inference"
    token_prediction_rotary: str = "one_d"
    token_prediction_rotary_theta: int | float = 50000
    subpatch_embedding: str = "replace"
    shared_low_embedding: bool = False
    normalise_location: bool = False
    patch_stem: str = "linear"
    overview_dim: int = 0
    heat_dim: int = 0
    heat_names: list[list[list[int]]] | tuple[list[list[int]], ...] = ()
    heat_colours: list[list[list[int]]] | tuple[list[list[int]], ...] = ()
    heat_frame: int = 0
    heat_anything: list[int] | tuple[int, ...] = ()
    heat_trust: list[float] | tuple[float, ...] = (1.0, 0.0) * 4
    heat_roles: list[int] | tuple[int, ...] = ()
    heat_own_vectors: bool = False
    heat_meanings: list[list[list[int]]] | tuple[list[list[int]], ...] = ()
    heat_places: list[list[list[int]]] | tuple[list[list[int]], ...] = ()
    points_only: bool = False

    def validate_architecture(self) -> None:
        """Refuse what no published checkpoint sets and this code would compute wrongly."""
        super().validate_architecture()
        known: dict[str, tuple[Any, ...]] = {
            "patch_location": ("3x3",),
            "patch_embedding_kind": ("image_feature0",),
            "embed_selected_vit_patch": ("linear",),
            "embed_location": (False,),
            "no_more_points_class": (True,),
            "layer_norm_x": (True,),
            "mask_patches": ("always",),
            "mask_subpatches": ("inference",),
            "mask_repeats": ("inference",),
            "token_prediction_rotary": ("one_d",),
            "subpatch_embedding": ("replace", "add"),
            "patch_stem": ("linear", "conv"),
        }
        for name, values in known.items():
            if getattr(self, name) not in values:
                raise ValueError(
                    f"{name}={getattr(self, name)!r} is not supported; known: "
                    + ", ".join(repr(value) for value in values)
                )

    @property
    def locations(self) -> int:
        """How many places a ViT patch is divided into."""
        rows, _, columns = self.patch_location.partition("x")
        return int(rows) * int(columns)

    @property
    def extended_vocab_size(self) -> int:
        """Text tokens, the extra ones included: the first id of the patch block."""
        return int(self.text_config.vocab_size + self.text_config.additional_vocab_size)

    @property
    def vit_feature_dim(self) -> int:
        """Width of the concatenated ViT features."""
        return int(self.vision_config.hidden_size * len(self.adapter_config.vision_feature_layer))
