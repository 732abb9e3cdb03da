"""Which frames of a video are read, and how they are numbered."""

import numpy as np
import pytest

from molmo_point.errors import ImageError, ModelError
from molmo_point.preprocessing.crops import CropConfig, crop_image
from molmo_point.preprocessing.video import Video, VideoConfig, prepare_video, sample_frames

FRAME = CropConfig((56, 56), 14, 1, (0, 0), (3, 3), (0.5, 0.5, 0.5), (0.5, 0.5, 0.5))


def config(num_frames=6, max_fps=2.0):
    return VideoConfig(FRAME, num_frames, max_fps)


@pytest.mark.parametrize(
    ("total", "fps", "num_frames", "indices"),
    [
        (25, 10.0, 6, [0, 5, 10, 15, 20, 24]),
        (26, 10.0, 6, [0, 5, 10, 15, 20, 25]),
        (26, 10.0, 5, [0, 6, 12, 18, 25]),
        (100, 10.0, 4, [0, 33, 66, 99]),
        (50, 25.0, 384, [0, 12, 25, 38, 49]),
        (1, 30.0, 6, [0]),
        (2, 1.0, 6, [0, 1]),
        (3, 30.0, 384, [0, 2]),
        (4, 1.0, 384, [0, 0, 1, 2, 2, 2, 3]),
    ],
)
def test_frames_until_the_last_one(total, fps, num_frames, indices):
    assert sample_frames(total, fps, config(num_frames)).tolist() == indices


def test_without_a_speed_limit_frames_are_spread_evenly():
    assert sample_frames(11, 30.0, config(6, None)).tolist() == [0, 2, 4, 6, 8, 10]
    assert sample_frames(3, 30.0, config(6, None)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("num_frames", [1, 2, 7, 128])
def test_never_more_frames_than_allowed(num_frames):
    for total in (3, 10, 77, 1000):
        for fps in (2.0, 12.5, 29.97, 60.0):
            indices = sample_frames(total, fps, config(num_frames))
            assert len(indices) <= num_frames
            assert (np.diff(indices) > 0).all()
            assert num_frames == 1 or indices[-1] == total - 1


def test_a_frame_is_one_crop():
    frames = np.random.default_rng(0).integers(0, 256, (5, 40, 61, 3), dtype=np.uint8)
    video = prepare_video(Video(frames, fps=2.0), config())
    assert video.grid == (5, 2, 2)
    assert video.pixel_values.shape == (5, 16, 588)
    assert video.timestamps.tolist() == [0.0, 0.5, 1.0, 1.5, 2.0]
    assert video.video_size == (61, 40)
    crops = crop_image(frames[3], FRAME)
    np.testing.assert_array_equal(video.pixel_values[3], crops.pixel_values[0])
    table = video.token_pooling.reshape(5, 4, 9)
    np.testing.assert_array_equal(table[0], crops.token_pooling[:4])
    np.testing.assert_array_equal(np.where(table[3] < 0, -1, table[3] - 48), table[0])
    np.testing.assert_array_equal(video.patch_map.reshape(-1), np.arange(5 * 16))


def test_what_is_no_video():
    with pytest.raises(ImageError, match=r"\[F, H, W, 3\]"):
        Video(np.zeros((5, 5, 3), dtype=np.uint8), fps=2.0)
    with pytest.raises(ImageError, match=r"got uint8 \[0, 5, 5, 3\]"):
        Video(np.zeros((0, 5, 5, 3), dtype=np.uint8), fps=2.0)
    with pytest.raises(ImageError, match="got list: stack"):
        Video([np.zeros((5, 5, 3), dtype=np.uint8)], fps=2.0)
    with pytest.raises(ImageError, match="frames and a positive fps"):
        sample_frames(0, 2.0, config())
    with pytest.raises(ImageError, match="positive fps"):
        sample_frames(5, float("inf"), config())
    with pytest.raises(ImageError, match="positive fps"):
        sample_frames(5, 0.0, config())
    with pytest.raises(ModelError, match="num_frames 0"):
        config(0)


@pytest.mark.parametrize("fps", [None, "30", 0, -1.0, float("nan")])
def test_a_video_has_a_speed(fps):
    with pytest.raises(ImageError, match="frames a second"):
        Video(np.zeros((2, 20, 20, 3), np.uint8), fps)
