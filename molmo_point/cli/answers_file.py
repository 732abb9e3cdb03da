"""Answers as lines of JSON in a file that a stopped run goes on from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from molmo_point.errors import QueryError

__all__ = ["AnswersFile"]


class AnswersFile:
    """A line for each image; what was being written when a run was stopped is dropped.

    Args:
        path: made, with its folder, when there is something to write.
        query: what all of its answers are to.

    Attributes:
        images: names of those that have an answer.

    Raises:
        QueryError: the file has something else, or answers to another query.
    """

    def __init__(self, path: Path, query: str) -> None:
        self._path = path
        self.images: set[str] = set()
        if not path.exists():
            return
        data = path.read_bytes()
        whole = data[: data.rfind(b"\n") + 1]
        for number, text in enumerate(whole.decode(errors="replace").splitlines(), 1):
            try:
                line = json.loads(text)
                name, asked = line["image"], line["query"]
            except (ValueError, TypeError, KeyError) as error:
                raise QueryError(
                    f"Line {number} of {path} is no answer of this program: name a new file."
                ) from error
            if asked != query:
                raise QueryError(
                    f'{path} has answers to "{asked}", not to "{query}": name another file.'
                )
            self.images.add(name)
        if len(whole) < len(data):
            path.write_bytes(whole)

    def add(self, line: dict[str, Any]) -> None:
        """Write an answer; it is on disk afterwards."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
