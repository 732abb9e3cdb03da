"""`molmo-point eval`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from molmo_point.errors import MolmoPointError

__all__ = ["run_evaluation"]

_WORLDS = ("things", "screens", "tabletop")


def run_evaluation(
    what: str,
    asked: Mapping[str, Any],
    *,
    scenes: int,
    worlds: Sequence[str] | None,
    report: Path | None,
    as_json: bool,
) -> None:
    """Measure, with a bar on a terminal, and print markdown or JSON.

    Args:
        what: "embedded".
        asked: what `Pointer` is made with.
        scenes: of each world.
        worlds: their names; the usual ones if None.
        report: folder for pictures of the worst answers; none if None.
        as_json: instead of markdown.
    """
    if what != "embedded":
        raise MolmoPointError(f'There is no evaluation "{what}": use "embedded" or "screenspot".')
    from rich.console import Console
    from rich.progress import Progress

    from molmo_point.data.worlds import find_world
    from molmo_point.evaluation.scenes import evaluate_scenes
    from molmo_point.evaluation.worst import Worst
    from molmo_point.pointer import Pointer

    chosen = [find_world(name) for name in worlds or _WORLDS]
    pointer = Pointer(**asked)
    figures = {}
    with Progress(
        console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        for world in chosen:
            task = bar.add_task(world.name, total=scenes)
            worst = Worst() if report is not None else None
            measured = evaluate_scenes(
                pointer,
                scenes=scenes,
                world=world,
                progress=lambda done, task=task: bar.update(task, completed=done),  # type: ignore[misc]
                worst=worst,
            )
            figures[world.name] = measured.to_dict()
            if worst is not None and report is not None:
                print(worst.write(report / world.name), file=sys.stderr)
    if as_json:
        print(json.dumps(figures))
        return
    for name, table in figures.items():
        print(f"## {name}\n\n{_markdown(table)}\n")


def _markdown(figures: dict[str, object]) -> str:
    lines = ["| figure | value |", "| --- | --- |"]
    lines += [f"| {k} | {v} |" for k, v in figures.items() if not isinstance(v, dict)]
    columns = ("f1", "precision", "recall", "hit", "exact_count", "count_error", "questions")
    rule = "| --- " * (len(columns) + 1) + "|"
    lines += ["", f"| | {' | '.join(columns)} |", rule]
    for title, table in figures.items():
        if not isinstance(table, dict):
            continue
        rows = {title: table} if title == "overall" else table
        for name, row in rows.items():
            lines.append(f"| {name} | {' | '.join(str(row[column]) for column in columns)} |")
    return "\n".join(lines)
