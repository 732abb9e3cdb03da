"""The worst answers of an evaluation, as pictures: what to look at first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from molmo_point.data.scenes import Scene, SceneQuery
from molmo_point.points import Points

__all__ = ["Worst"]

_RIGHT, _WRONG, _TRUTH = (30, 150, 30), (220, 0, 0), (0, 110, 255)
_CAPTION = 18  # pixels


@dataclass(frozen=True, slots=True)
class _Answer:
    errors: int
    scene: Scene
    query: SceneQuery
    points: Points
    right: NDArray[np.bool_]

    @property
    def sentence(self) -> str:
        there, said = len(self.query.targets), len(self.points)
        return f'"{self.query.text}" ({self.query.kind}): {there} there, {said} said, ' + (
            f"{int(self.right.sum())} right"
        )


class Worst:
    """Keeps the answers with the most wrong and missing points.

    Args:
        most: how many.
    """

    def __init__(self, most: int = 20) -> None:
        self.most = most
        self._kept: list[_Answer] = []

    def add(
        self, scene: Scene, query: SceneQuery, points: Points, right: NDArray[np.bool_]
    ) -> None:
        """Take an answer, and which of its points are right."""
        hits = int(right.sum())
        errors = len(points) - hits + len(query.targets) - hits
        self._kept.append(_Answer(errors, scene, query, points, right))
        self._kept.sort(key=lambda answer: -answer.errors)
        del self._kept[self.most :]

    def write(self, folder: Path) -> Path:
        """Write a picture for each and a page that shows them.

        Args:
            folder: made if needed.

        Returns:
            The page, markdown.
        """
        folder.mkdir(parents=True, exist_ok=True)
        lines = [f"# The {len(self._kept)} worst answers", ""]
        lines += ["Blue: what is there. Green: right points. Red: wrong ones.", ""]
        for rank, answer in enumerate(self._kept, start=1):
            name = f"worst-{rank:02d}.png"
            _draw(answer).save(folder / name)
            lines += [f"{rank}. {answer.sentence}, {answer.scene.kind}", "", f"![]({name})", ""]
        page = folder / "worst.md"
        page.write_text("\n".join(lines), encoding="utf-8")
        return page


def _draw(answer: _Answer) -> Image.Image:
    height, width = answer.scene.image.shape[:2]
    picture = Image.new("RGB", (max(width, 320), height + _CAPTION), "white")
    picture.paste(Image.fromarray(answer.scene.image), (0, _CAPTION))
    pen = ImageDraw.Draw(picture)
    pen.text((3, 3), answer.sentence, fill=(0, 0, 0))
    for index in answer.query.targets:
        left, top, right, bottom = answer.scene.things[index].box
        pen.rectangle((left, top + _CAPTION, right, bottom + _CAPTION), outline=_TRUTH, width=2)
    for point, good in zip(answer.points, answer.right, strict=True):
        x, y = point.x, point.y + _CAPTION
        pen.ellipse((x - 4, y - 4, x + 4, y + 4), fill=_RIGHT if good else _WRONG, outline="white")
    return picture
