"""A log of what was asked and done: a line of JSON each, with pictures before and after."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from molmo_point_adapters.screen.outcome import Outcome

__all__ = ["ActionLog"]


class ActionLog:
    """A folder with `actions.jsonl` and pictures; it goes on where it stopped.

    Refusals and dry runs are logged as well. What is typed into a secret field is not written down,
    but pictures show what the screen shows.

    Args:
        folder: is made if it is not there, for its owner alone.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._file = self.folder / "actions.jsonl"
        lines = self._file.read_text(encoding="utf-8") if self._file.exists() else ""
        self._next = lines.count("\n") + 1

    def write(self, outcome: Outcome, after: NDArray[np.uint8] | None) -> None:
        """Add one.

        Args:
            outcome: what came of it; its aim is drawn on the picture before.
            after: uint8 [H, W, 3] RGB, what the screen showed afterwards; None if nothing was done.
        """
        number, self._next = self._next, self._next + 1
        line = {"number": number, "time": datetime.now(UTC).isoformat(timespec="milliseconds")}
        pictures = {"before": outcome.draw(), "after": after}
        for name, picture in pictures.items():
            if picture is not None:
                line[name] = f"{number:04d}-{name}.png"
                self._save(picture, self.folder / str(line[name]))
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps({**line, **outcome.to_dict()}, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _save(self, picture: NDArray[np.uint8], path: Path) -> None:
        from PIL import Image

        Image.fromarray(picture).save(path)
