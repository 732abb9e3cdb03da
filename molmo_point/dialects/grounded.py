"""MolmoPoint's way: a point is three grounding tokens, which are places of the image."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from molmo_point.decoding.batching import Request, decode_continuously
from molmo_point.decoding.engine import decode
from molmo_point.decoding.options import LIMIT, Choice, DecodeOptions, Template
from molmo_point.decoding.padding import Padding
from molmo_point.dialects.dialect import rows_for
from molmo_point.dialects.seen import Seen
from molmo_point.models.fixed_memory import borrow, can_be_captured
from molmo_point.models.molmo_point.answers import read_answer, spell_answer
from molmo_point.models.molmo_point.crop_memory import CropMemory
from molmo_point.models.molmo_point.inputs import MolmoPointInputs
from molmo_point.models.molmo_point.locations import PatchGrids, PointTokens
from molmo_point.models.molmo_point.point_board import PointBoard
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.models.molmo_point.session import PointSession
from molmo_point.models.steps import ExtendedVocabulary
from molmo_point.ocr import TextLine
from molmo_point.parsing import parse_points
from molmo_point.parsing.doubts import describe_doubts
from molmo_point.parsing.sentences import TAG, read_stated_count
from molmo_point.points import Point, Points, State
from molmo_point.preprocessing.video import Video

__all__ = ["GroundedDialect", "GroundedReader"]

_LABEL = re.compile(r'">(.*?)</', re.DOTALL)
_TAG = re.compile(r"<points.*?(</points>|\Z)", re.DOTALL)


class GroundedDialect:
    """Images that MolmoPoint, or the embedded model, has read.

    Args:
        processor: of the model's checkpoint.
        session: that has read them.
        row: of the session.
        grids: where the patches lie.
        crops: those of the image, encoded; None for prompts without images.
    """

    def __init__(
        self,
        processor: MolmoPointProcessor,
        session: PointSession,
        row: int,
        grids: PatchGrids,
        crops: CropMemory | None,
    ) -> None:
        self._processor, self._session, self._row = processor, session, row
        self.grids, self.crops = grids, crops
        self._ids = session.vocabulary_of(row)
        model = session.model
        self._language = not model.config.points_only
        self._lists = model.model.heat.lists if model.config.heat_dim else None
        self._seen: Seen | None = None

    @classmethod
    def read(
        cls,
        model: Any,
        processor: MolmoPointProcessor,
        images: Sequence[NDArray[np.uint8]],
        videos: Sequence[Video] = (),
        *,
        before: GroundedDialect | None = None,
        tolerance: float = 0.0,
    ) -> GroundedDialect:
        """Read images, or a video, for questions about all of them.

        Args:
            model: a `PointingModel`, on its device.
            processor: of the same checkpoint.
            images: uint8 [H, W, 3] RGB.
            videos: at most one, without images.
            before: an earlier reading, whose crops that have not changed are not encoded again.
            tolerance: levels of 0-255 by which a pixel may differ and be the same.
        """
        inputs = processor.encode_image_prefix(images, videos).to(model.device)
        grids = PatchGrids.of(inputs.metadata[0])
        crops = _encode(
            model,
            inputs,
            None if before is None else before.crops,
            1.001 * tolerance / (255 * min(processor.crop_config.image_std)),  # rounding of floats
        )
        return cls(processor, _read(model, inputs, grids.places(), crops), 0, grids, crops)

    @classmethod
    def read_each(
        cls, model: Any, processor: MolmoPointProcessor, images: Sequence[NDArray[np.uint8]]
    ) -> tuple[list[GroundedDialect], Padding]:
        """Read several images together, for questions about each; not for a heat prior.

        Returns:
            One for each image, and what their reading was filled up with.
        """
        inputs = processor.encode_image_prefixes(images).to(model.device)
        session = _read(model, inputs, None, _encode(model, inputs, None, 0.0))
        valid = session.valid
        made = [
            cls(processor, session, row, PatchGrids.of(metadata), None)
            for row, metadata in enumerate(inputs.metadata)
        ]
        return made, Padding(int(valid.sum()), valid.numel())

    def request(self, question: Sequence[int]) -> Request:
        """See `Dialect`."""
        return Request(self._session, question, self._row, self._draft)

    @contextmanager
    def board(self, rows: int) -> Iterator[PointBoard]:
        """See `Dialect`."""
        session = self._session
        model, captured = session.model, can_be_captured(session.model)
        key = ("points", rows, self._ids.subpatches)
        with borrow(model, key, lambda: PointBoard(session, rows, captured=captured)) as board:
            yield board

    def decode(
        self, questions: Sequence[Sequence[int]], options: DecodeOptions
    ) -> Iterator[Choice]:
        """See `Dialect`; a small model's answers on the CPU share the memory of their image."""
        if not self._language and self._session.model.device.type == "cpu":
            session = self._session.fork([self._row] * len(questions))
            yield from decode(session, questions, options)
            return
        with self.board(rows_for(len(questions))) as board:
            requests = [self.request(question) for question in questions]
            yield from decode_continuously(board, requests, options)

    def encode_question(self, prompt: str) -> list[int]:
        """See `Dialect`."""
        return self._processor.encode_question(prompt)

    def options(self, *, single: bool, words: bool) -> DecodeOptions:
        """See `Dialect`."""
        processor = self._processor
        template = None
        if single or not self._language:
            opening = tuple(processor.opening_ids)
            template = Template(opening, processor.number_ids, single=single)
        return DecodeOptions(
            stop=frozenset({int(processor.tokenizer.eos_token_id)}),
            limit=LIMIT,
            template=template,
            stop_after_points=not words,
            empty_list=not self._language,
        )

    def _draft(self, written: Sequence[int]) -> Sequence[Sequence[int]]:
        """A point's number is its rank; a patch, a subpatch and a location follow each other."""
        ids, last = self._ids, written[-1] if written else 0
        if last >= ids.first_location:
            number = sum(token >= ids.first_location for token in written)
            return [self._processor.number_ids(number), [], []]
        if last >= ids.first_subpatch:
            return [[]]
        return [[], []] if ids.text <= last < ids.no_more_points else [[]]

    def point_by_text(self, query: str, lines: Sequence[TextLine]) -> Points:
        """What a query names by the text on it or beside it; see `Seen`.

        Args:
            query: the user's words.
            lines: what is written in the image.
        """
        keys = self._session.keys
        assert keys is not None
        assert keys.things is not None
        assert self._lists is not None
        if self._seen is None:
            vocabulary = self._processor.tokenizer.get_vocab()
            self._seen = Seen(keys.things, self.grids, self._lists, vocabulary)
        items = tuple(
            Point(hit.x, hit.y, label=query, confidence=min(hit.confidence, 1.0))
            for hit in self._seen.point(query, lines)
        )
        state: State = "points" if items else "none"
        return Points(items, self.grids.size_of(0), query, state=state)

    def reader(self, query: str, *, single: bool = False) -> GroundedReader:
        """See `Dialect`."""
        tokenizer = self._processor.tokenizer
        return GroundedReader(
            query, self.grids, self._ids, tokenizer.decode, language=self._language
        )


