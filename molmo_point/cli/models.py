"""`molmo-point models`."""

from __future__ import annotations

import sys

from molmo_point.models.registry import EMBEDDED, MODELS, find_model

__all__ = ["print_models", "print_names"]


def _size(parameters: float) -> str:
    return f"{parameters / 1e9:.1f} B" if parameters >= 1e8 else f"{parameters / 1e6:.1f} M"


def print_models() -> None:
    """A table on a terminal, tab-separated lines otherwise."""
    columns = ("model", "size", "bytes in bf16", "language", "several images", "video", "note")
    rows = []
    for spec in MODELS:
        runs = spec.generation == "molmo_point"
        note = spec.note if runs else "not yet runnable here"
        yes = ["yes" if has else "no" for has in (spec.language, spec.several_images, spec.video)]
        rows.append(
            (spec.name, _size(spec.parameters), f"{spec.parameters * 2e-9:.2f} GB", *yes, note)
        )
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            print("\t".join(row))
        return
    from rich.console import Console
    from rich.table import Table

    table = Table(*columns, box=None)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def print_names() -> None:
    """Every word that the embedded model knows, one a line."""
    from molmo_point.models.molmo_point.processor import MolmoPointProcessor

    _, folder = find_model(EMBEDDED)
    assert folder is not None
    vocabulary = MolmoPointProcessor.from_pretrained(folder).tokenizer.get_vocab()
    for word in sorted(word for word in vocabulary if word.isalpha()):
        print(word)
