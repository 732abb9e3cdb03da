"""Which models there are, what each can do, and how to open one."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from molmo_point.errors import DeviceError, ModelError, require
from molmo_point.models.precision import find_precision
from molmo_point.models.tokenizer import read_tokenizer

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
        parameters: how many its files hold; 0 if it is not known.
        matrices: those of them in the decoder's linear layers, which 8 and 4 bits are for.
        language: it can be asked, and describe, in words.
        several_images: one question may be about several images.
        video: it reads videos.
        max_crops: high-resolution crops an image where they should be others than its file says:
            GUI models were trained with 48.
        instructed: it is told what to click on, in the user's own words.
        note: what it is for, in a few words.
    """

    name: str
    generation: Generation
    parameters: float
    matrices: float = 0
    language: bool = True
    several_images: bool = False
    video: bool = False
    max_crops: int | None = None
    instructed: bool = False
    note: str = ""

    @property
    def dialect(self) -> str:
        """How it says where: in grounding tokens, or as text in percent or in per-mille."""
        names = {"molmo": "percent", "molmo2": "per-mille", "molmo_point": "grounding tokens"}
        return names[self.generation]


def _newer(name: str, generation: Generation, parameters: float, matrices: float) -> ModelSpec:
    return ModelSpec(name, generation, parameters, matrices, several_images=True, video=True)


MODELS: tuple[ModelSpec, ...] = (
    ModelSpec(
        EMBEDDED, "molmo_point", 6_612_339, language=False, note="in the package; a closed list"
    ),
    _newer("allenai/MolmoPoint-8B", "molmo_point", 8_677_855_065, 6_945_767_424),
    ModelSpec(
        "allenai/MolmoPoint-GUI-8B",
        "molmo_point",
        8_677_855_065,
        6_945_767_424,
        max_crops=48,
        instructed=True,
        note="screenshots, one point",
    ),
    _newer("allenai/MolmoPoint-Vid-4B", "molmo_point", 4_471_625_561, 3_633_315_840),
    _newer("allenai/Molmo2-4B", "molmo2", 4_850_869_200, 3_633_315_840),
    _newer("allenai/Molmo2-8B", "molmo2", 8_661_703_120, 6_945_767_424),
    _newer("allenai/Molmo2-O-7B", "molmo2", 7_760_786_896, 6_476_005_376),
    ModelSpec("allenai/MolmoE-1B-0924", "molmo", 7_221_875_712, note="1.5 B active for a token"),
    ModelSpec("allenai/Molmo-7B-O-0924", "molmo", 7_665_032_192, 6_476_005_376),
    ModelSpec("allenai/Molmo-7B-D-0924", "molmo", 8_021_025_280, 6_525_288_448),
    ModelSpec("allenai/Molmo-72B-0924", "molmo", 73_308_285_952, 70_212_648_960),
)
"""The embedded model and those published for pointing."""


@dataclass(frozen=True, slots=True)
class OpenModel:
    """A loaded checkpoint.

    Attributes:
        spec: what it is and can do.
        model: its generation's class, in evaluation mode, on its device.
        processor: its generation's; images and words to the model's inputs.
    """

    spec: ModelSpec
    model: Any
    processor: Any


def find_model(name: str | Path | None) -> tuple[ModelSpec, Path | None]:
    """The row of a model, and its folder if it is on this machine already.

    Args:
        name: None or "embedded"; a name on the hub, "name@revision" for a certain state of it; or
            a folder with a checkpoint.

    Raises:
        ModelError: there is no such model, or no model in that folder.
    """
    text = EMBEDDED if name is None else str(name)
    repository = text.partition("@")[0]
    for spec in MODELS:
        if spec.name == repository:
            folder = Path(__file__).parent / EMBEDDED if text == EMBEDDED else None
            return replace(spec, name=text), folder
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
    newer = kind != "molmo"
    spec = ModelSpec(str(folder), known[kind], 0, several_images=newer, video=newer)
    return replace(spec, language=not config.get("points_only", False))


