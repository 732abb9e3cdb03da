"""The script that measures on a card runs whole on the CPU, on tiny models."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "on_gpu.sh"
TABLES = {
    "kernels": ["| Molmo2 | 320x240 | 2 |"],
    "decoding": ["| generate, static cache, compiled |", "| molmo_point |"],
    "quantised": ["int8", "int4", "| molmo_point |"],
    "molmo": ["| encoding |", "| a further point |", "| second query, 1 points |"],
    "point": ["| prefill |", "| a further point |", "| first query, 1 points |"],
    "together_molmo": ["| 16 queries on one image |", "| 8 images of several sizes |"],
    "together_point": ["| 16 queries on one image |", "| 8 images of several sizes |"],
    "vllm": [],
}


def run(out, **settings):
    environment = os.environ | {
        "OUT": str(out), "DEVICE": "cpu", "SIZE": "tiny", "PYTHON": sys.executable,
        "OMP_NUM_THREADS": "1", **settings,
    }  # fmt: skip
    return subprocess.run(["bash", SCRIPT], env=environment, capture_output=True, text=True)


def test_every_step_writes_its_table(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.stem for path in tmp_path.glob("*.md")} == set(TABLES)
    for name, rows in TABLES.items():
        text = (tmp_path / f"{name}.md").read_text()
        assert text
        assert len(text) < 15e6
        assert [row for row in rows if row not in text] == []


def test_an_unknown_step_is_named(tmp_path):
    done = run(tmp_path, STEPS="dance")
    assert done.returncode == 2
    assert 'There is no step "dance".' in done.stderr
