"""The processor's files of a checkpoint, in the published layout.

`preprocessor_config.json` and `video_preprocessor_config.json` hold how pixels are cut, and
`processor_config.json` how they are written in the prompt; newer versions of transformers keep the
first two inside the third, as "image_processor" and "video_processor". Both are read.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from molmo_point.errors import ModelError
from molmo_point.preprocessing.crops import CropConfig
from molmo_point.preprocessing.tokens import TokenLayout
from molmo_point.preprocessing.video import VideoConfig

__all__ = ["load_processor_files", "save_processor_files"]

IMAGES, VIDEOS = "preprocessor_config.json", "video_preprocessor_config.json"
PROCESSOR = "processor_config.json"
SAMPLING = "uniform_last_frame"


def load_processor_files(folder: Path) -> tuple[CropConfig, TokenLayout, VideoConfig | None]:
    """Crops, layout and (where stated) videos of a checkpoint.

    Raises:
        ModelError: a file is missing, or does not say what it must.
    """
    processor = _read(folder / PROCESSOR) or {}
    images = _read(folder / IMAGES) or processor.get("image_processor")
    if images is None:
        raise ModelError(f"{folder} has no {IMAGES}: name the folder of a checkpoint.")
    videos = _read(folder / VIDEOS) or processor.get("video_processor")
    crops = _to_crops(images, folder / IMAGES)
    known = {entry.name for entry in fields(TokenLayout)}
    layout = TokenLayout(**{name: value for name, value in processor.items() if name in known})
    return crops, layout, None if videos is None else _to_video(videos, folder / VIDEOS)


def save_processor_files(
    folder: Path,
    tokenizer: Any,
    crops: CropConfig,
    layout: TokenLayout,
    video: VideoConfig | None,
) -> None:
    """Write the files that `load_processor_files` reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save_pretrained(str(folder))
    images = {
        "image_processor_type": "Molmo2ImageProcessor",
        "processor_class": "Molmo2Processor",
        **_frame(crops),
        "max_crops": crops.max_crops,
        "overlap_margins": list(crops.overlap_margins),
    }
    _write(folder / IMAGES, images)
    _write(folder / PROCESSOR, {"processor_class": "Molmo2Processor", **asdict(layout)})
    if video is not None:
        frames = {
            "video_processor_type": "Molmo2VideoProcessor",
            "processor_class": "Molmo2Processor",
            **_frame(video.frame),
            "frame_sample_mode": SAMPLING,
            "num_frames": video.num_frames,
            "max_fps": video.max_fps,
        }
        _write(folder / VIDEOS, frames)


def _frame(crops: CropConfig) -> dict[str, Any]:
    return {
        "do_convert_rgb": True,
        "image_mean": list(crops.image_mean),
        "image_std": list(crops.image_std),
        "patch_size": crops.patch_size,
        "pooling_size": list(crops.pooling_size),
        "resample": 2,
        "size": {"height": crops.crop_size[0], "width": crops.crop_size[1]},
    }


def _to_crops(values: dict[str, Any], path: Path, *, video: bool = False) -> CropConfig:
    try:
        return CropConfig(
            crop_size=(int(values["size"]["height"]), int(values["size"]["width"])),
            patch_size=int(values["patch_size"]),
            max_crops=1 if video else int(values["max_crops"]),
            overlap_margins=(0, 0) if video else _pair(values["overlap_margins"]),
            pooling_size=_pair(values["pooling_size"]),
            image_mean=_triple(values["image_mean"]),
            image_std=_triple(values["image_std"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} does not state the crops of its images: {error!r}.") from error


def _to_video(values: dict[str, Any], path: Path) -> VideoConfig:
    mode = values.get("frame_sample_mode", SAMPLING)
    if mode != SAMPLING:
        raise ModelError(f"{path} samples frames by {mode!r}; known is {SAMPLING!r}.")
    frame = _to_crops(values, path, video=True)
    try:
        return VideoConfig(frame, int(values["num_frames"]), values["max_fps"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{path} does not state how frames are sampled: {error!r}.") from error


def _pair(values: Any) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)


def _triple(values: Any) -> tuple[float, float, float]:
    red, green, blue = values
    return float(red), float(green), float(blue)


def _read(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ModelError(f"{path} is no JSON: {error}.") from error
    if not isinstance(values, dict):
        raise ModelError(f"{path} holds no JSON object.")
    return values


def _write(path: Path, values: dict[str, Any]) -> None:
    path.write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
