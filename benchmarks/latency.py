"""How long the embedded model takes, on one thread: import, cold start, first and second query.

python benchmarks/latency.py
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from molmo_point import Pointer
from molmo_point.data.scenes import generate_scene

ROOT = Path(__file__).parents[1]
RUNS = 7
QUERIES = [f"{colour} {shape}s" for colour in ("red", "green", "blue", "yellow")
           for shape in ("circle", "star", "square", "triangle")]  # fmt: skip


def median_ms(work: Callable[[], object], runs: int = RUNS) -> float:
    """Median wall time in milliseconds, after one run that does not count."""
    work()
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append((time.perf_counter() - began) * 1e3)
    return statistics.median(times)


def python(code: str) -> Callable[[], object]:
    """A fresh interpreter that runs this code on one thread."""
    threads = "import os; os.environ['OMP_NUM_THREADS'] = '1'; "
    return lambda: subprocess.run([sys.executable, "-c", threads + code], cwd=ROOT, check=True)


def main() -> None:
    torch.set_num_threads(1)
    coins = "from molmo_point import Pointer; Pointer().point('examples/coins.png', 'coins')"
    start = median_ms(python("pass"), 5)
    rows = [
        ("import molmo_point", median_ms(python("import molmo_point"), 5) - start),
        ("cold start: process to first points", median_ms(python(coins), 3)),
    ]
    pointer = Pointer()
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
        changed = image.copy()
        changed[: size[1] // 16, : size[0] // 16] ^= 255
        again = median_ms(lambda image=changed, view=view: pointer.look(image, before=view))
        apart = median_ms(lambda image=image: [pointer.point(image, q) for q in QUERIES], 3)
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
