"""What the model reads of a batch of prompts, and where in their images its points will lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from molmo_point.preprocessing.crops import ImageCrops
from molmo_point.preprocessing.video import VideoFrames

__all__ = ["MolmoPointInputs", "PointingMetadata", "describe", "stack_images", "stack_videos"]


@dataclass(frozen=True, slots=True)
class PointingMetadata:
    """Where the patches of one prompt lie in its images.

    Attributes:
        token_pooling: int64 [N, k], for each pooled token its patches, numbered over all crops of
            this prompt (global crops counted), -1 for none.
        subpatch_mapping: one int64 [rows, cols] an image, or [F, rows, cols] a video: which of
            those patches shows that place of the image (of its canvas, not of the global crop).
        image_sizes: (width, height) pixels of each image.
        timestamps: float64 [F] seconds of a video's frames, or None.
        video_size: (width, height) pixels of a video, or None.
    """

    token_pooling: NDArray[np.int64]
    subpatch_mapping: list[NDArray[np.int64]]
    image_sizes: list[tuple[int, int]]
    timestamps: NDArray[np.float64] | None = None
    video_size: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class MolmoPointInputs:
    """A batch of prompts as tensors, under the names of transformers' native Molmo2.

    Attributes:
        input_ids: int64 [B, T].
        attention_mask: int64 [B, T], 0 for padding.
        mm_token_type_ids: int64 [B, T], 1 for tokens of images and frames, separators included.
        metadata: one for each prompt.
        pixel_values: float32 [C, P, patch * patch * 3], crops of all images of all prompts.
        image_token_pooling: int64 [N, k], patches numbered over all C * P, -1 for none.
        image_grids: int64 [I, 4], pooled (rows, cols) of the global crop and of the canvas.
        image_num_crops: int64 [I].
        pixel_values_videos: float32 [F, P, patch * patch * 3], frames of all videos.
        video_token_pooling: int64 [N, k], patches numbered over all F * P, -1 for none.
        video_grids: int64 [V, 3], frames and pooled (rows, cols) in each.
    """

    input_ids: Tensor
    attention_mask: Tensor
    mm_token_type_ids: Tensor
    metadata: list[PointingMetadata]
    pixel_values: Tensor | None = None
    image_token_pooling: Tensor | None = None
    image_grids: Tensor | None = None
    image_num_crops: Tensor | None = None
    pixel_values_videos: Tensor | None = None
    video_token_pooling: Tensor | None = None
    video_grids: Tensor | None = None

    def model_inputs(self) -> dict[str, Tensor]:
        """The tensors that there are, by name: keyword arguments of a model's `forward`."""
        values = ((entry.name, getattr(self, entry.name)) for entry in fields(self))
        return {name: value for name, value in values if isinstance(value, Tensor)}

    def to(self, device: torch.device | str) -> MolmoPointInputs:
        """The same on another device; the metadata stays in numpy."""
        moved = {name: value.to(device) for name, value in self.model_inputs().items()}
        return MolmoPointInputs(metadata=self.metadata, **moved)


def _shift(tables: Sequence[NDArray[np.int64]], sizes: Sequence[int]) -> NDArray[np.int64]:
    """Patch numbers of several images -> numbers over all of them, -1 kept: [N, k]."""
    starts = np.cumsum([0, *sizes[:-1]])
    moved = [
        np.where(table < 0, table, table + at) for table, at in zip(tables, starts, strict=True)
    ]
    return np.concatenate(moved)


def stack_images(crops: list[ImageCrops]) -> dict[str, Tensor]:
    """The image tensors of `MolmoPointInputs` by name; none without images."""
    if not crops:
        return {}
    pixels = [torch.as_tensor(image.pixel_values) for image in crops]
    pooling = _shift(
        [image.token_pooling for image in crops], [part.shape[0] * part.shape[1] for part in pixels]
    )
    return {
        "pixel_values": pixels[0] if len(pixels) == 1 else torch.cat(pixels),
        "image_token_pooling": torch.from_numpy(pooling),
        "image_grids": torch.tensor([image.grid for image in crops]),
        "image_num_crops": torch.tensor([len(part) for part in pixels]),
    }


def stack_videos(videos: list[VideoFrames]) -> dict[str, Tensor]:
    """The video tensors of `MolmoPointInputs` by name; none without videos."""
    if not videos:
        return {}
    pixels = [video.pixel_values for video in videos]
    pooling = _shift(
        [video.token_pooling for video in videos],
        [part.shape[0] * part.shape[1] for part in pixels],
    )
    return {
        "pixel_values_videos": torch.from_numpy(np.concatenate(pixels)),
        "video_token_pooling": torch.from_numpy(pooling),
        "video_grids": torch.tensor([video.grid for video in videos]),
    }


def describe(crops: list[ImageCrops], videos: list[VideoFrames]) -> PointingMetadata:
    """Where the patches of a prompt with these images, or with this one video, lie."""
    if videos:
        (video,) = videos
        return PointingMetadata(
            video.token_pooling, [video.patch_map], [], video.timestamps, video.video_size
        )
    if not crops:
        return PointingMetadata(np.empty((0, 0), dtype=np.int64), [], [])
    sizes = [image.pixel_values.shape[0] * image.pixel_values.shape[1] for image in crops]
    starts = np.cumsum([0, *sizes[:-1]])
    return PointingMetadata(
        token_pooling=_shift([image.token_pooling for image in crops], sizes),
        subpatch_mapping=[image.patch_map + at for image, at in zip(crops, starts, strict=True)],
        image_sizes=[image.image_size for image in crops],
    )
