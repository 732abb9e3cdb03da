#!/usr/bin/env bash
# For a machine with a GPU and without network: one script that measures everything, and trains the embedded
# model on. Steps go by name, each of them meant for at most ten minutes on a large card:
#   kernels     the fused crop path, beside copying as many bytes
#   decoding    one answer: ours beside transformers' generate with growing, static and compiled static cache
#   quantised   the same for ours, in 8 and 4 bits beside bfloat16 (needs bitsandbytes)
#   molmo       Molmo-7B-D at full size: every part of a query beside its floor
#   point       MolmoPoint-8B likewise
#   together    16 queries on one image, and several images, together and apart, for both
#   vllm        the decode of vLLM, if it is installed
#   train       the embedded model goes on learning for MINUTES, and is evaluated
# What is made lies in $OUT, in files of at most 15 MB. Bring along, if the machine lacks them:
#   wheels/            pip wheels (transformers 5.20 or later, opencv-python-headless, scikit-image, ...)
#   NotoColorEmoji.ttf the font of the emoji scenes
#   atlas/             the atlas of cut-outs, for WORLD=things (docs/data-things.md)
#   run/               a run to go on with, as an earlier call left it in $OUT/run
#
#   OUT=out STEPS="kernels decoding" bash benchmarks/on_gpu.sh
#   OUT=out STEPS=train MINUTES=8 WORLD=things bash benchmarks/on_gpu.sh
#   OUT=out DEVICE=cpu SIZE=tiny bash benchmarks/on_gpu.sh        # tries the measuring steps without a card
set -euo pipefail
cd "$(dirname "$0")/.."
OUT=${OUT:?say where to write: OUT=folder}
STEPS=${STEPS:-kernels decoding quantised molmo point together vllm}
DEVICE=${DEVICE:-cuda} SIZE=${SIZE:-full}
MINUTES=${MINUTES:-8} WORLD=${WORLD:-drawn} WORKERS=${WORKERS:-14} SCENES=${SCENES:-200}
PYTHON=${PYTHON:-python3}
mkdir -p "$OUT"

if [ -d wheels ]; then
  "$PYTHON" -m pip install --quiet --no-index --find-links wheels --upgrade wheels/*.whl
fi
if [ "$DEVICE" != cpu ]; then nvidia-smi --query-gpu=name,memory.total --format=csv | tee "$OUT/device.txt"; fi

if [ "$SIZE" = tiny ]; then
  DECODER=tiny MOLMO=tiny-Molmo POINT=tiny-MolmoPoint DTYPE=float32
  CROPS=(--sizes 320x240 --batch 2) IMAGES=(--sizes 320x240 --points 1 2) POINTS=(--points 1)
else
  DECODER=7B-D MOLMO=Molmo-7B-D POINT=MolmoPoint-8B DTYPE=bfloat16
  CROPS=() IMAGES=() POINTS=(--points 1 10 50)
fi
ON=(--device "$DEVICE" --dtype "$DTYPE")

measure() { # file, benchmark, its arguments
  local file=$1 benchmark=$2
  shift 2
  "$PYTHON" "benchmarks/$benchmark.py" "$@" | tee "$OUT/$file.md"
}

train() {
  [ -f NotoColorEmoji.ttf ] && mkdir -p ~/.fonts && cp NotoColorEmoji.ttf ~/.fonts/
  mkdir -p "$OUT/run"
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
  run train "$OUT/run" --config "$OUT/config.json" --minutes "$MINUTES" --device "$DEVICE" \
    --workers "$WORKERS" --start-from molmo_point/models/embedded --export "$OUT/model" | tail -n 5 |
    tee "$OUT/train.txt"
  run eval embedded --model "$OUT/model" --world "$WORLD" --scenes "$SCENES" | tee "$OUT/eval.md"
  "$PYTHON" benchmarks/latency.py | tee "$OUT/latency.md"
}

for step in $STEPS; do
  echo "== $step"
  case $step in
    kernels) measure kernels crop_kernel --device "$DEVICE" "${CROPS[@]}" ;;
    decoding) measure decoding decoding --size "$DECODER" "${ON[@]}" "${POINTS[@]}" ;;
    quantised)
      if "$PYTHON" -c 'import bitsandbytes' 2>/dev/null; then
        measure quantised decoding --size "$DECODER" "${ON[@]}" "${POINTS[@]}" --ours --quantise int8 int4
      else
        echo "bitsandbytes is not installed here: 8 and 4 bits were not measured." | tee "$OUT/quantised.md"
      fi ;;
    molmo) measure molmo full_size --model "$MOLMO" "${ON[@]}" "${IMAGES[@]}" ;;
    point) measure point full_size --model "$POINT" "${ON[@]}" "${IMAGES[@]}" ;;
    together)
      measure together_molmo together --model "$MOLMO" "${ON[@]}"
      measure together_point together --model "$POINT" "${ON[@]}" ;;
    vllm) measure vllm vllm_peer ;;
    train) train ;;
    *) echo "There is no step \"$step\"." >&2 && exit 2 ;;
  esac
done
