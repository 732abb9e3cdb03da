"""What is written in an image, by a well-kept reader of text (RapidOCR); an extra."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import require

__all__ = ["TextLine", "read_lines"]

_LEAST = 0.5  # confidence from which a line counts


@dataclass(frozen=True, slots=True)
class TextLine:
    """Some words in a row.

    Attributes:
        text: as written.
        box: left, top, right, bottom, pixels.
        confidence: 0-1, the reader's own.
    """

    text: str
    box: tuple[float, float, float, float]
    confidence: float


@cache
def _reader() -> Any:
    return require("rapidocr", "ocr").RapidOCR(params={"Global.log_level": "error"})


def read_lines(image: NDArray[np.uint8]) -> tuple[TextLine, ...]:
    """Read an image, upright text of any language that the reader's models know.

    Args:
        image: uint8 [H, W, 3] RGB.

    Returns:
        Lines from the top to the bottom.

    Raises:
        MissingExtra: the reader is not installed.
    """
    found = _reader()(np.ascontiguousarray(image[..., ::-1]), use_cls=False)
    if found.txts is None:
        return ()
    lines = []
    for text, corners, confidence in zip(found.txts, found.boxes, found.scores, strict=True):
        (left, top), (right, bottom) = corners.min(0), corners.max(0)
        if confidence >= _LEAST and text.strip():
            box = (float(left), float(top), float(right), float(bottom))
            lines.append(TextLine(text.strip(), box, round(float(confidence), 4)))
    return tuple(sorted(lines, key=lambda line: (line.box[1], line.box[0])))
