"""An image that has been read once, and all the questions that can be asked about it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import TracebackType

import torch

from molmo_point.decoding.engine import Choice, DecodeOptions, Template, decode
from molmo_point.errors import DeviceError, ModelError, QueryError
from molmo_point.images import ImageSource, load_image
from molmo_point.models.molmo_point.answers import read_answer, spell_answer
from molmo_point.models.molmo_point.inputs import MolmoPointInputs
from molmo_point.models.molmo_point.locations import PatchGrids, PointTokens
from molmo_point.models.molmo_point.session import PointSession
from molmo_point.models.registry import OpenModel
from molmo_point.parsing import parse_points
from molmo_point.points import Count, Point, Points
from molmo_point.preprocessing.prompts import count_prompt, point_prompt

__all__ = ["EVERYTHING", "View"]

EVERYTHING = "objects"
"""The query for whatever stands out, when none is given."""

_LIMIT = 1024
_LABEL = re.compile(r'">(.*?)</', re.DOTALL)


@dataclass(slots=True)
class _Answer:
    """One row of a decoding: its tokens and how sure each was."""

    tokens: list[int] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)
    truncated: bool = False

    def add(self, choice: Choice) -> None:
        self.tokens.append(choice.token)
        self.probabilities.append(choice.probability)
        self.truncated = self.truncated or choice.truncated

    def confidence(self, end: int) -> float:
        """Of the point whose location is at `end`: the patch's probability times the subpatch's.

        The location's is left out: it moves the point by less than a ViT patch, and a thing is
        often as well pointed at from several of them.
        """
        return round(self.probabilities[end - 2] * self.probabilities[end - 1], 4)


class View:
    """An image, read; every question reuses the reading.

    Made by `Pointer.look`. Questions may be asked from several threads. As a context manager it
    lets go of the reading at the end.

    Args:
        opened: the model.
        image: anything that `load_image` takes.
    """

    def __init__(self, opened: OpenModel, image: ImageSource) -> None:
        self._opened = opened
        pixels = load_image(image)
        height, width = pixels.shape[:2]
        self.image_size = (width, height)
        inputs = opened.processor.encode_image_prefix([pixels]).to(opened.model.device)
        metadata = inputs.metadata[0]
        self._grids = PatchGrids(
            metadata.token_pooling, metadata.subpatch_mapping, metadata.image_sizes
        )
        with _memory():
            self._session: PointSession | None = _read(opened, inputs)

    def __enter__(self) -> View:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._session = None

    def point(self, query: str, *, single: bool = False) -> Points:
        """Where a thing is; see `Pointer.point`."""
        return self.points([query], single=single)[0]

    def points(self, queries: Sequence[str], *, single: bool = False) -> list[Points]:
        """Where several things are, decoded together: one result for each query, in order."""
        if not queries:
            return []
        answers = [_Answer() for _ in queries]
        prompts = [point_prompt(self._label(query)) for query in queries]
        for choice in self._decode(prompts, single=single):
            answers[choice.row].add(choice)
        return [self._result(*pair) for pair in zip(queries, answers, strict=True)]

    def count(self, query: str | None = None) -> Count:
        """How many there are; see `Pointer.count`."""
        query = EVERYTHING if query is None else query
        label = self._label(query)
        language = self._opened.spec.language
        answer = _Answer()
        for choice in self._decode([count_prompt(label) if language else point_prompt(label)]):
            answer.add(choice)
        return Count(self._result(query, answer))

    def stream(self, query: str) -> Iterator[Point]:
        """Points one by one, each as soon as it is known; see `Pointer.stream`."""
        answer, session = _Answer(), self._open_session()
        ids = session.vocabulary
        for choice in self._decode([point_prompt(self._label(query))]):
            answer.add(choice)
            if choice.token >= ids.first_location and len(answer.tokens) >= 3:
                end = len(answer.tokens) - 1
                patch, subpatch, location = answer.tokens[-3:]
                tokens = PointTokens(
                    patch - ids.text, subpatch - ids.first_subpatch, location - ids.first_location
                )
                point = self._grids.to_point(tokens, label=query, confidence=answer.confidence(end))
                if point is not None:
                    yield point

    def ask(self, question: str) -> str:
        """An answer in words; see `Pointer.ask`."""
        if not self._opened.spec.language:
            raise ModelError(
                f'"{self._opened.spec.name}" has no language, it only points and counts: use a '
                'model that has, such as Pointer("allenai/MolmoPoint-8B").'
            )
        answer, ids = _Answer(), self._open_session().vocabulary
        for choice in self._decode([self._label(question)], words=True):
            answer.add(choice)
        tokenizer = self._opened.processor.tokenizer
        tokens = [token for token in answer.tokens if token != tokenizer.eos_token_id]
        return spell_answer(tokens, ids, tokenizer.decode).strip()

    def _open_session(self) -> PointSession:
        if self._session is None:
            raise QueryError("This view is closed: ask inside its with-block, or look again.")
        return self._session

    def _label(self, query: str) -> str:
        """The query as the model is asked it.

        Raises:
            QueryError: it is empty, or has a word that a model with a closed list does not know.
        """
        if not isinstance(query, str) or not query.strip():
            raise QueryError(f"A query is some words, got {query!r}: say what to look for.")
        if self._opened.spec.language:
            return query.strip()
        words = re.findall(r"\w+", query.lower())
        tokenizer = self._opened.processor.tokenizer
        known = {word for word in tokenizer.get_vocab() if word.isalpha()}
        for word in words or [query]:
            if word not in known:
                near = get_close_matches(word, sorted(known), n=3, cutoff=0.7)
                hint = f" (near it: {', '.join(near)})" if near else ""
                raise QueryError(
                    f'The embedded model does not know the word "{word}"{hint}: it has a closed '
                    'list of names, see "molmo-point models --names". A published checkpoint knows '
                    'all words: Pointer("allenai/MolmoPoint-8B").'
                )
        return " ".join(words)

    def _decode(
        self, prompts: Sequence[str], *, single: bool = False, words: bool = False
    ) -> Iterator[Choice]:
        processor, spec = self._opened.processor, self._opened.spec
        session = self._open_session().fork([0] * len(prompts))
        questions = [processor.encode_question(prompt) for prompt in prompts]
        options = DecodeOptions(
            stop=frozenset({int(processor.tokenizer.eos_token_id)}),
            limit=_LIMIT,
            template=Template(tuple(processor.opening_ids), processor.number_ids, single=single)
            if single or not spec.language
            else None,
            stop_after_points=not words,
            empty_list=not spec.language,
        )
        with _memory():
            yield from decode(session, questions, options)

    def _result(self, query: str, answer: _Answer) -> Points:
        ids, spec = self._open_session().vocabulary, self._opened.spec
        text = spell_answer(answer.tokens, ids, self._opened.processor.tokenizer.decode)
        label = match[1] if (match := _LABEL.search(text)) else query
        items: list[Point] = []
        for found in read_answer(answer.tokens, ids, self._opened.processor.tokenizer.decode):
            if spec.language and found.object_id is None and answer.truncated:
                continue  # as the reference: a point that was cut off before its number
            point = self._grids.to_point(
                found.tokens,
                label=label,
                confidence=answer.confidence(found.end),
                object_id=found.object_id,
            )
            if point is not None:
                items.append(point)
        if items:
            return Points(tuple(items), self.image_size, query, text, truncated=answer.truncated)
        if spec.language:
            return parse_points(text, image_size=self.image_size, query=query)
        return Points((), self.image_size, query, text, state="none", truncated=answer.truncated)


@torch.inference_mode()
def _read(opened: OpenModel, inputs: MolmoPointInputs) -> PointSession:
    """Encode the image and read it; a view that is its own only tile is encoded once."""
    model = opened.model
    pixels, pooling = inputs.pixel_values, inputs.image_token_pooling
    features = None
    if pixels is not None and pooling is not None:
        if len(pixels) == 2 and torch.equal(pixels[0], pixels[1]):
            crops = model.model.encode_crops(pixels[:1]).expand(2, -1, -1)
        else:
            crops = model.model.encode_crops(pixels)
        features = model.model.pool_features(crops, pooling)
    return PointSession.read_images(
        model,
        inputs.input_ids,
        inputs.attention_mask.bool(),
        inputs.mm_token_type_ids == 1,
        features,
    )


@contextmanager
def _memory() -> Iterator[None]:
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise DeviceError(
            "The device ran out of memory: use a smaller image, fewer queries at once, a smaller "
            'dtype, or device="cpu".'
        ) from error
