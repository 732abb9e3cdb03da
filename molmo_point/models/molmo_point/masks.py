"""Who may attend to whom: causal text, images that see all of themselves, questions kept apart."""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["attention_mask"]


def attention_mask(
    valid: Tensor, image: Tensor | None, segment_ids: Tensor | None, queries: int
) -> Tensor | None:
    """Which keys each of the last `queries` tokens may see.

    Args:
        valid: bool [B, S], False for padding.
        image: bool [B, S], tokens that see each other both ways; None for none.
        segment_ids: int [B, S]; 0 is seen by all, other segments only by themselves; None for one.
        queries: T.

    Returns:
        bool [B, 1, T, S], or None if nothing is hidden (one token after a cache without padding).
    """
    batch, length = valid.shape
    if queries == 1 and segment_ids is None:
        return None if bool(valid.all()) else valid[:, None, None]
    key = torch.arange(length, device=valid.device)
    query = key[length - queries :, None]
    allowed = (key <= query).expand(batch, -1, -1)  # [B, T, S]
    if image is not None:
        allowed = allowed | (image[:, length - queries :, None] & image[:, None])
    if segment_ids is not None:
        own = segment_ids[:, length - queries :, None] == segment_ids[:, None]
        allowed = allowed & (own | (segment_ids == 0)[:, None])
    itself = key == query  # so that no row of padding is empty
    return ((allowed & valid[:, None]) | itself)[:, None]
