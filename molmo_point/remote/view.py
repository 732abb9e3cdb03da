"""An image and the questions about it, asked of a server; the same methods as `View`."""

from __future__ import annotations

import base64
from collections.abc import Generator, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molmo_point.decoding.options import LIMIT
from molmo_point.dialects.pieces import PieceReader
from molmo_point.dialects.questions import (
    CLOSED,
    EVERYTHING,
    check_query,
    list_images,
    list_queries,
)
from molmo_point.errors import ModelError, QueryError
from molmo_point.images import ImageSource, is_plain, load_image
from molmo_point.models.registry import MODELS, ModelSpec
from molmo_point.points import Count, Point, Points
from molmo_point.preprocessing.prompts import count_prompt, point_prompt
from molmo_point.remote.replies import Piece
from molmo_point.remote.server import Server

__all__ = ["RemoteView", "describe_served"]

_SIGNATURES = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg"}


def describe_served(name: str) -> ModelSpec:
    """What a model can do, by the name that a server gives it: its last part counts.

    A name that is not known is taken for a Molmo2's.

    Raises:
        ModelError: its points are no text, so that a server's answer does not hold them.
    """
    last = name.rstrip("/").rsplit("/", 1)[-1]
    for spec in MODELS:
        if spec.name.rsplit("/", 1)[-1].lower() == last.lower():
            if spec.generation == "molmo_point":
                raise ModelError(
                    f'"{name}" points with tokens that are no text, which a server does not send: '
                    f'open it here, Pointer("{spec.name}"), or serve a Molmo2.'
                )
            return replace(spec, name=name)
    return ModelSpec(name, "molmo2", 0, several_images=True)


class RemoteView:
    """One or several images that a server is asked about; they are sent with every question.

    Args:
        server: where to ask.
        spec: what the model there can do.
        image: anything that `load_image` takes, or a list of those.

    Attributes:
        image_size: (width, height) of the first image, pixels.
    """

    def __init__(
        self, server: Server, spec: ModelSpec, image: ImageSource | Sequence[ImageSource]
    ) -> None:
        images = list_images(image, spec)
        pixels = [load_image(one) for one in images]
        self._server = server
        self._sizes = [(array.shape[1], array.shape[0]) for array in pixels]
        self.image_size = self._sizes[0]
        self._parts = [_part(*pair) for pair in zip(images, pixels, strict=True)]

    def __enter__(self) -> RemoteView:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._parts = []

    def point(self, query: str, *, single: bool = False) -> Points:
        """Where a thing is; see `Pointer.point`. `single` takes the first point if there is one."""
        reader = self._reader(query, single=single)
        prompt = point_prompt(query, images=len(self._sizes))
        for piece in self._server.complete(self._content(prompt), limit=LIMIT):
            _take(reader, piece)
        return reader.finish()

    def points(self, queries: Sequence[str], *, single: bool = False) -> list[Points]:
        """Where several things are: one result for each query, in order.

        Raises:
            QueryError: it is one string, or one of them is empty.
        """
        return [self.point(query, single=single) for query in list_queries(queries)]

    def count(self, query: str | None = None) -> Count:
        """How many there are; see `Pointer.count`."""
        query = EVERYTHING if query is None else query
        reader = self._reader(query)
        prompt = count_prompt(query, images=len(self._sizes))
        for piece in self._server.complete(self._content(prompt), limit=LIMIT):
            _take(reader, piece)
        return Count(reader.finish())

    def stream(self, query: str) -> Generator[Point, None, Points]:
        """Points one by one, each as soon as the server has sent it; see `Pointer.stream`."""
        reader = self._reader(query)
        prompt = point_prompt(query, images=len(self._sizes))
        told = 0
        for piece in self._server.stream(self._content(prompt), limit=LIMIT):
            fresh = _take(reader, piece)
            told += len(fresh)
            yield from fresh
        whole = reader.finish()
        yield from tuple(whole)[told:]
        return whole

    def ask(self, question: str) -> str:
        """An answer in words."""
        if not question.strip():
            raise QueryError("The question is empty: say what to ask.")
        pieces = self._server.complete(self._content(question.strip()), limit=LIMIT)
        return "".join(piece.text for piece in pieces).strip()

    def _reader(self, query: str, *, single: bool = False) -> PieceReader:
        check_query(query)
        return PieceReader(query, self._sizes, single=single)

    def _content(self, words: str) -> list[dict[str, Any]]:
        if not self._parts:
            raise QueryError(CLOSED)
        return [*self._parts, {"type": "text", "text": words}]


def _take(reader: PieceReader, piece: Piece) -> list[Point]:
    reader.truncated = reader.truncated or piece.end == "length"
    return reader.take(piece.text, piece.probability) if piece.text else []


def _part(source: ImageSource, pixels: NDArray[np.uint8]) -> dict[str, Any]:
    """An image as a part of a message: its own bytes if the server will see the same pixels."""
    data, kind = _own_bytes(source), "png"
    if data is not None:
        kind = next(name for start, name in _SIGNATURES.items() if data.startswith(start))
    else:
        import cv2

        data = cv2.imencode(".png", cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))[1].tobytes()
    text = base64.b64encode(data).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{text}"}}


def _own_bytes(source: ImageSource) -> bytes | None:
    """The bytes of a plain PNG or JPEG that needs no turning and no alpha; else None."""
    if isinstance(source, str | Path):
        data = Path(source).read_bytes()
    elif isinstance(source, bytes):
        data = source
    else:
        return None
    known = any(data.startswith(start) for start in _SIGNATURES)
    return data if known and is_plain(data) else None
