"""An OpenAI-compatible server: chat completions, whole or streamed, with bounded retries."""

from __future__ import annotations

import json
import math
import os
import random
import time
import weakref
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from molmo_point.errors import ModelError, ServerError, require

__all__ = ["Piece", "Server"]

_TRIES = 4
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 8.0  # seconds, doubled from one to the other
_BUSY = frozenset({429, 500, 502, 503, 504})
_KEY = "MOLMO_POINT_API_KEY"


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer.

    Attributes:
        text: some characters.
        probability: of these, if the server says so.
        truncated: the answer ends here because of the limit on its length.
    """

    text: str
    probability: float | None
    truncated: bool = False


class Server:
    """A server and the model that is asked there.

    Args:
        url: base address, such as "http://host:8000/v1".
        model: the name that it serves; None if it serves one only.
        api_key: sent as a bearer token; by default the environment's MOLMO_POINT_API_KEY.
        timeout: seconds that one question may take, retries included.

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
        self._httpx: ModuleType = require("httpx", "server")
        self.url = url.rstrip("/")
        self._timeout = timeout
        self._probabilities = True
        key = api_key if api_key is not None else os.environ.get(_KEY)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._client = self._httpx.Client(headers=headers, timeout=timeout, follow_redirects=False)
        weakref.finalize(self, self._client.close)
        served = self._served()
        if model is None and len(served) != 1:
            raise ModelError(
                f"{self.url} serves {', '.join(served) or 'no model'}: name one of them, "
                f'Pointer("{self.url}", model=...).'
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
        reply = self._json("POST", "/chat/completions", self._body(content, limit))
        try:
            choice = reply["choices"][0]
            text = choice["message"]["content"] or ""
            pieces = _pieces(text, choice.get("logprobs"))
        except (KeyError, IndexError, TypeError) as error:
            raise self._unreadable(reply) from error
        cut = Piece("", 1.0, truncated=choice.get("finish_reason") == "length")
        return [*pieces, cut]

    def stream(self, content: Sequence[dict[str, Any]], *, limit: int) -> Iterator[Piece]:
        """The answer, piece by piece as the server sends it (server-sent events).

        A connection that fails before the first piece is tried again; one that breaks later is an
        error, so that no piece comes twice.
        """
        body = {**self._body(content, limit), "stream": True}
        for attempt in self._attempts():
            begun = False
            try:
                with self._client.stream(
                    "POST", self._path("/chat/completions"), json=body
                ) as reply:
                    if reply.status_code != 200:
                        reply.read()
                        self._check(reply, attempt, body)
                        continue
                    for line in reply.iter_lines():
                        for piece in self._read_event(line):
                            begun = True
                            yield piece
                        if line.strip() == "data: [DONE]":
                            return
                    raise self._httpx.RemoteProtocolError("the stream ended before [DONE]")
            except self._httpx.TransportError as error:
                if begun:
                    raise ServerError(
                        f"The connection to {self.url} broke in the middle of an answer "
                        f"({error}): ask again."
                    ) from error
                self._wait(attempt, error)

    def _body(self, content: Sequence[dict[str, Any]], limit: int) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [{"role": "user", "content": list(content)}],
            "temperature": 0,
            "max_tokens": limit,
        }
        return body | ({"logprobs": True} if self._probabilities else {})

    def _served(self) -> list[str]:
        reply = self._json("GET", "/models")
        try:
            return [str(entry["id"]) for entry in reply["data"]]
        except (KeyError, TypeError) as error:
            raise self._unreadable(reply) from error

    def _json(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        for attempt in self._attempts():
            try:
                reply = self._client.request(method, self._path(path), json=body)
            except self._httpx.TransportError as error:
                self._wait(attempt, error)
                continue
            if reply.status_code == 200:
                try:
                    return reply.json()
                except ValueError as error:
                    raise self._unreadable(reply.text) from error
            self._check(reply, attempt, body)
        raise AssertionError("attempts end with an error")

    def _path(self, path: str) -> str:
        return self.url + path

    def _attempts(self) -> Iterator[_Attempt]:
        end = time.monotonic() + self._timeout
        for number in range(1, _TRIES + 1):
            yield _Attempt(number, end)

    def _check(self, reply: Any, attempt: _Attempt, body: dict[str, Any] | None) -> None:
        """Wait and return if it is worth trying again; else raise what the server says."""
        said = _reason(reply.text)
        if reply.status_code in (400, 422) and body and "logprob" in said and "logprobs" in body:
            self._probabilities = False  # this server gives no probabilities
            del body["logprobs"]
            return
        if reply.status_code in _BUSY:
            self._wait(attempt, f"{reply.status_code} {said}", reply.headers.get("Retry-After"))
            return
        if reply.status_code in (401, 403):
            raise ServerError(
                f"{self.url} refuses the key ({reply.status_code}): give api_key, or set {_KEY}."
            )
        if reply.status_code == 404:
            raise ServerError(
                f"{reply.request.url} is not there (404): the address usually ends in /v1."
            )
        raise ServerError(f"{self.url} refuses the question ({reply.status_code}): {said}")

    def _wait(self, attempt: _Attempt, reason: object, after: str | None = None) -> None:
        """Sleep before the next attempt, or raise if there is none."""
        pause = min(_FIRST_WAIT * 2 ** (attempt.number - 1), _LONGEST_WAIT)
        pause *= random.uniform(0.5, 1.0)  # so that many clients do not come back together
        if after is not None and after.strip().isdigit():
            pause = float(after)
        over = time.monotonic() + pause >= attempt.end
        if attempt.number == _TRIES or over:
            text = str(reason) or type(reason).__name__
            raise ServerError(
                f"{self.url} did not answer within {attempt.number} tries and "
                f"{self._timeout:g} s ({text}): is it running, and the address right?"
            )
        time.sleep(pause)

    def _read_event(self, line: str) -> Iterator[Piece]:
        if not line.startswith("data:") or line.strip() == "data: [DONE]":
            return
        try:
            event = json.loads(line.removeprefix("data:"))
            if "error" in event:
                raise ServerError(f"{self.url} failed while answering: {_reason(line[5:])}")
            for choice in event["choices"][:1]:
                text = (choice.get("delta") or {}).get("content") or ""
                if text:
                    yield from _pieces(text, choice.get("logprobs"))
                if choice.get("finish_reason") == "length":
                    yield Piece("", 1.0, truncated=True)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise self._unreadable(line) from error

    def _unreadable(self, reply: object) -> ServerError:
        return ServerError(f"{self.url} sent what is no chat completion: {str(reply)[:200]!r}.")


@dataclass(frozen=True, slots=True)
class _Attempt:
    number: int  # from 1
    end: float  # of all attempts, on the monotonic clock


def _pieces(text: str, probabilities: Any) -> list[Piece]:
    """Text with the probabilities of its tokens, if they spell it; else as one piece."""
    entries = (probabilities or {}).get("content") or []
    tokens = [str(entry["token"]) for entry in entries]
    if not entries or "".join(tokens) != text:
        return [Piece(text, None)] if text else []
    return [
        Piece(token, math.exp(min(float(entry["logprob"]), 0.0)))
        for token, entry in zip(tokens, entries, strict=True)
    ]


def _reason(text: str) -> str:
    """What an error's body says, in one line."""
    try:
        body = json.loads(text)
        error = body.get("error", body.get("message", body))
        text = str(error.get("message", error) if isinstance(error, dict) else error)
    except (ValueError, AttributeError):
        pass
    return " ".join(text.split())[:300] or "no reason given"
