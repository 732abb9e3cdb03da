"""Questions about many images, a few of which are read and answered at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, islice
from os import PathLike
from typing import TYPE_CHECKING

from PIL.Image import Image

from molmo_point.decoding.padding import Padding
from molmo_point.errors import ImageError, MolmoPointError, QueryError
from molmo_point.images import ImageSource, load_image
from molmo_point.points import Points

if TYPE_CHECKING:
    from molmo_point.dialects.dialect import AnswerReader, Dialect
    from molmo_point.models.registry import OpenModel

__all__ = ["Batch", "answer_together", "pair"]

_ONE = (str, bytes, bytearray, memoryview, PathLike, Image)  # and arrays of one, and open files
_TOGETHER = 4  # images that are read at the same time
_ROWS = 8  # answers that are written at the same time


class Batch(Iterator[Points]):
    """A result for each image, in order, as they are done; made by `Pointer.batch`.

    Args:
        results: they.
        padding: which they count to.

    Attributes:
        padding: what was computed so far only to fill up the batch; nothing is counted for the
            embedded model and for servers.
    """

    def __init__(self, results: Iterator[Points], padding: Padding | None = None) -> None:
        self._results = results
        self.padding = Padding() if padding is None else padding

    def __next__(self) -> Points:
        return next(self._results)


def pair(
    images: Iterable[ImageSource], query: str | Iterable[str]
) -> Iterator[tuple[ImageSource, str]]:
    """Images and what is asked about each: one query for all, or one for each.

    Raises:
        ImageError: images are one image.
        QueryError: there are not as many queries as images.
    """
    if isinstance(images, _ONE) or getattr(images, "ndim", 4) < 4 or hasattr(images, "read"):
        raise ImageError("A batch takes a list of images, got one: give [image], or use point.")
    if isinstance(query, str):
        yield from ((image, query) for image in images)
        return
    queries = iter(query)
    count = 0
    for image in images:
        own = next(queries, None)
        if own is None:
            raise QueryError(f"There are {count} queries and more images: give one for each.")
        yield image, own
        count += 1
    if next(queries, None) is not None:
        raise QueryError(f"There are {count} images and more queries: give one for each.")


def answer_together(opened: OpenModel, asked: Iterable[tuple[ImageSource, str]]) -> Batch:
    """Ask about each image; a few are read at once, and a short answer waits for no long one.

    Args:
        opened: a model that has language.
        asked: images and what is asked about each; they are taken a few at a time.
    """
    padding = Padding()
    return Batch(_answer(opened, asked, padding), padding)


def _answer(
    opened: OpenModel, asked: Iterable[tuple[ImageSource, str]], padding: Padding
) -> Iterator[Points]:
    from molmo_point.decoding.batching import Request, decode_continuously
    from molmo_point.dialects.dialect import device_memory
    from molmo_point.view import pointing_prompt

    readers: dict[int, AnswerReader] = {}  # of answers that are not over
    done: dict[int, Points] = {}
    told = 0

    def requests(images: Iterable[tuple[Dialect, str]]) -> Iterator[Request]:
        for number, (dialect, query) in enumerate(images):
            readers[number] = dialect.reader(query)
            yield dialect.request(dialect.encode_question(pointing_prompt(opened.spec, query)))

    wrong: list[MolmoPointError] = []
    images = _read(opened, iter(asked), padding, wrong)
    if (first := next(images, None)) is not None:
        options = first[0].options(single=False, words=False)
        with device_memory(), first[0].board(_ROWS) as board:
            rest = requests(chain([first], images))
            for choice in decode_continuously(board, rest, options, padding):
                readers[choice.row].feed(choice)
                if choice.last:
                    done[choice.row] = readers.pop(choice.row).finish()
                while told in done:
                    yield done.pop(told)
                    told += 1
    if wrong:
        raise wrong[0]


def _read(
    opened: OpenModel,
    asked: Iterator[tuple[ImageSource, str]],
    padding: Padding,
    wrong: list[MolmoPointError],
) -> Iterator[tuple[Dialect, str]]:
    """Images that have been read, and their queries; they end at the first that is wrong."""
    from molmo_point.dialects.opening import read_each
    from molmo_point.dialects.questions import check_query

    while not wrong:
        some = []
        try:
            for image, query in islice(asked, _TOGETHER):
                some.append((load_image(image), check_query(query)))
        except MolmoPointError as error:  # told after the results that are due before
            wrong.append(error)
        if not some:
            return
        dialects, filled = read_each(opened, [image for image, _ in some])
        padding.add(filled.asked, filled.computed)
        yield from zip(dialects, (query for _, query in some), strict=True)
