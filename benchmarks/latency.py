"""How long the embedded model takes, on one thread: import, cold start, first and second query.

Times are the processor's, of this process or of the one that is started, so that others on the
machine count less. The same model on transformers' parts is measured in the same run.

    python benchmarks/latency.py
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from molmo_point import Pointer
from molmo_point.data.scenes import generate_scene
from molmo_point.models import registry
from molmo_point.models.registry import OpenModel
from molmo_point.models.weights import load_model

FOLDER = Path(registry.__file__).parent / "embedded"
ROOT = Path(__file__).parents[1]
RUNS = 7
QUERIES = [f"{colour} {shape}s" for colour in ("red", "green", "blue", "yellow")
           for shape in ("circle", "star", "square", "triangle")]  # fmt: skip


def median_ms(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median milliseconds of this process and those it waits for, after one that does not count."""
    work()
    times = []
    for _ in range(runs):
        began = processor_seconds()
        work()
        times.append((processor_seconds() - began) * 1e3)
    return statistics.median(times)


def processor_seconds() -> float:
    """Of this process and of its children."""
    own, theirs = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + theirs.ru_utime + theirs.ru_stime


def on_transformers_parts() -> Pointer:
    """The same model in the form that it is trained in."""
    pointer = Pointer()
    opened = pointer._opened
    model = load_model(FOLDER, "molmo_point", dtype=torch.float32)
    pointer._opened = OpenModel(opened.spec, model, opened.processor)
    return pointer


def python(code: str) -> Callable[[], object]:
    """A fresh interpreter that runs this code on one thread."""
    threads = "import os; os.environ['OMP_NUM_THREADS'] = '1'; "
    return lambda: subprocess.run([sys.executable, "-c", threads + code], cwd=ROOT, check=True)


def main() -> None:
    torch.set_num_threads(1)
    torch_alone = median_ms(python("import torch"), 5)
    coins = "from molmo_point import Pointer; Pointer().point('examples/coins.png', 'coins')"
    start = median_ms(python("pass"), 5)
    rows = [
        ("import molmo_point", median_ms(python("import molmo_point"), 5) - start),
        ("import torch alone", torch_alone - start),
        ("cold start: process to first points", median_ms(python(coins), 5)),
    ]
    pointer, plain = Pointer(), on_transformers_parts()
    for size in ((192, 192), (640, 480), (1920, 1080)):
        image = np.ascontiguousarray(generate_scene(1, "dev", size=size, kind="shapes").image)
        name = f"{size[0]}x{size[1]}"
        view = pointer.look(image)
        first = median_ms(lambda image=image: pointer.look(image).point("rockets", single=True))
        second = median_ms(lambda view=view: view.point("rockets", single=True))
        rows += [
            (f"{name}: reading the image", median_ms(lambda image=image: pointer.look(image))),
            (f"{name}: first query, one point", first),
            (f"{name}: second query, one point", second),
        ]
        whole = median_ms(lambda image=image: plain.look(image).point("rockets", single=True))
        seen = plain.look(image)
        again = median_ms(lambda view=seen: view.point("rockets", single=True))
        rows += [
            (f"{name}: first query on transformers' parts", whole),
            (f"{name}: second query on transformers' parts", again),
        ]
        changed = image.copy()
        changed[: size[1] // 16, : size[0] // 16] ^= 255
        again = median_ms(lambda image=changed, view=view: pointer.look(image, before=view))
        apart = median_ms(lambda image=image: [pointer.point(image, q) for q in QUERIES], 1)
        together = median_ms(lambda image=image: pointer.look(image).points(QUERIES), 3)
        rows += [
            (f"{name}: reading it again, a corner changed", again),
            (f"{name}: {len(QUERIES)} queries, each a call of its own", apart),
            (f"{name}: {len(QUERIES)} queries, read once, decoded together", together),
        ]
        many = view.points(["objects"])[0]
        if many:
            whole = median_ms(lambda view=view: view.point("objects"))
            rows.append((f"{name}: second query, {len(many)} points", whole))
    print("| what | median ms |\n| --- | --- |")
    for name, value in rows:
        print(f"| {name} | {value:.1f} |")


if __name__ == "__main__":
    main()
