"""JSON and server-sent events over HTTP, with bounded retries, within a time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from molmo_point.errors import ServerError, require
from molmo_point.remote.patience import Patience
from molmo_point.remote.replies import read_reason

__all__ = ["KEY", "Connection", "Refused"]

KEY = "MOLMO_POINT_API_KEY"
"""The environment variable with the key of a server."""

_CONNECT = 10.0  # seconds for a connection to come about
_BUSY = frozenset({429, 502, 503, 504})


class Refused(ServerError):
    """An answer with another status than 200.

    Attributes:
        status: of HTTP.
        reason: what the server says, in one line.
    """

    def __init__(self, sentence: str, status: int, reason: str) -> None:
        super().__init__(sentence)
        self.status, self.reason = status, reason


class Connection:
    """Where to ask, with which key, and how long to wait.

    Args:
        url: base address, such as "http://host:8000/v1".
        api_key: sent as a bearer token; none if empty.
        timeout: seconds that the server may take for one question, retries included; the time of
            who reads a stream does not count. A server that falls silent in the middle of an answer
            is given up after as many seconds again, at most.

    Raises:
        MissingExtra: httpx is not installed.
        ServerError: the address or the key cannot be one.
    """

    def __init__(self, url: str, *, api_key: str, timeout: float) -> None:
        self._httpx: ModuleType = require("httpx", "server")
        self.url = url.rstrip("/")
        self._timeout = timeout
        try:
            host = self._httpx.URL(self.url).host
        except self._httpx.InvalidURL as error:
            raise ServerError(
                f'"{url}" is no address ({error}): give one like "http://host:8000/v1".'
            ) from error
        if not host:
            raise ServerError(f'"{url}" names no host: give one like "http://host:8000/v1".')
        key = api_key.strip()  # a file's line break, which no header can hold
        if not (key.isascii() and key.isprintable()):
            raise ServerError(f"The key has characters that no header can hold: see {KEY}.")
        self._has_key = bool(key)
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        try:
            self._client = self._httpx.Client(headers=headers)
        except (ImportError, ValueError, self._httpx.InvalidURL) as error:
            raise ServerError(
                f"The proxy of the environment cannot be used ({error}): change ALL_PROXY, "
                "HTTP_PROXY or HTTPS_PROXY."
            ) from error

    def close(self) -> None:
        """Let go of the sockets."""
        self._client.close()

    def json(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """The whole answer, read.

        Raises:
            Refused: the server says no.
            ServerError: it cannot be reached, takes too long, or sends no JSON.
        """
        patience = Patience(self._timeout)
        while True:
            try:
                return self._read(b"".join(self._chunks(patience, method, path, body)))
            except self._httpx.RequestError as error:
                self._hope(patience, error)
            except _Busy as error:
                self._hope_for_room(patience, error)

    def events(self, path: str, body: dict[str, Any]) -> Iterator[Any]:
        """The events of a stream, each read as soon as it is there, to "[DONE]" or the end.

        What fails before the first event is tried again; what breaks later is an error, so that no
        event comes twice.

        Raises:
            Refused: the server says no.
            ServerError: see `json`; or the connection broke in the middle.
        """
        patience, begun = Patience(self._timeout), False
        while not begun:
            try:
                for line in _lines(self._chunks(patience, "POST", path, body)):
                    data = line.removeprefix(b"data:").strip()
                    if data == b"[DONE]":
                        return
                    if line.startswith(b"data:"):
                        begun = True
                        yield self._read(data)
                if not begun:
                    raise self._httpx.RemoteProtocolError("the answer is empty")
            except self._httpx.RequestError as error:
                if begun and patience.left > 0:
                    raise self.broken(error) from error
                self._hope(patience, error)
            except _Busy as error:
                self._hope_for_room(patience, error)

    def unreadable(self, reply: object) -> ServerError:
        """The error for an answer that is none."""
        return ServerError(f"{self.url} sent what is no chat completion: {str(reply)[:200]!r}.")

    def broken(self, why: object) -> ServerError:
        """The error for an answer that ends in the middle."""
        return ServerError(
            f"The connection to {self.url} broke in the middle of an answer ({why}): ask again."
        )

    def _chunks(
        self, patience: Patience, method: str, path: str, body: dict[str, Any] | None
    ) -> Iterator[bytes]:
        """The bytes of an answer as they come, each piece within the time that is left."""
        patience.tries += 1
        limits = self._httpx.Timeout(patience.left, connect=min(patience.left, _CONNECT))
        request = self._client.build_request(method, self.url + path, json=body, timeout=limits)
        with patience:
            reply = self._client.send(request, stream=True)
        try:
            if reply.status_code != 200:
                with patience:
                    reply.read()
                raise self._refusal(reply)
            chunks = reply.iter_bytes()
            while True:
                with patience:
                    chunk = next(chunks, None)
                if chunk is None:
                    return
                if patience.left <= 0:
                    raise self._httpx.ReadTimeout("it was still answering")
                yield chunk
        finally:
            reply.close()

    def _read(self, data: bytes) -> Any:
        try:
            return json.loads(data)
        except ValueError as error:
            raise self.unreadable(data.decode(errors="replace")) from error

    def _hope(self, patience: Patience, error: Exception) -> None:
        """Return, after a pause, if it is worth trying again; else raise."""
        if patience.left <= 0:
            raise ServerError(
                f"{self.url} took longer than {self._timeout:g} s: give a larger timeout, or ask "
                "for less."
            ) from error
        if not patience.pause():
            raise ServerError(
                f"{self.url} cannot be reached ({str(error) or type(error).__name__}; tries: "
                f"{patience.tries}): is it running, and the address right?"
            ) from error

    def _hope_for_room(self, patience: Patience, error: _Busy) -> None:
        if not patience.pause(error.retry_after):
            raise Refused(str(error), error.status, error.reason) from None

    def _refusal(self, reply: Any) -> Refused:
        status, reason = int(reply.status_code), read_reason(reply.text)
        said = f"({status}: {reason})"
        if status in _BUSY:
            sentence = f"{self.url} is too busy {said}: ask later, or give a larger timeout."
            return _Busy(sentence, status, reason, reply.headers.get("Retry-After"))
        if status in (401, 403):
            what = "refuses the key" if self._has_key else "wants a key"
            sentence = f"{self.url} {what} {said}: give api_key, or set {KEY}."
        elif status == 404:
            sentence = (
                f"{self.url} has no such address or model {said}: does the address end in /v1?"
            )
        elif 300 <= status < 400:
            there = reply.headers.get("Location", "nowhere")
            sentence = f"{self.url} redirects to {there}: give the address that it has now."
        elif status >= 500:
            sentence = f"{self.url} failed at the question {said}: its log says why."
        else:
            sentence = f"{self.url} refuses the question {said}."
        return Refused(sentence, status, reason)


class _Busy(Refused):
    """A refusal that passes."""

    def __init__(self, sentence: str, status: int, reason: str, retry_after: str | None) -> None:
        super().__init__(sentence, status, reason)
        self.retry_after = retry_after


def _lines(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Lines of a stream of events, without their ends; the text in them may hold any character."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        yield from lines
    yield rest
