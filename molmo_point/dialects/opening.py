"""Which dialect an opened model speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from molmo_point.decoding.padding import Padding
from molmo_point.dialects.dialect import Dialect, device_memory
from molmo_point.dialects.grounded import GroundedDialect
from molmo_point.errors import QueryError
from molmo_point.models.registry import OpenModel
from molmo_point.preprocessing.video import Video

__all__ = ["read_each", "read_images"]

_OPENINGS = {"molmo": ' <point x="', "molmo2": '<points coords="1 1 '}
_WHICH = '<points coords="'  # of several images or frames, the model says which


def read_images(
    opened: OpenModel,
    images: Sequence[NDArray[np.uint8]],
    videos: Sequence[Video] = (),
    *,
    before: Dialect | None = None,
    tolerance: float = 0.0,
) -> Dialect:
    """Read images, or a video, once, in the way of the model's generation.

    Args:
        opened: the model.
        images: uint8 [H, W, 3] RGB.
        videos: at most one, without images.
        before: an earlier reading by the same model; of use to MolmoPoint, see `GroundedDialect`.
        tolerance: see `GroundedDialect`.

    Raises:
        QueryError: there is a video, and the model takes none.
        DeviceError: the device is too small for them.
    """
    spec = opened.spec
    if videos and not spec.video:
        raise QueryError(
            f'"{spec.name}" reads no videos: ask about single frames, or use a model that does, '
            'such as Pointer("allenai/MolmoPoint-Vid-4B").'
        )
    with device_memory():
        if spec.generation == "molmo_point":
            earlier = before if isinstance(before, GroundedDialect) else None
            return GroundedDialect.read(
                opened.model, opened.processor, images, videos, before=earlier, tolerance=tolerance
            )
        from molmo_point.dialects.written import WrittenDialect

        opening = _WHICH if videos or len(images) > 1 else _OPENINGS[spec.generation]
        return WrittenDialect.read(opened.model, opened.processor, images, videos, opening)


def read_each(
    opened: OpenModel, images: Sequence[NDArray[np.uint8]]
) -> tuple[Sequence[Dialect], Padding]:
    """Read several images together, for questions about each: one dialect an image.

    Args:
        opened: a model that has language.
        images: uint8 [H, W, 3] RGB.

    Returns:
        They, and what their reading was filled up with.

    Raises:
        DeviceError: the device is too small for them.
    """
    model, processor, generation = opened.model, opened.processor, opened.spec.generation
    with device_memory():
        if generation == "molmo_point":
            return GroundedDialect.read_each(model, processor, images)
        from molmo_point.dialects.written import WrittenDialect

        return WrittenDialect.read_each(model, processor, images, _OPENINGS[generation])
