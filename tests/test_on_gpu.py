"""The script that measures on a card runs whole on the CPU, on tiny models."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "on_gpu.sh"
TABLES = {
    "kernels": ["| Molmo2 | 320x240 | 2 |"],
    "molmo": ["| encoding |", "| a further point |", "| second query, 1 points |"],
    "point": ["| prefill |", "| a further point |", "| first query, 1 points |"],
    "together": ["| 16 queries on one image |", "| 8 images of several sizes |"] * 2,
    "grounded": ["| points | tokens | generate, ms | ours, ms |", "| 1 |"],
    "decoding": ["| 1 |", "| generate, static cache, compiled |", "| molmo_point |"],
    "quantised": ["int8", "int4", "| molmo_point |"],
    "vllm": [],
}


def run(out, **settings):
    environment = os.environ | {
        "OUT": str(out), "DEVICE": "cpu", "SIZE": "tiny", "PYTHON": sys.executable,
        "OMP_NUM_THREADS": "1", **settings,
    }  # fmt: skip
    return subprocess.run(["bash", SCRIPT], env=environment, capture_output=True, text=True)


def tables(out):
    """The text of each step, by its name."""
    parts = re.split(r"^## (\w+)$", (out / "tables.md").read_text(), flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_every_step_writes_its_table(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    written = tables(tmp_path)
    assert list(written) == list(TABLES)
    for name, rows in TABLES.items():
        text = written[name]
        assert text.strip()
        assert all(text.count(row) >= rows.count(row) for row in rows), text


def test_training_leaves_a_model_and_goes_on_from_where_it_was(tmp_path):
    settings = {"STEPS": "train", "MINUTES": "0.02", "WORKERS": "0", "RUN": str(tmp_path / "run")}
    steps = []
    for out in (tmp_path / "one", tmp_path / "two"):
        done = run(out, **settings)
        assert done.returncode == 0, done.stdout + done.stderr
        assert {path.name for path in out.iterdir()} == {"tables.md", "train.jsonl", "model.tar"}
        assert (out / "model.tar").stat().st_size < 15e6
        steps.append(json.loads((tmp_path / "run" / "run.json").read_text())["step"])
    assert 0 < steps[0] < steps[1]


def test_a_step_that_fails_or_takes_too_long_does_not_stop_the_others(tmp_path):
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\ncase "$*" in *crop_kernel*) exec sleep 9;; *decoding*) exit 3;; esac\n'
        'echo "at $PYTHONPATH"\n'
    )
    python.chmod(0o755)
    done = run(tmp_path, STEPS="kernels decoding vllm", PYTHON=str(python), LIMIT="1")
    written = tables(tmp_path)
    assert "code 124" in written["kernels"]
    assert "code 3" in written["decoding"]
    assert written["vllm"].startswith(f"\nat {SCRIPT.parents[1]}")
    assert done.returncode == 3


def test_an_unknown_step_is_named(tmp_path):
    done = run(tmp_path, STEPS="dance")
    assert done.returncode == 2
    assert 'There is no step "dance".' in done.stderr
