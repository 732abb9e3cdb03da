"""An OpenAI-compatible server and the model that is asked there, whole or streamed."""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterator, Sequence
from typing import Any

from molmo_point.errors import ModelError
from molmo_point.remote.connection import KEY, Connection, Refused
from molmo_point.remote.replies import Piece, read_choice, read_stream_error

__all__ = ["Server"]

_CHAT = "/chat/completions"
_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError)


class Server:
    """A server and the model that is asked there. Safe to use from several threads.

    Args:
        url: base address, such as "http://host:8000/v1".
        model: the name that it serves; None if it serves one only.
        api_key: sent as a bearer token; by default the environment's MOLMO_POINT_API_KEY.
        timeout: seconds that one question may take, retries included; see `Connection`.

    Raises:
        MissingExtra: httpx is not installed.
        ServerError: it cannot be reached.
        ModelError: it does not serve this model, or several and none was named.
    """

    def __init__(
        self,
        url: str,
        *,
        model: str | None = None,
        api_key: str | None = None,
        timeout: float = 120.0,
    ) -> None:
        key = os.environ.get(KEY, "") if api_key is None else api_key
        self._connection = Connection(url, api_key=key, timeout=timeout)
        weakref.finalize(self, self._connection.close)
        self.url = self._connection.url
        self._probabilities = True
        served = self._served()
        if model is None and len(served) != 1:
            raise ModelError(
                f"{self.url} serves {', '.join(served) or 'no model'}: name one of them, "
                f'Pointer("{self.url}#{served[0] if served else "name"}").'
            )
        if model is not None and model not in served:
            raise ModelError(
                f'{self.url} does not serve "{model}" but {", ".join(served) or "no model"}.'
            )
        self.model: str = served[0] if model is None else model

    def complete(self, content: Sequence[dict[str, Any]], *, limit: int) -> list[Piece]:
        """The whole answer to one message of the user.

        Args:
            content: parts of the message: images, then words.
            limit: tokens of the answer at most.
        """
        body = self._body(content, limit)
        try:
            reply = self._connection.json("POST", _CHAT, body)
        except Refused as refused:
            reply = self._connection.json("POST", _CHAT, self._ask_less(body, refused))
        try:
            return read_choice(reply["choices"][0], "message")
        except _UNREADABLE as error:
            raise self._connection.unreadable(reply) from error

    def stream(self, content: Sequence[dict[str, Any]], *, limit: int) -> Iterator[Piece]:
        """The answer piece by piece, as the server sends it (server-sent events).

        Args:
            content: parts of the message: images, then words.
            limit: tokens of the answer at most.
        """
        body = self._body(content, limit) | {"stream": True}
        try:
            yield from self._stream(body)
        except Refused as refused:
            yield from self._stream(self._ask_less(body, refused))

    def _stream(self, body: dict[str, Any]) -> Iterator[Piece]:
        ended = False
        for event in self._connection.events(_CHAT, body):
            try:
                failure = read_stream_error(event)
                choices = event.get("choices", [])[:1]  # none in an event of statistics
                pieces = [piece for one in choices for piece in read_choice(one, "delta")]
            except _UNREADABLE as error:
                raise self._connection.unreadable(event) from error
            if failure:
                raise self._connection.broken(failure)
            for piece in pieces:
                ended = ended or bool(piece.end)
                yield piece
        if not ended:
            raise self._connection.broken("no reason for the end")

    def _body(self, content: Sequence[dict[str, Any]], limit: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": list(content)}],
            "temperature": 0,
            "max_tokens": limit,
        }
        return body | ({"logprobs": True} if self._probabilities else {})

    def _ask_less(self, body: dict[str, Any], refused: Refused) -> dict[str, Any]:
        """The question without probabilities, for a server that has none; else raise."""
        if "logprobs" not in body or "logprob" not in refused.reason:
            raise refused
        self._probabilities = False
        return {name: value for name, value in body.items() if name != "logprobs"}

    def _served(self) -> list[str]:
        reply = self._connection.json("GET", "/models")
        try:
            return [str(entry["id"]) for entry in reply["data"]]
        except _UNREADABLE as error:
            raise self._connection.unreadable(reply) from error
