"""Molmo's and Molmo2's way: coordinates are written as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from molmo_point.decoding.batching import Request, decode_continuously
from molmo_point.decoding.options import LIMIT, Choice, DecodeOptions, Template
from molmo_point.decoding.padding import Padding
from molmo_point.dialects.dialect import rows_for
from molmo_point.dialects.fixed_words import draft_fixed_words
from molmo_point.dialects.pieces import PieceReader
from molmo_point.models.fixed_memory import borrow, can_be_captured
from molmo_point.models.text_board import TextBoard
from molmo_point.models.text_session import TextSession
from molmo_point.models.tokenizer import encode_text
from molmo_point.points import Point
from molmo_point.preprocessing.video import Video

__all__ = ["WrittenDialect", "WrittenReader"]

_WORDS = 4  # words of a free answer, of which up to three come after its end, for one look at them


class WrittenDialect:
    """Images that a Molmo or Molmo2 has read.

    Args:
        processor: of the model's checkpoint.
        session: that has read them.
        row: of the session.
        sizes: (width, height) of each image, or of a video.
        opening: the text that an answer with a point begins with.
    """

    def __init__(
        self,
        processor: Any,
        session: TextSession,
        row: int,
        sizes: Sequence[tuple[int, int]],
        opening: str,
    ) -> None:
        self._processor, self._session, self._row = processor, session, row
        self._sizes, self._opening = list(sizes), opening

    @classmethod
    def read(
        cls,
        model: Any,
        processor: Any,
        images: Sequence[NDArray[np.uint8]],
        videos: Sequence[Video],
        opening: str,
    ) -> WrittenDialect:
        """Read images, or a video, for questions about all of them.

        Args:
            model: on its device.
            processor: of the same checkpoint.
            images: uint8 [H, W, 3] RGB.
            videos: at most one, without images.
            opening: see the class.
        """
        media = (images, videos) if videos else (images,)
        inputs = processor.encode_image_prefix(*media).to(model.device)
        session = _read(model, inputs)
        frames = [*images, *(video.frames[0] for video in videos)]
        return cls(processor, session, 0, [_size(frame) for frame in frames], opening)

    @classmethod
    def read_each(
        cls, model: Any, processor: Any, images: Sequence[NDArray[np.uint8]], opening: str
    ) -> tuple[list[WrittenDialect], Padding]:
        """Read several images together, for questions about each.

        Returns:
            One for each image, and what their reading was filled up with.
        """
        inputs = processor.encode_image_prefixes(images).to(model.device)
        session = _read(model, inputs)
        valid = session.valid
        made = [
            cls(processor, session, row, [_size(image)], opening)
            for row, image in enumerate(images)
        ]
        return made, Padding(int(valid.sum()), valid.numel())

    def request(self, question: Sequence[int]) -> Request:
        """See `Dialect`."""
        return Request(self._session, question, self._row)

    @contextmanager
    def board(self, rows: int) -> Iterator[TextBoard]:
        """See `Dialect`."""
        model, like = self._session.model, self._session
        captured = can_be_captured(model)
        with borrow(
            model, ("text", rows), lambda: TextBoard(like, rows, captured=captured)
        ) as board:
            yield board

    def decode(
        self, questions: Sequence[Sequence[int]], options: DecodeOptions
    ) -> Iterator[Choice]:
        """See `Dialect`."""
        with self.board(rows_for(len(questions))) as board:
            requests = [self.request(question) for question in questions]
            yield from decode_continuously(board, requests, options)

    def encode_question(self, prompt: str) -> list[int]:
        """See `Dialect`."""
        ids: list[int] = self._processor.encode_question(prompt)
        return ids

    def options(self, *, single: bool, words: bool) -> DecodeOptions:
        """See `Dialect`; a single point's opening is given, and it is over when it is complete."""
        tokenizer, template = self._processor.tokenizer, None
        if single:
            ids = encode_text(tokenizer, self._opening, plain=False)
            template = Template(tuple(ids), lambda number: ())
        return DecodeOptions(
            stop=frozenset({int(tokenizer.eos_token_id)}),
            limit=LIMIT,
            template=template,
            draft=draft_fixed_words(tokenizer, ahead=_WORDS if words else 1),
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


def _size(image: NDArray[np.uint8]) -> tuple[int, int]:
    return (image.shape[1], image.shape[0])


@torch.inference_mode()
def _read(model: Any, inputs: Any) -> TextSession:
    return TextSession.read_images(model, inputs.model_inputs())
