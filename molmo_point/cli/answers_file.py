"""Answers as lines of JSON in a file that a stopped run goes on from."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from molmo_point.errors import QueryError

__all__ = ["AnswersFile"]

_BEGINNING = b'{"image": '


class AnswersFile:
    """A line for each image; what was being written when a run was stopped is dropped.

    Args:
        path: made, with its folder, when there is something to write.
        task: what all of its answers are to: query, command, model and what else decides them.

    Attributes:
        images: names of those that have an answer.

    Raises:
        QueryError: the file has something else, or answers to another task.
    """

    def __init__(self, path: Path, task: Mapping[str, Any]) -> None:
        self._path = path
        self._task = dict(task)
        self.images: set[str] = set()
        if not path.exists():
            return
        data = path.read_bytes()
        *lines, rest = data.split(b"\n")
        for number, text in enumerate(lines, 1):
            try:
                line = json.loads(text)
                name, asked = line["image"], dict(line["task"])
            except (ValueError, TypeError, KeyError) as error:
                raise self._foreign(number) from error
            for key, value in self._task.items():
                if asked.get(key) != value:
                    raise QueryError(
                        f"{path} has answers of {key} {json.dumps(asked.get(key))}, "
                        f"not {json.dumps(value)}: name another file."
                    )
            self.images.add(name)
        if not (rest.startswith(_BEGINNING) or _BEGINNING.startswith(rest)):
            raise self._foreign(len(lines) + 1)
        if rest:
            path.write_bytes(data[: len(data) - len(rest)])

    def add(self, name: str, answer: Mapping[str, Any]) -> None:
        """Write an answer; it is on disk afterwards.

        Args:
            name: of the image; one that is not UTF-8 is written as `json.loads` gives it back.
            answer: what is to be kept.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        line = {"image": name, "task": self._task} | dict(answer)
        with self._path.open("a", encoding="ascii") as file:
            file.write(json.dumps(line) + "\n")

    def _foreign(self, number: int) -> QueryError:
        return QueryError(
            f"Line {number} of {self._path} is no answer of this program: name a new file."
        )
