"""Molmo's and Molmo2's way: coordinates are written as text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from molmo_point.decoding.engine import Choice, DecodeOptions, Template
from molmo_point.decoding.session import DraftSession
from molmo_point.dialects.dialect import LIMIT
from molmo_point.dialects.fixed_words import draft_fixed_words
from molmo_point.dialects.pieces import PieceReader
from molmo_point.models.fixed_session import FixedSession, can_be_captured
from molmo_point.models.text_session import TextSession
from molmo_point.points import Point
from molmo_point.preprocessing.video import Video

__all__ = ["WrittenDialect", "WrittenReader"]


class WrittenDialect:
    """Images that a Molmo or Molmo2 has read.

    Args:
        model: on its device.
        processor: of the same checkpoint.
        images: uint8 [H, W, 3] RGB.
        videos: at most one, without images.
        opening: the text that an answer with a point begins with.
    """

    def __init__(
        self,
        model: Any,
        processor: Any,
        images: Sequence[NDArray[np.uint8]],
        videos: Sequence[Video],
        opening: str,
    ) -> None:
        self._processor, self._opening = processor, opening
        self._fixed = can_be_captured(model)
        frames = [*images, *(video.frames[0] for video in videos)]
        self._sizes = [(frame.shape[1], frame.shape[0]) for frame in frames]
        media = (images, videos) if videos else (images,)
        inputs = processor.encode_image_prefix(*media).to(model.device)
        with torch.inference_mode():
            self._session = TextSession.read_images(model, inputs.model_inputs())

    def session(self, rows: int) -> DraftSession:
        """See `Dialect`."""
        if self._fixed:
            return FixedSession.of(self._session, rows)
        return self._session.fork([0] * rows)

    def encode_question(self, prompt: str) -> list[int]:
        """See `Dialect`."""
        ids: list[int] = self._processor.encode_question(prompt)
        return ids

    def options(self, *, single: bool, words: bool) -> DecodeOptions:
        """See `Dialect`; a single point's opening is given, and it is over when it is complete."""
        tokenizer, template = self._processor.tokenizer, None
        if single:
            ids = tokenizer(self._opening, add_special_tokens=False).input_ids
            template = Template(tuple(int(value) for value in ids), lambda number: ())
        return DecodeOptions(
            stop=frozenset({int(tokenizer.eos_token_id)}),
            limit=LIMIT,
            template=template,
            draft=draft_fixed_words(tokenizer),
        )

    def reader(self, query: str, *, single: bool = False) -> WrittenReader:
        """See `Dialect`."""
        return WrittenReader(query, self._sizes, self._processor.tokenizer, single=single)


class WrittenReader(PieceReader):
    """Follows one answer token by token; see `AnswerReader` and `PieceReader`.

    Args:
        query: the user's words.
        sizes: (width, height) of each image.
        tokenizer: a fast tokenizer of transformers.
        single: the first point is all that counts.
    """

    def __init__(
        self, query: str, sizes: Sequence[tuple[int, int]], tokenizer: Any, *, single: bool
    ) -> None:
        from tokenizers.decoders import DecodeStream

        super().__init__(query, sizes, single=single)
        self._tokenizer = tokenizer.backend_tokenizer
        self._stop = tokenizer.eos_token_id
        self._decoder = DecodeStream(skip_special_tokens=False)

    def feed(self, choice: Choice) -> list[Point]:
        """See `AnswerReader`."""
        self.truncated = self.truncated or choice.truncated
        if choice.token == self._stop:
            return []
        piece = self._decoder.step(self._tokenizer, choice.token) or ""
        return self.take(piece, choice.probability)