class GroundedReader:
    """Follows one answer; see `AnswerReader`.

    A point's confidence is its patch's probability times its subpatch's. The location's is left
    out: it moves the point by less than a ViT patch, and a thing is often as well pointed at from
    several of them.

    Args:
        query: the user's words.
        grids: where the patches lie.
        vocabulary: ids of the prompt.
        decode: text of text tokens.
        language: whether the model says "none" in words.
    """

    def __init__(
        self,
        query: str,
        grids: PatchGrids,
        vocabulary: ExtendedVocabulary,
        decode: Callable[[list[int]], str],
        *,
        language: bool,
    ) -> None:
        self._query, self._grids, self._ids = query, grids, vocabulary
        self._decode, self._language = decode, language
        self._tokens: list[int] = []
        self._probabilities: list[float] = []
        self._truncated = False

    def feed(self, choice: Choice) -> list[Point]:
        """See `AnswerReader`."""
        self._tokens.append(choice.token)
        self._probabilities.append(choice.probability)
        self._truncated = self._truncated or choice.truncated
        ids = self._ids
        if choice.token < ids.first_location or len(self._tokens) < 3:
            return []
        patch, subpatch, location = self._tokens[-3:]
        tokens = PointTokens(
            patch - ids.text, subpatch - ids.first_subpatch, location - ids.first_location
        )
        point = self._grids.to_point(
            tokens, label=self._query, confidence=self._confidence(len(self._tokens) - 1)
        )
        cut = self._language and choice.truncated  # before its number; see `finish`
        return [] if point is None or cut else [point]

    def finish(self) -> Points:
        """See `AnswerReader`."""
        text = spell_answer(self._tokens, self._ids, self._decode)
        label = match[1] if (match := _LABEL.search(text)) else self._query
        items: list[Point] = []
        for found in read_answer(self._tokens, self._ids, self._decode):
            if self._language and found.object_id is None and self._truncated:
                continue  # as the reference: a point that was cut off before its number
            point = self._grids.to_point(
                found.tokens,
                label=label,
                confidence=self._confidence(found.end),
                object_id=found.object_id,
            )
            if point is not None:
                items.append(point)
        size = self._grids.size_of(0)
        if items:
            stated = read_stated_count(_TAG.sub(TAG, text)) if self._language else None
            return Points(
                tuple(items),
                size,
                self._query,
                text,
                truncated=self._truncated,
                stated_count=stated,
                warnings=describe_doubts(items, stated),
            )
        if self._language:
            sizes = self._grids.image_sizes
            read = parse_points(text, image_size=sizes, query=self._query)
            return replace(read, truncated=read.truncated or self._truncated)
        return Points((), size, self._query, text, state="none", truncated=self._truncated)

    def words(self) -> str:
        """See `AnswerReader`."""
        return spell_answer(self._tokens, self._ids, self._decode).strip()

    def _confidence(self, end: int) -> float:
        """Of the point whose location is the token at `end`."""
        return round(self._probabilities[end - 2] * self._probabilities[end - 1], 4)


@torch.inference_mode()
def _encode(
    model: Any,
    inputs: MolmoPointInputs,
    before: CropMemory | None,
    tolerance: float,
) -> CropMemory | None:
    pixels = inputs.pixel_values if inputs.pixel_values is not None else inputs.pixel_values_videos
    if pixels is None:
        return None
    return CropMemory.encode(model.model.encode_crops, pixels, before, tolerance)


@torch.inference_mode()
def _read(
    model: Any,
    inputs: MolmoPointInputs,
    places: NDArray[np.int64] | None,
    crops: CropMemory | None,
) -> PointSession:
    pooling = inputs.image_token_pooling
    pooling = pooling if pooling is not None else inputs.video_token_pooling
    features = None
    if crops is not None and pooling is not None:
        features = model.model.pool_features(crops.features, pooling, inputs.image_grids)
    return PointSession.read_images(
        model,
        inputs.input_ids,
        inputs.attention_mask.bool(),
        inputs.mm_token_type_ids == 1,
        features,
        None if places is None else torch.from_numpy(places).to(model.device),
    )
