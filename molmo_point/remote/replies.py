"""What a chat completion says: its text in pieces, each with its probability."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

__all__ = ["Piece", "read_choice", "read_reason", "read_stream_error"]

_SHOWN = 300  # characters of what a server says in its errors


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of an answer.

    Attributes:
        text: some characters; none at the end.
        probability: of these, if the server says so.
        end: why the answer is over, "stop" or "length" for instance; "" while it goes on.
    """

    text: str
    probability: float | None
    end: str = ""


def read_choice(choice: Any, part: Literal["message", "delta"]) -> list[Piece]:
    """The pieces of one choice of a reply, or of one event of a stream.

    Args:
        choice: `reply["choices"][0]` of the OpenAI chat completions.
        part: "message" in a whole reply, "delta" in an event.

    Raises:
        TypeError, KeyError, ValueError, AttributeError: it is no such thing.
    """
    text = (choice[part] or {}).get("content") or ""
    if not isinstance(text, str):
        raise TypeError(f"content is {type(text).__name__}")
    entries = (choice.get("logprobs") or {}).get("content") or []
    tokens = [(str(entry["token"]), _probability(entry.get("logprob"))) for entry in entries]
    pieces = list(_spell(text, tokens))
    end = choice.get("finish_reason")
    return [*pieces, Piece("", None, end=str(end))] if end else pieces


def read_reason(text: str) -> str:
    """What the body of an error says, in one line."""
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    if isinstance(body, dict):
        body = body.get("error") or body.get("message") or body.get("detail") or body
    return _one_line(body)


def read_stream_error(event: Any) -> str:
    """What an event says has failed, in one line; "" if none has.

    Raises:
        AttributeError: it is no event.
    """
    error = event.get("error")
    return _one_line(error) if error else ""


def _one_line(error: object) -> str:
    text = str(error.get("message", error) if isinstance(error, dict) else error)
    return " ".join(text.split())[:_SHOWN] or "no reason given"


def _spell(text: str, tokens: list[tuple[str, float | None]]) -> Iterator[Piece]:
    """The text, cut where its tokens are.

    Tokens that the text lacks are passed over: the one that ends an answer, and the parts of a
    character that several tokens make. Text that no token spells has no probability.
    """
    done = 0
    for token, probability in tokens:
        start = text.find(token, done) if token else -1
        if start < 0:
            continue
        if start > done:
            yield Piece(text[done:start], None)
        yield Piece(token, probability)
        done = start + len(token)
    if done < len(text):
        yield Piece(text[done:], None)


def _probability(logarithm: object) -> float | None:
    if not isinstance(logarithm, int | float) or math.isnan(logarithm):
        return None
    return math.exp(min(logarithm, 0.0))
