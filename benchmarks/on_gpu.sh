#!/usr/bin/env bash
# For a machine with a GPU and without network: measures kernels, decoding and a full-size model, then
# trains the embedded model on and evaluates it. MEASURE=0 leaves the first out, MINUTES=0 the second.
# What it makes lies in $OUT, in files of at most 15 MB. Bring along, if the machine lacks them:
#   wheels/            pip wheels (transformers 5.20 or later, opencv-python-headless, scikit-image, ...)
#   NotoColorEmoji.ttf the font of the emoji scenes
#   atlas/             the atlas of cut-outs, for WORLD=things (docs/data-things.md)
#   run/               a run to go on with, as an earlier call left it in $OUT/run
#
#   OUT=out MINUTES=8 WORLD=things bash benchmarks/on_gpu.sh
set -euo pipefail
cd "$(dirname "$0")/.."
OUT=${OUT:?say where to write: OUT=folder}
MINUTES=${MINUTES:-8} WORLD=${WORLD:-drawn} DEVICE=${DEVICE:-cuda} WORKERS=${WORKERS:-14}
SCENES=${SCENES:-200}
PYTHON=${PYTHON:-python3}
mkdir -p "$OUT/run"

if [ -d wheels ]; then
  "$PYTHON" -m pip install --quiet --no-index --find-links wheels --upgrade wheels/*.whl
fi
if [ -f NotoColorEmoji.ttf ]; then
  mkdir -p ~/.fonts && cp NotoColorEmoji.ttf ~/.fonts/
fi
if [ "${MEASURE:-1}" = 1 ] && [ "$DEVICE" != cpu ]; then
  "$PYTHON" benchmarks/kernels.py | tee "$OUT/kernels.md"
  "$PYTHON" benchmarks/decoding.py --size 7B-D --device cuda --dtype bfloat16 | tee "$OUT/decoding.md"
  "$PYTHON" benchmarks/full_size.py | tee "$OUT/full_size.md"
fi
[ "$MINUTES" = 0 ] && exit
[ -d run ] && cp -r run/. "$OUT/run/"
[ -d atlas ] && export MOLMO_POINT_CUTOUTS=$PWD/atlas
run() { "$PYTHON" -c 'from molmo_point.cli.main import main; main()' "$@"; }

if [ ! -f "$OUT/config.json" ]; then
  "$PYTHON" - "$WORLD" "$DEVICE" >"$OUT/config.json" <<'CONFIG'
import sys
from molmo_point.training.config import TrainingConfig

world, device = sys.argv[1:]
large = {"small_batch": 64, "large_batch": 24, "peak_rate": 1.2e-3} if device != "cpu" else {}
print(TrainingConfig(world=world, steps=20_000, dense_steps=14_000, **large).to_json())
CONFIG
fi
if [ "$DEVICE" != cpu ]; then nvidia-smi --query-gpu=name,memory.total --format=csv | tee "$OUT/device.txt"; fi
run train "$OUT/run" --config "$OUT/config.json" --minutes "$MINUTES" --device "$DEVICE" \
  --workers "$WORKERS" --start-from molmo_point/models/embedded --export "$OUT/model" | tail -n 5 |
  tee "$OUT/train.txt"
run eval embedded --model "$OUT/model" --world "$WORLD" --scenes "$SCENES" | tee "$OUT/eval.md"
"$PYTHON" benchmarks/latency.py | tee "$OUT/latency.md"
