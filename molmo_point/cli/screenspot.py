"""`molmo-point eval screenspot`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from molmo_point.errors import MolmoPointError
from molmo_point.evaluation.screenspot import ScreenCase, evaluate_cases, read_cases
from molmo_point.points import Point, Points

__all__ = ["run_screenspot"]

_SHOWN = 20  # misses that are drawn


def run_screenspot(
    folder: Path | None, asked: Mapping[str, Any], *, report: Path | None, as_json: bool
) -> None:
    """Measure hits, with a bar on a terminal, and print markdown or JSON.

    Args:
        folder: of the cases.
        asked: what `Pointer` is made with.
        report: folder for pictures of misses; none if None.
        as_json: instead of markdown.

    Raises:
        MolmoPointError: no folder is named, or it holds no cases.
    """
    if folder is None:
        raise MolmoPointError("Name the folder of ScreenSpot, its v2 or Pro, or of such cases.")
    from rich.console import Console
    from rich.progress import Progress

    from molmo_point.pointer import Pointer

    cases = read_cases(folder)
    pointer = Pointer(**asked)
    misses: list[tuple[ScreenCase, Point | None]] = []

    def note(case: ScreenCase, point: Point | None) -> None:
        if point is None or not case.is_hit(point):
            misses.append((case, point))

    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        task = bar.add_task("cases", total=len(cases))
        measured = evaluate_cases(
            pointer,
            cases,
            progress=lambda done: bar.update(task, completed=done),
            answered=note,
        )
    if report is not None:
        for number, (case, point) in enumerate(misses[:_SHOWN]):
            _draw(case, point, report / f"{number:02d}.png")
    if as_json:
        print(json.dumps(measured.to_dict()))
        return
    lines = ["| | hit | cases | no point |", "| --- | --- | --- | --- |"]
    for title, table in measured.to_dict().items():
        assert isinstance(table, dict)
        for name, row in ({"overall": table} if title == "overall" else table).items():
            label = name if title == "overall" else f"{title.removeprefix('by_')}: {name}"
            lines.append(f"| {label} | {row['hit']} | {row['cases']} | {row['silent']} |")
    print("\n".join(lines))


def _draw(case: ScreenCase, point: Point | None, path: Path) -> None:
    """The miss with its target framed, under what was asked."""
    from PIL import Image, ImageDraw

    from molmo_point.draw import draw_points
    from molmo_point.images import load_image

    image = load_image(case.image)
    size = (image.shape[1], image.shape[0])
    items = () if point is None else (point,)
    points = Points(items, size, case.instruction, state="points" if items else "none")
    picture = Image.fromarray(draw_points(image, points))
    ImageDraw.Draw(picture).rectangle(case.box, outline=(0, 110, 255), width=3)
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path)
