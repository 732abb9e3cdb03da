"""`molmo-point eval`."""

from __future__ import annotations

import json
import sys

from molmo_point.errors import MolmoPointError

__all__ = ["run_evaluation"]


def run_evaluation(what: str, *, model: str | None, scenes: int, world: str, as_json: bool) -> None:
    """Measure, with a bar on a terminal, and print markdown or JSON."""
    if what != "embedded":
        raise MolmoPointError(f'There is no evaluation "{what}": use "embedded".')
    from rich.console import Console
    from rich.progress import Progress

    from molmo_point.data.worlds import find_world
    from molmo_point.evaluation.scenes import evaluate_scenes
    from molmo_point.pointer import Pointer

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task("scenes", total=scenes)
        report = evaluate_scenes(
            Pointer(model),
            scenes=scenes,
            world=find_world(world),
            progress=lambda done: bar.update(task, completed=done),
        )
    figures = report.to_dict()
    print(json.dumps(figures) if as_json else _markdown(figures))


def _markdown(figures: dict[str, object]) -> str:
    lines = ["| figure | value |", "| --- | --- |"]
    lines += [f"| {k} | {v} |" for k, v in figures.items() if not isinstance(v, dict)]
    columns = ("f1", "precision", "recall", "exact_count", "count_error", "questions")
    rule = "| --- " * (len(columns) + 1) + "|"
    lines += ["", f"| | {' | '.join(columns)} |", rule]
    for title, table in figures.items():
        if not isinstance(table, dict):
            continue
        rows = {title: table} if title == "overall" else table
        for name, row in rows.items():
            lines.append(f"| {name} | {' | '.join(str(row[column]) for column in columns)} |")
    return "\n".join(lines)
