"""How an image or a video frame is written in the prompt: a token each pooled token, separators.

Source: `processing_molmo2.py` of github.com/allenai/molmo2 (names of tokens and flags are the
published ones).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "VISION_TOKENS",
    "TokenLayout",
    "VisionTokens",
    "frame_prefix",
    "frame_token_ids",
    "image_token_ids",
]

VISION_TOKENS = {
    "patch": "<im_patch>",
    "low": "<im_low>",
    "col": "<im_col>",
    "start": "<im_start>",
    "low_start": "<low_res_im_start>",
    "end": "<im_end>",
    "frame_start": "<frame_start>",
    "frame_end": "<frame_end>",
}
"""Spelling of each token of `VisionTokens`."""


@dataclass(frozen=True, slots=True)
class VisionTokens:
    """Ids of the tokens that stand for images; attributes are the keys of `VISION_TOKENS`."""

    patch: int
    low: int
    col: int
    start: int
    low_start: int
    end: int
    frame_start: int
    frame_end: int

    @property
    def ids(self) -> tuple[int, ...]:
        """All of them: the tokens that see each other in both directions."""
        return (
            self.patch,
            self.low,
            self.col,
            self.start,
            self.low_start,
            self.end,
            self.frame_start,
            self.frame_end,
        )


@dataclass(frozen=True, slots=True)
class TokenLayout:
    """Flags of `processor_config.json`, under their published names.

    Attributes:
        image_use_col_tokens: end each row of an image with `<im_col>`.
        use_single_crop_col_tokens: the same for the global crop; None: as the image.
        use_single_crop_start_token: begin the global crop with `<low_res_im_start>`.
        video_use_col_tokens: end each row of a frame with `<im_col>`.
        use_frame_special_tokens: frames in `<frame_start>`, `<frame_end>`, else `<im_start>`,
            `<im_end>`.
        use_low_res_token_for_global_crops: write the global crop as `<im_low>`, which no point can
            choose (MolmoPoint), else as `<im_patch>` (Molmo2).
    """

    image_use_col_tokens: bool = True
    use_single_crop_col_tokens: bool | None = None
    use_single_crop_start_token: bool = True
    video_use_col_tokens: bool = False
    use_frame_special_tokens: bool = True
    use_low_res_token_for_global_crops: bool = False


def _rows(token: int, rows: int, cols: int, col: int | None) -> NDArray[np.int64]:
    block = np.full((rows, cols + (col is not None)), token, dtype=np.int64)
    if col is not None:
        block[:, -1] = col
    return block.reshape(-1)


def image_token_ids(
    grid: tuple[int, int, int, int], tokens: VisionTokens, layout: TokenLayout
) -> NDArray[np.int64]:
    """Write one image.

    Args:
        grid: pooled tokens of the global crop (rows, cols) and of the canvas (rows, cols).
        tokens: ids.
        layout: flags of the checkpoint.

    Returns:
        int64 [T]: the global crop, then the canvas; as many patch tokens as the grid has cells.
    """
    low_rows, low_cols, rows, cols = grid
    low_col = layout.use_single_crop_col_tokens
    if low_col is None:
        low_col = layout.image_use_col_tokens
    parts = [
        [tokens.low_start if layout.use_single_crop_start_token else tokens.start],
        _rows(
            tokens.low if layout.use_low_res_token_for_global_crops else tokens.patch,
            low_rows,
            low_cols,
            tokens.col if low_col else None,
        ),
        [tokens.end, tokens.start],
        _rows(tokens.patch, rows, cols, tokens.col if layout.image_use_col_tokens else None),
        [tokens.end],
    ]
    return np.concatenate([np.asarray(part, dtype=np.int64) for part in parts])


def frame_token_ids(
    rows: int, cols: int, tokens: VisionTokens, layout: TokenLayout
) -> NDArray[np.int64]:
    """Write one frame of a video, without its time.

    Args:
        rows: of pooled tokens.
        cols: of pooled tokens.
        tokens: ids.
        layout: flags of the checkpoint.

    Returns:
        int64 [T].
    """
    special = layout.use_frame_special_tokens
    start, end = (tokens.frame_start, tokens.frame_end) if special else (tokens.start, tokens.end)
    col = tokens.col if layout.video_use_col_tokens else None
    body = _rows(tokens.patch, rows, cols, col)
    return np.concatenate([[start], body, [end]]).astype(np.int64)


def frame_prefix(index: int, timestamp: float) -> str:
    """The text before a frame: its seconds with one decimal, a space before all but the first."""
    return f"{' ' if index else ''}{timestamp:.1f} "
