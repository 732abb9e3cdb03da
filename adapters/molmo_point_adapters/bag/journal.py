"""The answers that were given so far, a line each, so that an interrupted run goes on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from molmo_point import Points
from molmo_point_adapters.bag.records import BagError

__all__ = ["Answer", "Journal"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one image: points, or why there are none to be had.

    Attributes:
        points: what was found; None if the image failed.
        failure: a sentence; "" if it did not fail.
    """

    points: Points | None
    failure: str = ""


class Journal:
    """A file of JSON lines: what is asked of which bag, then one answer for each image.

    Args:
        path: the file; it is begun, or if it is there, gone on with.
        task: what decides the answers: bag, topics, query, model and so on.

    Attributes:
        answers: by the image's number, from 0.

    Raises:
        BagError: the file was begun for another task.
    """

    def __init__(self, path: Path, task: Mapping[str, Any]) -> None:
        self.path = path
        self.answers: list[Answer] = []
        whole = path.read_bytes() if path.exists() else b""
        whole = whole.rpartition(b"\n")[0]  # a line that was cut off is asked again
        begun, *lines = whole.split(b"\n")
        first = json.dumps(task).encode()
        if lines and begun != first:
            raise BagError(
                f'"{path}" holds the answers of another run: finish that one, delete the file, or '
                "name another --out."
            )
        self.answers = [_read(line) for line in lines]
        path.write_bytes(b"\n".join([first, *lines]) + b"\n")

    def add(self, answer: Answer) -> None:
        """Keep the answer to the next image, on disk before the one after it is asked."""
        self.answers.append(answer)
        data = (
            {"failure": answer.failure}
            if answer.points is None
            else {"points": answer.points.to_dict()}
        )
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(data) + "\n")


def _read(line: bytes) -> Answer:
    data = json.loads(line)
    if "points" in data:
        return Answer(Points.from_dict(data["points"]))
    return Answer(None, data["failure"])
