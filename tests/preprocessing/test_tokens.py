"""Token layouts: how many of each, in which order."""

import numpy as np
import pytest

from molmo_point.preprocessing.tokens import (
    TokenLayout,
    VisionTokens,
    frame_prefix,
    frame_token_ids,
    image_token_ids,
)

TOKENS = VisionTokens(
    patch=1, low=2, col=3, start=4, low_start=5, end=6, frame_start=7, frame_end=8
)
MOLMO2 = TokenLayout(use_single_crop_col_tokens=False, use_frame_special_tokens=False)
MOLMO_POINT = TokenLayout(use_single_crop_col_tokens=False, use_low_res_token_for_global_crops=True)


def test_molmo2():
    ids = image_token_ids((1, 2, 2, 3), TOKENS, MOLMO2)
    assert ids.tolist() == [5, 1, 1, 6, 4, 1, 1, 1, 3, 1, 1, 1, 3, 6]


def test_molmo_point_writes_the_global_crop_with_tokens_of_its_own():
    ids = image_token_ids((1, 2, 1, 3), TOKENS, MOLMO_POINT)
    assert ids.tolist() == [5, 2, 2, 6, 4, 1, 1, 1, 3, 6]


def test_unstated_columns_of_the_global_crop_are_as_the_images():
    layout = TokenLayout(use_single_crop_start_token=False)
    assert image_token_ids((2, 1, 1, 1), TOKENS, layout).tolist() == [4, 1, 3, 1, 3, 6, 4, 1, 3, 6]
    layout = TokenLayout(image_use_col_tokens=False)
    assert image_token_ids((2, 1, 1, 1), TOKENS, layout).tolist() == [5, 1, 1, 6, 4, 1, 6]


@pytest.mark.parametrize("grid", [(14, 14, 21, 29), (7, 7, 1, 1)])
def test_a_patch_token_for_every_cell(grid):
    ids = image_token_ids(grid, TOKENS, MOLMO_POINT)
    assert np.count_nonzero(ids == TOKENS.low) == grid[0] * grid[1]
    assert np.count_nonzero(ids == TOKENS.patch) == grid[2] * grid[3]
    assert np.count_nonzero(ids == TOKENS.col) == grid[2]
    assert len(ids) == grid[0] * grid[1] + grid[2] * (grid[3] + 1) + 4


def test_frames():
    assert frame_token_ids(1, 2, TOKENS, MOLMO_POINT).tolist() == [7, 1, 1, 8]
    assert frame_token_ids(1, 2, TOKENS, MOLMO2).tolist() == [4, 1, 1, 6]
    layout = TokenLayout(video_use_col_tokens=True)
    assert frame_token_ids(2, 1, TOKENS, layout).tolist() == [7, 1, 3, 1, 3, 8]
    assert frame_prefix(0, 0.0) + "." + frame_prefix(3, 12.25) == "0.0 . 12.2 "
