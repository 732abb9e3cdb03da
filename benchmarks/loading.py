"""Peak memory while loading: a written checkpoint of some GB, float32 in shards, to bfloat16.

The layout is Molmo-7B-D's with fewer layers. Each load runs in a process of its own; its private
memory is sampled, and its peak compared with the model and one shard.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import torch
from safetensors.torch import save_file

sys.path.insert(0, str(Path(__file__).parents[1]))
from tests.published import configs, layouts

LOAD = """
import re, sys, threading, time
from pathlib import Path
import torch
import transformers
from molmo_point.models.precision import find_precision
from molmo_point.models.weights import load_model, model_class
folder, name = Path(sys.argv[1]), sys.argv[2]
model_class(folder, "molmo")
precision = find_precision(name)
options = precision.loading_options()
if options:
    import bitsandbytes
    options["device_map"] = "cpu"
def private():
    return int(re.search(r"RssAnon:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
peak, before = [0], private()
def watch():
    while True:
        peak[0] = max(peak[0], private())
        time.sleep(0.004)
threading.Thread(target=watch, daemon=True).start()
start = time.perf_counter()
model = load_model(folder, "molmo", dtype=precision.torch_dtype, **options)
took = time.perf_counter() - start
print(peak[0] - before, sum(p.nbytes for p in model.parameters()), took)
"""


def write(folder: Path, layers: int, rows: int, shards: int) -> list[int]:
    """Write the checkpoint; bytes of each shard."""
    config = configs.dense_molmo(3584, layers, 28, 4, 37888, rows)
    shapes = layouts.molmo(3584, layers, 512, 37888, rows, bias=True)
    (folder / "config.json").write_text(json.dumps(config))
    names, index, sizes = list(shapes), {}, []
    total = sum(torch.Size(shape).numel() for shape in shapes.values()) * 4
    part: dict[str, torch.Tensor] = {}
    for number, name in enumerate(names):
        part[name] = torch.randn(shapes[name]) * 0.02
        size = sum(value.nbytes for value in part.values())
        if size >= total / shards or number == len(names) - 1:
            file = f"model-{len(sizes) + 1:05d}.safetensors"
            save_file(part, folder / file, metadata={"format": "pt"})
            index |= dict.fromkeys(part, file)
            sizes.append(size)
            part = {}
    (folder / "model.safetensors.index.json").write_text(
        json.dumps({"metadata": {"total_size": total}, "weight_map": index})
    )
    return sizes


def main() -> None:
    """Write, load in three precisions, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--shards", type=int, default=6)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        sizes = write(Path(name), options.layers, options.rows, options.shards)
        print(f"{sum(sizes) / 1e9:.2f} GB float32 in {len(sizes)} shards, the largest "
              f"{max(sizes) / 1e9:.2f} GB\n")  # fmt: skip
        print("| precision | model, GB | peak, GB | peak - model, in largest shards | seconds |")
        print("| --- | --- | --- | --- | --- |")
        for precision in ("float32", "bfloat16", "int8", "int4"):
            done = subprocess.run(
                [sys.executable, "-c", LOAD, name, precision],
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            peak, size, took = (float(value) for value in done.stdout.split()[-3:])
            over = (peak - size) / max(sizes)
            print(
                f"| {precision} | {size / 1e9:.2f} | {peak / 1e9:.2f} | {over:.2f} | {took:.1f} |"
            )


if __name__ == "__main__":
    main()
