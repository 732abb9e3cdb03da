"""Molmo's and Molmo2's way: coordinates are written as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from molmo_point.decoding.engine import Choice, DecodeOptions, Template
from molmo_point.dialects.dialect import LIMIT
from molmo_point.models.text_session import TextSession
from molmo_point.parsing import PointStream
from molmo_point.points import Point, Points

__all__ = ["WrittenDialect", "WrittenReader"]


class WrittenDialect:
    """Images that a Molmo or Molmo2 has read.

    Args:
        model: on its device.
        processor: of the same checkpoint.
        images: uint8 [H, W, 3] RGB, at least one.
        opening: the text that an answer with a point begins with.
    """

    def __init__(
        self, model: Any, processor: Any, images: Sequence[NDArray[np.uint8]], opening: str
    ) -> None:
        self._processor, self._opening = processor, opening
        self._sizes = [(image.shape[1], image.shape[0]) for image in images]
        inputs = processor.encode_image_prefix(images).to(model.device)
        with torch.inference_mode():
            self._session = TextSession.read_images(model, inputs.model_inputs())

    def session(self, rows: int) -> TextSession:
        """See `Dialect`."""
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
            stop=frozenset({int(tokenizer.eos_token_id)}), limit=LIMIT, template=template
        )

    def reader(self, query: str, *, single: bool = False) -> WrittenReader:
        """See `Dialect`."""
        return WrittenReader(query, self._sizes, self._processor.tokenizer, single=single)


class WrittenReader:
    """Follows one answer; see `AnswerReader`.

    A point's confidence is the product of the probabilities of the tokens with digits in them that
    were said since the point before.

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

        self._query, self._sizes, self._single = query, list(sizes), single
        self._tokenizer = tokenizer.backend_tokenizer
        self._stop = tokenizer.eos_token_id
        self._decoder = DecodeStream(skip_special_tokens=False)
        self._points = PointStream(image_size=self._sizes, query=query)
        self._pieces: list[str] = []
        self._odds = 1.0
        self._found: list[Point] = []
        self._truncated = False

    def feed(self, choice: Choice) -> list[Point]:
        """See `AnswerReader`."""
        self._truncated = self._truncated or choice.truncated
        if choice.token == self._stop:
            return []
        piece = self._decoder.step(self._tokenizer, choice.token) or ""
        self._pieces.append(piece)
        fresh = self._points.feed(piece)
        if any(char.isdigit() for char in piece):
            self._odds *= choice.probability
        if not fresh:
            return []
        share = round(self._odds, 4)
        points = [replace(p, label=p.label or self._query, confidence=share) for p in fresh]
        self._odds = 1.0
        self._found += points
        return points

    def finish(self) -> Points:
        """See `AnswerReader`."""
        text = self.words()
        if self._single and self._found:
            return Points((self._found[0],), self._sizes[0], self._query, text)
        points = self._points.finish()
        items = tuple(
            replace(point, label=point.label or self._query, confidence=found.confidence)
            for point, found in zip(points, self._found, strict=False)
        )
        items += tuple(points)[len(items) :]  # bare pairs are known at the end only
        return replace(
            points, items=items, text=text, truncated=points.truncated or self._truncated
        )

    def words(self) -> str:
        """See `AnswerReader`."""
        return "".join(self._pieces).strip()
