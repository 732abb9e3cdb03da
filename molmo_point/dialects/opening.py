"""Which dialect an opened model speaks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from molmo_point.dialects.dialect import Dialect, device_memory
from molmo_point.dialects.grounded import GroundedDialect
from molmo_point.dialects.written import WrittenDialect
from molmo_point.errors import QueryError
from molmo_point.models.registry import OpenModel

__all__ = ["read_images"]

_OPENINGS = {"molmo": '<point x="', "molmo2": '<points coords="1 1 '}


def read_images(opened: OpenModel, images: Sequence[NDArray[np.uint8]]) -> Dialect:
    """Read images once, in the way of the model's generation.

    Args:
        opened: the model.
        images: uint8 [H, W, 3] RGB, at least one.

    Raises:
        QueryError: there are several, and the model takes one.
        DeviceError: the device is too small for them.
    """
    spec = opened.spec
    if len(images) > 1 and not spec.several_images:
        raise QueryError(
            f'"{spec.name}" was trained on single images and got {len(images)}: ask about each '
            "(pointer.batch does)."
        )
    with device_memory():
        if spec.generation == "molmo_point":
            return GroundedDialect(opened.model, opened.processor, images)
        return WrittenDialect(opened.model, opened.processor, images, _OPENINGS[spec.generation])
