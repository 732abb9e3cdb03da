"""Images that have been read once, and all the questions that can be asked about them."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from difflib import get_close_matches
from types import TracebackType

from molmo_point.decoding.options import Choice
from molmo_point.dialects.dialect import AnswerReader, Dialect, device_memory
from molmo_point.dialects.grounded import GroundedDialect
from molmo_point.dialects.opening import read_images
from molmo_point.dialects.questions import (
    CLOSED,
    EVERYTHING,
    check_query,
    list_images,
    list_queries,
)
from molmo_point.errors import ModelError, QueryError
from molmo_point.images import ImageSource, load_image
from molmo_point.models.registry import ModelSpec, OpenModel
from molmo_point.ocr import TextLine, read_lines
from molmo_point.points import Count, Point, Points
from molmo_point.preprocessing.prompts import click_prompt, count_prompt, point_prompt
from molmo_point.preprocessing.video import Video

__all__ = ["View", "pointing_prompt"]

_CHANGE_NOTHING = frozenset({
    "a", "all", "an", "and", "are", "colored", "coloured", "each", "every", "for", "in", "is", "my",
    "of", "on", "or", "point", "that", "the", "this", "to", "with", "your",
})  # fmt: skip


def pointing_prompt(spec: ModelSpec, label: str, *, images: int = 1, video: bool = False) -> str:
    """How a model is asked for the places of something; see `point_prompt`.

    Args:
        spec: of the model.
        label: what to find.
        images: how many images are asked about.
        video: it is a video.
    """
    if spec.instructed:
        return click_prompt(label)
    return point_prompt(label, images=images, video=video)


class View:
    """One or several images, read; every question reuses the reading.

    Made by `Pointer.look`. Questions may be asked from several threads. As a context manager it
    lets go of the reading at the end.

    Args:
        opened: the model.
        image: anything that `load_image` takes; or a list of those, for questions about all of
            them; or a video, whose points have timestamps.
        ocr: read the text of the image, for what is asked for by it.
        before: a view by the same model of the same screen or camera a moment earlier.
        tolerance: see `Pointer.look`.

    Attributes:
        image_size: (width, height) of the first image, pixels.
    """

    def __init__(
        self,
        opened: OpenModel,
        image: ImageSource | Sequence[ImageSource] | Video,
        *,
        ocr: bool = False,
        before: View | None = None,
        tolerance: float = 0.0,
    ) -> None:
        self._opened = opened
        self._images = 1
        self._video = isinstance(image, Video)
        self._lines: tuple[TextLine, ...] = ()
        if isinstance(image, Video):
            height, width = image.frames.shape[1:3]
            self.image_size = (width, height)
            self._dialect: Dialect | None = read_images(opened, [], [image])
            return
        pixels = [load_image(one) for one in list_images(image, opened.spec)]
        self._images = len(pixels)
        self.image_size = (pixels[0].shape[1], pixels[0].shape[0])
        if before is not None and before._opened is not opened:
            raise QueryError("The view before this one is of another model: look with the same.")
        earlier = None if before is None else before._dialect
        self._dialect = read_images(opened, pixels, before=earlier, tolerance=tolerance)
        if ocr and len(pixels) == 1:
            self._lines = read_lines(pixels[0])

    def __enter__(self) -> View:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._dialect = None

    def point(self, query: str, *, single: bool = False) -> Points:
        """Where a thing is; see `Pointer.point`."""
        return self.points([query], single=single)[0]

    def points(self, queries: Sequence[str], *, single: bool = False) -> list[Points]:
        """Where several things are, decoded together: one result for each query, in order.

        Raises:
            QueryError: it is one string, or one of them cannot be asked; see `Pointer.point`.
        """
        queries = list_queries(queries)
        read = [self._by_text(query, single=single) for query in queries]
        seen = iter(self._by_sight([q for q, r in zip(queries, read, strict=True) if r is None],
                                   single=single))  # fmt: skip
        return [next(seen) if one is None else one for one in read]

    def _by_text(self, query: str, *, single: bool = False) -> Points | None:
        """What the image's text says of a query; None if that is the model's business."""
        dialect = self._open()
        check_query(query)
        if not self._lines or not isinstance(dialect, GroundedDialect):
            return None
        found = dialect.point_by_text(query, self._lines)
        if single and len(found) > 1:
            best = max(found, key=lambda point: point.confidence or 0.0)
            return replace(found, items=(best,))
        if found or self._is_known(query):
            return found or None
        return found

    def _is_known(self, query: str) -> bool:
        try:
            self._label(query)
        except QueryError:
            return False
        return True

    def _by_sight(self, queries: Sequence[str], *, single: bool) -> list[Points]:
        if not queries:
            return []
        dialect = self._open()
        prompts = [self._prompt(query) for query in queries]
        readers = [dialect.reader(query, single=single) for query in queries]
        waiting = set(range(len(readers)))
        for choice in self._decode(dialect, prompts, single=single):
            if readers[choice.row].feed(choice) and single:
                waiting.discard(choice.row)
                if not waiting:
                    break
        return [reader.finish() for reader in readers]

    def count(self, query: str | None = None) -> Count:
        """How many there are; see `Pointer.count`."""
        query = EVERYTHING if query is None else query
        if (read := self._by_text(query)) is not None:
            return Count(read)
        label = self._label(query)
        make = count_prompt if self._opened.spec.language else point_prompt
        return Count(self._answer(make(label, images=self._images), query).finish())

    def stream(self, query: str) -> Generator[Point, None, Points]:
        """Points one by one, each as soon as it is known; see `Pointer.stream`."""
        if (read := self._by_text(query)) is not None:
            yield from read
            return read
        dialect = self._open()
        reader = dialect.reader(query)
        prompt = self._prompt(query)
        told = 0
        for choice in self._decode(dialect, [prompt]):
            fresh = reader.feed(choice)
            told += len(fresh)
            yield from fresh
        whole = reader.finish()
        yield from tuple(whole)[told:]
        return whole

    def ask(self, question: str) -> str:
        """An answer in words; see `Pointer.ask`."""
        if not self._opened.spec.language:
            raise ModelError(
                f'"{self._opened.spec.name}" has no language, it only points and counts: use a '
                'model that has, such as Pointer("allenai/MolmoPoint-8B").'
            )
        return self._answer(self._label(question), question, words=True).words()

    def _answer(self, prompt: str, query: str, *, words: bool = False) -> AnswerReader:
        dialect = self._open()
        reader = dialect.reader(query)
        for choice in self._decode(dialect, [prompt], words=words):
            reader.feed(choice)
        return reader

    def _prompt(self, query: str) -> str:
        label = self._label(query)
        return pointing_prompt(self._opened.spec, label, images=self._images, video=self._video)

    def _open(self) -> Dialect:
        if self._dialect is None:
            raise QueryError(CLOSED)
        return self._dialect

    def _label(self, query: str) -> str:
        """The query as the model is asked it.

        Raises:
            QueryError: it is empty, or has a word that a model with a closed list does not know.
        """
        query = check_query(query)
        if self._opened.spec.language:
            return query
        words = re.findall(r"\w+", query.lower())
        tokenizer = self._opened.processor.tokenizer
        ids = tokenizer.convert_tokens_to_ids(words)
        for word, known in zip(words or [query], ids or [None], strict=True):
            if known in (None, tokenizer.unk_token_id) or not word.isalnum():
                near = get_close_matches(word, self._names(), n=3, cutoff=0.7)
                hint = f" (near it: {', '.join(near)})" if near else ""
                raise QueryError(
                    f'The embedded model does not know the word "{word}"{hint}: it has a closed '
                    'list of names, see "molmo-point models --names". A published checkpoint knows '
                    'all words: Pointer("allenai/MolmoPoint-8B").'
                )
        heat = getattr(self._opened.model.model, "heat", None)
        if heat is not None and not heat.lists.names_something(ids):
            raise QueryError(
                f'The embedded model knows no thing called "{query.strip()}": it has a closed list '
                'of names, see "molmo-point models --names". A published checkpoint knows all: '
                'Pointer("allenai/MolmoPoint-8B").'
            )
        odd = [] if heat is None else heat.lists.unread(ids)
        unread = [word for word, index in zip(words, ids, strict=True) if index in odd]
        if said := [word for word in unread if word not in _CHANGE_NOTHING]:
            raise QueryError(
                f'The embedded model does not know what "{said[0]}" says in "{query.strip()}": it '
                'has a closed list of names and colours, see "molmo-point models --names". A '
                'published checkpoint knows all: Pointer("allenai/MolmoPoint-8B").'
            )
        return " ".join(words)

    def _names(self) -> list[str]:
        """What a model with a closed list can be asked for, sorted."""
        vocabulary = self._opened.processor.tokenizer.get_vocab()
        heat = getattr(self._opened.model.model, "heat", None)
        return sorted(heat.lists.spelled(vocabulary) if heat is not None else vocabulary)

    def _decode(
        self, dialect: Dialect, prompts: Sequence[str], *, single: bool = False, words: bool = False
    ) -> Iterator[Choice]:
        questions = [dialect.encode_question(prompt) for prompt in prompts]
        options = dialect.options(single=single, words=words)
        with device_memory():
            yield from dialect.decode(questions, options)
