"""One video -> a few frames with their times; every frame is one crop.

Source: `video_processing_molmo2.py` of github.com/allenai/molmo2, mode "uniform_last_frame" (as the
checkpoints were trained: the last frame is always seen).
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import ImageError, ModelError
from molmo_point.preprocessing.crops import (
    CropConfig,
    map_patches,
    normalise,
    pool_grid,
    view_patches,
)
from molmo_point.preprocessing.resize import resize_image

__all__ = ["Video", "VideoConfig", "VideoFrames", "prepare_video", "sample_frames"]


@dataclass(frozen=True, slots=True, eq=False)
class Video:
    """Frames of a video.

    Attributes:
        frames: uint8 [F, H, W, 3], RGB.
        fps: frames a second.

    Raises:
        ImageError: the frames are not uint8 [F, H, W, 3], or there are none; or `fps` is no number
            above 0.
    """

    frames: NDArray[np.uint8]
    fps: float

    def __post_init__(self) -> None:
        frames = self.frames
        if not isinstance(frames, np.ndarray):
            raise ImageError(
                f"A video here is a uint8 array [F, H, W, 3], got {type(frames).__name__}: stack "
                "its frames with numpy.stack."
            )
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
            raise ImageError(
                f"A video here is a uint8 array [F, H, W, 3], got {frames.dtype} "
                f"{list(frames.shape)}: read each frame with molmo_point.load_image."
            )
        if not isinstance(self.fps, Real) or not 0 < float(self.fps) < float("inf"):
            raise ImageError(
                f"A video has a number of frames a second above 0, got fps={self.fps!r}."
            )


@dataclass(frozen=True, slots=True)
class VideoConfig:
    """How a checkpoint reads videos; stated by its `video_preprocessor_config.json`.

    Attributes:
        frame: size, patches, pooling and colours of a frame; its crops and margins do not matter.
        num_frames: most frames of one video.
        max_fps: most frames a second; None: always `num_frames` over the whole video.
    """

    frame: CropConfig
    num_frames: int
    max_fps: float | None

    def __post_init__(self) -> None:
        if self.num_frames < 1 or (self.max_fps is not None and self.max_fps <= 0):
            raise ModelError(
                f"A video is read in at least one frame and at more than 0 frames a second, "
                f"got num_frames {self.num_frames} and max_fps {self.max_fps}."
            )


@dataclass(frozen=True, slots=True)
class VideoFrames:
    """What the vision encoder sees of one video.

    Attributes:
        pixel_values: float32 [F, P, patch * patch * 3].
        token_pooling: int64 [N, k], for each pooled token its patches, numbered over all F * P, -1
            for none; frame by frame.
        grid: frames, and (rows, cols) of pooled tokens in each.
        patch_map: int64 [F, rows, cols], which patch shows that place of that frame.
        timestamps: float64 [F] seconds.
        video_size: (width, height) pixels of the original.
    """

    pixel_values: NDArray[np.float32]
    token_pooling: NDArray[np.int64]
    grid: tuple[int, int, int]
    patch_map: NDArray[np.int64]
    timestamps: NDArray[np.float64]
    video_size: tuple[int, int]


def sample_frames(total: int, fps: float, config: VideoConfig) -> NDArray[np.int64]:
    """Choose frames: every 1 / max_fps seconds and the last, or evenly if those are too many.

    A video slower than `max_fps` gives frames more than once, as in training.

    Args:
        total: frames of the video.
        fps: frames a second of the video.
        config: of the checkpoint.

    Returns:
        int64 indices, ascending.

    Raises:
        ImageError: the video has no frames or no speed.
    """
    if total < 1 or not 0 < fps < np.inf:
        raise ImageError(
            f"A video needs frames and a positive fps, got {total} frames at {fps} fps."
        )
    if config.max_fps is None:
        return np.linspace(0, total - 1, num=min(config.num_frames, total)).astype(np.int64)
    if total <= 2:
        return np.arange(total)
    if total / fps > (config.num_frames - 1) / config.max_fps:
        return np.linspace(0, total - 1, num=min(config.num_frames, total)).astype(np.int64)
    steps = np.arange(0.0, total - 1, fps / config.max_fps)
    if np.round(steps[-1]) != total - 1:
        steps = np.append(steps, total - 1)
    return np.round(steps).astype(np.int64)


def prepare_video(video: Video, config: VideoConfig) -> VideoFrames:
    """Prepare one video for the vision encoder.

    Args:
        video: frames and their speed.
        config: of the checkpoint.

    Raises:
        ImageError: the video has no speed.
    """
    frames = video.frames
    indices = sample_frames(len(frames), video.fps, config)
    crop = config.frame
    patches = np.empty(
        (len(indices), *crop.crop_patches, crop.patch_size, crop.patch_size * 3), dtype=np.uint8
    )
    for place, index in enumerate(indices):
        patches[place] = view_patches(resize_image(frames[index], *crop.crop_size), (1, 1), crop)[0]
    one_map = map_patches((1, 1), crop)
    one, (rows, cols) = pool_grid(one_map, crop.pooling_size)
    offset = np.arange(len(indices)) * one_map.size
    pooling = np.where(one >= 0, one + offset[:, None, None], -1)
    return VideoFrames(
        pixel_values=normalise(patches, crop),
        token_pooling=pooling.reshape(-1, one.shape[1]),
        grid=(len(indices), rows, cols),
        patch_map=one_map + offset[:, None, None],
        timestamps=indices / video.fps,
        video_size=(frames.shape[2], frames.shape[1]),
    )
