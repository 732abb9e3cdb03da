"""The published names of MolmoPoint's tensors, for loading and saving through transformers."""

from __future__ import annotations

from functools import cache

from molmo_point.models.molmo_point.config import MolmoPointConfig
from molmo_point.models.rows import JoinRows, vocabulary_rows

__all__ = ["register_molmo_point_layout"]


@cache
def register_molmo_point_layout() -> None:
    """Teach transformers the published names of MolmoPoint's tensors, for loading and saving.

    Afterwards `AutoConfig`, `AutoModel` and `AutoModelForImageTextToText` know MolmoPoint.
    """
    from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText
    from transformers.conversion_mapping import (
        get_checkpoint_conversion_mapping,
        register_checkpoint_conversion_mapping,
    )
    from transformers.core_model_loading import WeightConverter, WeightRenaming

    from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration

    shared = [  # renames inside the parts; those of the parts themselves differ from Molmo2's
        rename
        for rename in get_checkpoint_conversion_mapping("molmo2")
        if not any("image_vit" in p or "vision_backbone" in p for p in rename.source_patterns)
    ]
    renames = [  # saving goes through them backwards, so the more special ones come later
        WeightRenaming(r"model\.transformer\.(?!ln_f\.|blocks\.)", "model.language_model."),
        WeightRenaming(r"model\.transformer\.ln_f\.", "model.language_model.norm."),
        WeightRenaming(r"model\.transformer\.blocks\.", "model.language_model.layers."),
        WeightRenaming(r"model\.vit\.(?!transformer\.)", "model.vision_tower."),
        WeightRenaming(r"model\.vit\.transformer\.resblocks\.", "model.vision_tower.layers."),
        WeightRenaming(r"model\.connector\.", "model.multi_modal_projector."),
        WeightConverter(
            source_patterns=["lm_head.output_embeddings", "lm_head.new_output_embeddings"],
            target_patterns="lm_head.weight",
            operations=[JoinRows(vocabulary_rows)],
        ),
    ]
    text = [
        rename
        for rename in get_checkpoint_conversion_mapping("Molmo2TextModel")
        if not any("wte" in pattern for pattern in rename.source_patterns)
    ]
    rows = WeightConverter(
        source_patterns=["wte.embedding", "wte.new_embedding"],
        target_patterns="embed_tokens.weight",
        operations=[JoinRows(vocabulary_rows)],
    )
    register_checkpoint_conversion_mapping("molmo_point", [*renames, *shared])
    register_checkpoint_conversion_mapping("MolmoPointTextModel", [*text, rows])
    AutoConfig.register("molmo_point", MolmoPointConfig)
    AutoModel.register(MolmoPointConfig, MolmoPointForConditionalGeneration)
    AutoModelForImageTextToText.register(MolmoPointConfig, MolmoPointForConditionalGeneration)
