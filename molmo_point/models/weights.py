"""Weights by their published tensor names, and errors that name what does not fit."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molmo_point.errors import DeviceError, ModelError, WeightsError

if TYPE_CHECKING:
    import torch

__all__ = ["load_compact", "load_model", "model_class"]

_LOADING = threading.Lock()
_SHOWN = 5


def load_model(
    folder: Path, generation: str, *, dtype: torch.dtype, device: str = "cpu", **options: Any
) -> Any:
    """Load a checkpoint from a folder, straight to the wanted dtype, in evaluation mode.

    On a GPU, projections of the same input are joined (`joined.py`).

    Args:
        folder: with `config.json` and safetensors, in the published layout.
        generation: "molmo", "molmo2" or "molmo_point".
        dtype: of the loaded weights.
        device: such as "cpu" or "cuda"; ignored with a `device_map`.
        options: further arguments of transformers' `from_pretrained`: `device_map`,
            `quantization_config`.

    Raises:
        WeightsError: there are no safetensors, or tensors are missing, unknown or odd-shaped.
        ModelError: the configuration is not one of this generation.
        DeviceError: the device is too small.
    """
    import torch
    from huggingface_hub.errors import StrictDataclassError
    from safetensors import SafetensorError

    from molmo_point.models.joined import join_projections

    _need_safetensors(folder)
    try:
        with _LOADING, _quiet():
            model, report = model_class(folder, generation).from_pretrained(
                folder,
                dtype=dtype,
                output_loading_info=True,
                ignore_mismatched_sizes=True,
                use_safetensors=True,
                local_files_only=True,
                **options,
            )
            _complain(folder, report)
            if not options.get("device_map"):
                model.to(device)
            if generation == "molmo" and model.device.type == "cuda" and not options:
                join_projections(model.model.language_model)
    except torch.OutOfMemoryError as error:
        raise DeviceError(
            f"{device} has too little memory for {folder.name} in {dtype}: "
            "use a smaller dtype, a smaller model, or the CPU."
        ) from error
    except (
        KeyError, OSError, RuntimeError, SafetensorError, StrictDataclassError, ValueError,
    ) as error:  # fmt: skip
        if isinstance(error, DeviceError | WeightsError):
            raise
        first = str(error.__cause__ or error).strip().splitlines() or [type(error).__name__]
        raise ModelError(f"{folder} cannot be loaded: {first[0]}") from error
    return model.eval()


def load_compact(folder: Path, *, dtype: torch.dtype, device: str) -> Any:
    """Load a small checkpoint that only points, without transformers; None if it is no such.

    Args:
        folder: as for `load_model`.
        dtype: of the loaded weights.
        device: such as "cpu" or "cuda".

    Raises:
        WeightsError: there are no safetensors, or tensors are missing, unknown or odd-shaped.
    """
    from molmo_point.models.molmo_point.compact_config import read_compact_config

    config = read_compact_config(folder)
    if config is None:
        return None
    from safetensors import SafetensorError

    from molmo_point.models.molmo_point.compact import CompactMolmoPoint

    _need_safetensors(folder)
    try:
        model, report = CompactMolmoPoint.from_folder(folder, config, dtype)
    except (AttributeError, OSError, RuntimeError, SafetensorError) as error:
        raise ModelError(f"{folder} cannot be loaded: {error}") from error
    _complain(folder, report)
    return model.to(device)


def model_class(folder: Path, generation: str) -> Any:
    """The class of a checkpoint, its published layout registered."""
    if generation == "molmo2":
        from transformers import Molmo2ForConditionalGeneration

        return Molmo2ForConditionalGeneration
    if generation == "molmo":
        from molmo_point.models.molmo.config import MolmoConfig
        from molmo_point.models.molmo.layout import register_molmo_layout
        from molmo_point.models.molmo.model import MolmoForCausalLM, MolmoMoeForCausalLM

        register_molmo_layout()
        experts = MolmoConfig.from_pretrained(folder).moe_num_experts
        return MolmoMoeForCausalLM if experts else MolmoForCausalLM
    from molmo_point.models.molmo_point.layout import register_molmo_point_layout
    from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration

    register_molmo_point_layout()
    return MolmoPointForConditionalGeneration


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


def _need_safetensors(folder: Path) -> None:
    if not any(folder.glob("*.safetensors")):
        raise WeightsError(
            f"{folder} has no .safetensors file: download the checkpoint again, or convert it "
            "(pickled weights are not loaded)."
        )


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
