"""`molmo-point models`."""

from __future__ import annotations

import os
import sys

from molmo_point.models.precision import PRECISIONS
from molmo_point.models.registry import EMBEDDED, MODELS, ModelSpec, find_model

__all__ = ["print_models", "print_names"]

_SHOWN = ("bfloat16", "int8", "int4")
_ROOM = 2e9  # bytes for what is not weights: a prompt's keys and values, one image's activations


def _size(parameters: float) -> str:
    return f"{parameters / 1e9:.1f} B" if parameters >= 1e8 else f"{parameters / 1e6:.1f} M"


def memory_here() -> tuple[float, str]:
    """Bytes that a model could have, and of what: the largest GPU's, else the machine's."""
    import torch

    if torch.cuda.is_available():
        sizes = [
            torch.cuda.get_device_properties(index).total_memory
            for index in range(torch.cuda.device_count())
        ]
        return float(max(sizes)), "GPU"
    return float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")), "memory"


def fits(spec: ModelSpec, memory: float) -> str:
    """The best precision at which a model's weights fit into so many bytes, or "no"."""
    for name in _SHOWN:
        if name != "bfloat16" and not spec.matrices:
            continue
        if PRECISIONS[name].weight_bytes(spec.parameters, spec.matrices) + _ROOM <= memory:
            return name
    return "no"


def print_models() -> None:
    """A table on a terminal, tab-separated lines otherwise."""
    memory, where = memory_here()
    here = f"fits here ({where}, {memory * 1e-9:.0f} GB)"
    sizes = tuple(f"{name}, GB" for name in _SHOWN)
    columns = ("model", "size", *sizes, here, "says where in", "takes", "note")
    rows = []
    for spec in MODELS:
        weights = [
            f"{PRECISIONS[name].weight_bytes(spec.parameters, spec.matrices) * 1e-9:.2f}"
            if name == "bfloat16" or spec.matrices
            else "-"
            for name in _SHOWN
        ]
        takes = ["image", "images" * spec.several_images, "video" * spec.video]
        words = "no words" if not spec.language else ""
        note = "; ".join(part for part in (words, spec.note) if part)
        rows.append(
            (
                spec.name,
                _size(spec.parameters),
                *weights,
                "yes" if spec.name == EMBEDDED else fits(spec, memory),
                spec.dialect,
                ", ".join(part for part in takes if part),
                note,
            )
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
    """Everything that the embedded model can be asked for, each spelling on a line."""
    from molmo_point.models.molmo_point.asked import WordLists
    from molmo_point.models.molmo_point.bare_tokenizer import BareTokenizer
    from molmo_point.models.molmo_point.compact_config import read_compact_config
    from molmo_point.models.tokenizer import read_tokenizer

    _, folder = find_model(EMBEDDED)
    assert folder is not None
    config = read_compact_config(folder)
    assert config is not None
    tokenizer = read_tokenizer(folder, BareTokenizer)
    for name in sorted(WordLists(config).spelled(tokenizer.get_vocab())):
        print(name)
