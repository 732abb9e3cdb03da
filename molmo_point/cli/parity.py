"""`molmo-point parity`."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from molmo_point.cli.sources import Source
from molmo_point.errors import QueryError

__all__ = ["run_parity"]


def run_parity(
    model: str,
    sources: Sequence[Source],
    queries: Sequence[str],
    *,
    dtype: str,
    against: str,
    device: str | None,
    as_json: bool,
) -> None:
    """Ask a model the same in two precisions, one loaded after the other; print what differs.

    Args:
        model: see `Pointer`.
        sources: the user's images.
        queries: the user's words, at least one.
        dtype: the precision in question.
        against: the precision that is believed.
        device: see `Pointer`.
        as_json: print JSON instead of markdown.
    """
    if not queries:
        raise QueryError('What to ask? Give at least one query: --query "red apples".')
    from rich.console import Console
    from rich.progress import Progress

    from molmo_point.evaluation.parity import answer_all, compare_answers
    from molmo_point.pointer import Pointer

    images = [(source.name, source.image) for source in sources]
    answers = []
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not sys.stderr.isatty()) as bar:
        for name in (against, dtype):
            task = bar.add_task(name, total=len(images))
            pointer = Pointer(model, device=device, dtype=name)

            def step(done: object = task) -> None:
                bar.advance(done)  # type: ignore[arg-type]

            answers.append(list(answer_all(pointer, images, queries, step)))
            del pointer
    parity = compare_answers(*answers)
    figures = parity.to_dict()
    if as_json:
        print(json.dumps({"model": model, "dtype": dtype, "against": against, **figures}))
        return
    print(f"{model}: {dtype} against {against}\n\n| figure | value |\n| --- | --- |")
    for figure, value in figures.items():
        print(f"| {figure} | {value} |")
    print(f"\n| image | query | count {against} | count {dtype} | most moved, pixels |")
    print("| --- | --- | --- | --- | --- |")
    for row in parity.rows:
        most = f"{max(row.moved):.1f}" if row.moved else "-"
        print(f"| {row.image} | {row.query} | {row.before} | {row.after} | {most} |")