def open_model(
    name: str | Path | None = None,
    *,
    device: str | None = None,
    dtype: str | None = None,
    max_crops: int | None = None,
    fast_resize: bool = False,
) -> OpenModel:
    """Load a model.

    Args:
        name: see `find_model`; a name on the hub is downloaded once.
        device: "cpu", "cuda", "cuda:1", ..., or "auto" to spread it over all GPUs and the memory;
            by default a GPU if there is one, but the CPU for the embedded model.
        dtype: "float32", "bfloat16", "float16", or "int8" or "int4" for the decoder's matrices; by
            default bfloat16 on a GPU, else float32.
        max_crops: high-resolution crops an image at most; by default what the model is best at.
        fast_resize: scale images as bytes; for Molmo's first generation, on the CPU.

    Raises:
        ModelError: unknown, or not complete, or of a generation that cannot be run so.
        DeviceError: the device is absent or too small.
        MissingExtra: what quantised or spread weights need is not installed.
    """
    spec, folder = find_model(name)
    from molmo_point.preprocessing.planned import cuts_crops

    place = _device(device, spec)
    precision = find_precision(dtype or ("bfloat16" if _has_gpu(place) else "float32"))
    folder = _download(spec.name) if folder is None else folder
    if not spec.parameters:
        spec = replace(_describe(folder), name=spec.name)
    if spec.generation == "molmo_point" and precision.name == "float16":
        raise ModelError(
            f'float16 cannot hold what {spec.name} rules places out with: use "bfloat16".'
        )
    if fast_resize and (spec.generation != "molmo" or place != "cpu"):
        raise ModelError(
            "fast_resize is for Molmo's first generation on the CPU: others scale images as bytes "
            f"anyway, and a GPU scales them exactly in no time. Leave it out with {spec.name}."
        )
    if precision.bits and _has_experts(folder):
        raise ModelError(
            f"Nine tenths of {spec.name} are experts, which cannot be kept in {precision.bits} "
            'bits: use dtype="bfloat16".'
        )
    options = precision.loading_options()
    if place == "auto":
        require("accelerate", "big")
    if place == "auto" or precision.bits:
        options["device_map"] = place
    model, processor = _load(folder, spec.generation, place, precision.torch_dtype, options)
    crops = spec.max_crops if max_crops is None else max_crops
    if crops is not None:
        config = replace(processor.crop_config, max_crops=crops)
        processor = replace(processor, crop_config=config)
    if fast_resize:
        processor = replace(processor, fast=True)
    if place.startswith("cuda") and cuts_crops(processor.crop_config):
        processor = replace(processor, device=model.device)
    return OpenModel(spec, model, processor)


def _has_gpu(place: str) -> bool:
    import torch

    return place != "cpu" and torch.cuda.is_available()


def _has_experts(folder: Path) -> bool:
    return bool(json.loads((folder / "config.json").read_text()).get("moe_num_experts"))


def _load(
    folder: Path, generation: Generation, place: str, dtype: Any, options: dict[str, Any]
) -> tuple[Any, Any]:
    """Model and processor; those of a small model that only points come without transformers."""
    from molmo_point.models.weights import load_compact, load_model

    if generation == "molmo_point" and not options:
        model = load_compact(folder, dtype=dtype, device=place)
        if model is not None:
            from molmo_point.models.molmo_point.bare_tokenizer import BareTokenizer
            from molmo_point.models.molmo_point.processor import MolmoPointProcessor

            tokenizer = read_tokenizer(folder, BareTokenizer)
            return model, MolmoPointProcessor.from_pretrained(folder, tokenizer=tokenizer)
    model = load_model(folder, generation, dtype=dtype, device=place, **options)
    if generation == "molmo":
        from molmo_point.models.molmo.processor import MolmoProcessor

        return model, MolmoProcessor.from_pretrained(folder)
    from molmo_point.models.molmo_point.processor import MolmoPointProcessor

    return model, MolmoPointProcessor.from_pretrained(folder)  # Molmo2's too: flags differ only


def _device(device: str | None, spec: ModelSpec) -> str:
    import torch

    if device == "auto":
        return device
    if device is None:
        return "cuda" if spec.name != EMBEDDED and torch.cuda.is_available() else "cpu"
    try:
        kind = torch.device(device)
    except RuntimeError as error:
        raise DeviceError(f'There is no device "{device}": use "cpu" or "cuda".') from error
    if kind.type not in ("cpu", "cuda"):
        raise DeviceError(f'"{device}" was asked for: models run on "cpu" and "cuda" here.')
    if kind.type == "cuda" and not torch.cuda.is_available():
        raise DeviceError(
            f'"{device}" was asked for and no CUDA GPU is usable here: use device="cpu".'
        )
    if kind.type == "cuda" and (kind.index or 0) >= torch.cuda.device_count():
        raise DeviceError(
            f'"{device}" was asked for and there are {torch.cuda.device_count()} GPUs, numbered '
            'from 0: use "cuda:0", or "cuda".'
        )
    return "cpu" if kind.type == "cpu" else str(kind)


def _download(name: str) -> Path:
    """The folder of a checkpoint of the hub, downloaded if needed; "name@revision" pins it."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        HfHubHTTPError,
        HFValidationError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
    )

    patterns = ["*.json", "*.safetensors", "*.txt", "*.model", "*.jinja"]
    repository, _, revision = name.partition("@")
    try:
        return Path(
            snapshot_download(repository, revision=revision or None, allow_patterns=patterns)
        )
    except HFValidationError as error:
        raise ModelError(
            f'"{name}" is no name of a model and no folder: a name is "owner/model".'
        ) from error
    except (HfHubHTTPError, LocalEntryNotFoundError, OfflineModeIsEnabled, OSError) as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise ModelError(
            f'"{name}" is not on this machine and cannot be downloaded: {first[0]} '
            "Check the name and the connection, or give a folder with the checkpoint."
        ) from error
