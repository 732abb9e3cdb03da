"""Which models there are, what each can do, and how to open one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from molmo_point.errors import DeviceError, ModelError

if TYPE_CHECKING:
    import torch

    from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration
    from molmo_point.models.molmo_point.processor import MolmoPointProcessor

__all__ = ["EMBEDDED", "MODELS", "ModelSpec", "OpenModel", "find_model", "open_model"]

Generation = Literal["molmo", "molmo2", "molmo_point"]

EMBEDDED = "embedded"
"""Name of the model that is in the package."""


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """One checkpoint and what it can do.

    Attributes:
        name: "embedded", a name on the Hugging Face hub, or a folder.
        generation: which family of code it needs.
        parameters: how many, all parts together.
        language: it can be asked, and describe, in words.
        several_images: one question may be about several images.
        video: it reads videos.
        note: what it is for, in a few words.
    """

    name: str
    generation: Generation
    parameters: float
    language: bool = True
    several_images: bool = False
    video: bool = False
    note: str = ""


MODELS: tuple[ModelSpec, ...] = (
    ModelSpec(EMBEDDED, "molmo_point", 4.0e6, language=False, note="in the package; a closed list"),
    ModelSpec("allenai/MolmoPoint-8B", "molmo_point", 8.7e9, several_images=True, video=True),
    ModelSpec("allenai/MolmoPoint-GUI-8B", "molmo_point", 8.7e9, note="screenshots, one point"),
    ModelSpec("allenai/MolmoPoint-Vid-4B", "molmo_point", 4.9e9, several_images=True, video=True),
    ModelSpec("allenai/Molmo2-4B", "molmo2", 4.9e9, several_images=True, video=True),
    ModelSpec("allenai/Molmo2-8B", "molmo2", 8.7e9, several_images=True, video=True),
    ModelSpec("allenai/Molmo2-O-7B", "molmo2", 7.7e9, several_images=True, video=True),
    ModelSpec("allenai/MolmoE-1B-0924", "molmo", 7.22e9),
    ModelSpec("allenai/Molmo-7B-O-0924", "molmo", 7.67e9),
    ModelSpec("allenai/Molmo-7B-D-0924", "molmo", 8.02e9),
    ModelSpec("allenai/Molmo-72B-0924", "molmo", 73.3e9),
)  # fmt: skip
"""The embedded model and those published for pointing; sizes from Molmo2 on are nominal."""

_RUNNABLE: tuple[Generation, ...] = ("molmo_point",)


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A loaded checkpoint.

    Attributes:
        spec: what it is and can do.
        model: in evaluation mode, on its device.
        processor: images and words to its inputs.
    """

    spec: ModelSpec
    model: MolmoPointForConditionalGeneration
    processor: MolmoPointProcessor


def find_model(name: str | Path | None) -> tuple[ModelSpec, Path | None]:
    """The row of a model, and its folder if it is on this machine already.

    Args:
        name: None or "embedded", a name on the hub, or a folder with a checkpoint.

    Raises:
        ModelError: there is no such model, or no model in that folder.
    """
    text = EMBEDDED if name is None else str(name)
    for spec in MODELS:
        if spec.name == text:
            return spec, Path(__file__).parent / EMBEDDED if text == EMBEDDED else None
    folder = Path(text)
    if folder.is_dir():
        return _describe(folder), folder
    if text.startswith("allenai/") or (text.count("/") == 1 and not folder.parent.is_dir()):
        return ModelSpec(text, "molmo_point", 0, several_images=True, video=True), None
    raise ModelError(
        f'There is no model "{text}": give a folder with a checkpoint, a name such as '
        '"allenai/MolmoPoint-8B", or nothing for the embedded model (see "molmo-point models").'
    )


def _describe(folder: Path) -> ModelSpec:
    path = folder / "config.json"
    if not path.is_file():
        raise ModelError(f"{folder} has no config.json: give the folder of a checkpoint.")
    try:
        config = json.loads(path.read_text())
        kind = config["model_type"]
    except (json.JSONDecodeError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise ModelError(f"{path} is no configuration of a model: {error}.") from error
    known: dict[str, Generation] = {
        "molmo": "molmo",
        "molmo2": "molmo2",
        "molmo_point": "molmo_point",
    }
    if kind not in known:
        raise ModelError(f'{path} is of a "{kind}" model; this package runs Molmo models only.')
    spec = ModelSpec(str(folder), known[kind], 0, several_images=True, video=True)
    return replace(spec, language=not config.get("points_only", False))


def open_model(
    name: str | Path | None = None, *, device: str | None = None, dtype: str | None = None
) -> OpenModel:
    """Load a model.

    Args:
        name: see `find_model`; a name on the hub is downloaded once.
        device: "cpu", "cuda", "cuda:1", ...; by default a GPU if there is one, but
            the CPU for the embedded model.
        dtype: "float32", "bfloat16" or "float16"; by default bfloat16 on a GPU, else float32.

    Raises:
        ModelError: unknown, or not complete, or of a generation that cannot be run.
        DeviceError: the device is absent or too small.
    """
    spec, folder = find_model(name)
    if spec.generation not in _RUNNABLE:
        raise ModelError(
            f'"{spec.name}" is a {spec.generation} model, which this version cannot run yet: '
            'use the embedded model or a MolmoPoint one, such as "allenai/MolmoPoint-8B".'
        )
    from molmo_point.models.molmo_point.processor import MolmoPointProcessor
    from molmo_point.models.weights import load_molmo_point

    place = _device(device, spec)
    kind = _dtype(dtype, place)
    folder = _download(spec.name) if folder is None else folder
    model = load_molmo_point(folder, dtype=kind, device=place)
    return OpenModel(spec, model, MolmoPointProcessor.from_pretrained(folder))


def _device(device: str | None, spec: ModelSpec) -> str:
    import torch

    if device is None:
        return "cuda" if spec.name != EMBEDDED and torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device)
    except RuntimeError as error:
        raise DeviceError(f'There is no device "{device}": use "cpu" or "cuda".') from error
    if kind.type == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            f'"{device}" was asked for and no CUDA GPU is usable here: use device="cpu".'
        )
    if kind.type == "cuda" and (kind.index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f'"{device}" was asked for and there are {torch.cuda.device_count()} GPUs.'
        )
    return device


def _dtype(dtype: str | None, device: str) -> torch.dtype:
    import torch

    if dtype is None:
        return torch.float32 if device == "cpu" else torch.bfloat16
    known = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if dtype not in known:
        raise ModelError(f'There is no dtype "{dtype}": use one of {", ".join(known)}.')
    return known[dtype]


def _download(name: str) -> Path:
    """The folder of a checkpoint of the hub, downloaded if needed."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled

    patterns = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f'"{name}" is not on this machine and cannot be downloaded: {first[0]} '
            "Check the name and the connection, or give a folder with the checkpoint."
        ) from error
