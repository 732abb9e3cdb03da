"""Weights by their published tensor names, and errors that name what does not fit."""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molmo_point.errors import DeviceError, ModelError, WeightsError

if TYPE_CHECKING:
    import torch

    from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration

__all__ = ["load_molmo_point", "register_published_layout"]

_LOADING = threading.Lock()
_SHOWN = 5


@cache
def register_published_layout() -> None:
    """Teach transformers the published names of MolmoPoint's tensors, for loading and saving.

    Afterwards `AutoConfig`, `AutoModel` and `AutoModelForImageTextToText` know MolmoPoint.
    """
    from transformers import AutoConfig, AutoModel, AutoModelForImageTextToText
    from transformers.conversion_mapping import (
        get_checkpoint_conversion_mapping,
        register_checkpoint_conversion_mapping,
    )
    from transformers.core_model_loading import WeightConverter, WeightRenaming

    from molmo_point.models.molmo_point.config import MolmoPointConfig
    from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration
    from molmo_point.models.molmo_point.vocabulary_rows import JoinRows

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
            operations=[JoinRows()],
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
        operations=[JoinRows()],
    )
    register_checkpoint_conversion_mapping("molmo_point", [*renames, *shared])
    register_checkpoint_conversion_mapping("MolmoPointTextModel", [*text, rows])
    AutoConfig.register("molmo_point", MolmoPointConfig)
    AutoModel.register(MolmoPointConfig, MolmoPointForConditionalGeneration)
    AutoModelForImageTextToText.register(MolmoPointConfig, MolmoPointForConditionalGeneration)


def load_molmo_point(
    folder: Path, *, dtype: torch.dtype, device: str
) -> MolmoPointForConditionalGeneration:
    """Load a MolmoPoint checkpoint from a folder, straight to the wanted dtype.

    Args:
        folder: with `config.json` and safetensors.
        dtype: of the loaded weights.
        device: such as "cpu" or "cuda".

    Raises:
        WeightsError: there are no safetensors, or tensors are missing, unknown or odd-shaped.
        ModelError: the configuration is not one of MolmoPoint.
        DeviceError: the device is too small.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError

    from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration

    if not any(folder.glob("*.safetensors")):
        raise WeightsError(
            f"{folder} has no .safetensors file: download the checkpoint again, or convert it "
            "(pickled weights are not loaded)."
        )
    register_published_layout()
    try:
        with _LOADING, _quiet():
            model, report = MolmoPointForConditionalGeneration.from_pretrained(
                folder,
                dtype=dtype,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                use_safetensors=True,
                local_files_only=True,
            )
            _complain(folder, report)
            model.to(device)
    except torch.OutOfMemoryError as error:
        raise DeviceError(
            f"{device} has too little memory for {folder.name} in {dtype}: "
            "use a smaller dtype, a smaller model, or the CPU."
        ) from error
    except (ValueError, OSError, RuntimeError, StrictDataclassError) as error:
        if isinstance(error, DeviceError | WeightsError):
            raise
        first = str(error.__cause__ or error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{folder} cannot be loaded: {first[0]}") from error
    return model.eval()  # type: ignore[no-any-return]


class _quiet:
    """No progress bars and no load report of transformers: we say what is wrong ourselves."""

    def __enter__(self) -> None:
        from transformers.utils import logging

        self.level = logging.get_verbosity()
        self.bars = logging.is_progress_bar_enabled()
        logging.set_verbosity_error()
        logging.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        from transformers.utils import logging

        logging.set_verbosity(self.level)
        if self.bars:
            logging.enable_progress_bar()


def _complain(folder: Path, report: dict[str, Any]) -> None:
    """Raise if any tensor did not fit."""
    kinds = {
        "missing": sorted(report.get("missing_keys", ())),
        "unknown": sorted(report.get("unexpected_keys", ())),
        "of an odd shape": sorted(
            f"{name} ({tuple(found)} instead of {tuple(wanted)})"
            for name, found, wanted in report.get("mismatched_keys", ())
        ),
    }
    problems = [
        f"{len(names)} {kind}: {', '.join(names[:_SHOWN])}{', ...' * (len(names) > _SHOWN)}"
        for kind, names in kinds.items()
        if names
    ]
    if problems:
        raise WeightsError(
            f"The weights in {folder} do not fit its config.json; tensors {'; '.join(problems)}. "
            "Download the checkpoint again, or correct the configuration."
        )
