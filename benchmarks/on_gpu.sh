#!/usr/bin/env bash
# For a machine with a GPU and without network: one script that measures everything, and trains the embedded
# model on. Steps go by name; one that fails, or takes longer than LIMIT seconds, does not stop the others:
#   kernels     the fused crop path, beside copying as many bytes
#   decoding    one answer: ours beside transformers' generate with growing, static and compiled static cache
#   quantised   the same for ours, in 8 and 4 bits beside bfloat16 (needs bitsandbytes)
#   grounded    MolmoPoint's points: ours beside transformers' generate
#   molmo       Molmo-7B-D at full size: every part of a query beside its floor
#   point       MolmoPoint-8B likewise
#   together    16 queries on one image, and several images, together and apart, for both
#   vllm        the decode of vLLM, if it is installed
#   train       the embedded model goes on learning for MINUTES; to be evaluated elsewhere (molmo-point eval)
# What is made lies in $OUT: tables.md, and of a training train.jsonl and model.tar (15 MB at most). The run itself
# stays in $RUN, and goes on from there at the next call. Bring along, if the machine lacks them:
#   wheels/            pip wheels with all that they need (transformers 5.20 or later, opencv-python-headless, ...)
#   NotoColorEmoji.ttf the font of the emoji scenes
#   atlas/             the atlas of cut-outs, for WORLD=things (docs/data-things.md)
#
#   OUT=out STEPS="kernels decoding" bash benchmarks/on_gpu.sh
#   OUT=out STEPS=train MINUTES=8 LIMIT=560 WORLD=things bash benchmarks/on_gpu.sh
#   OUT=out DEVICE=cpu SIZE=tiny bash benchmarks/on_gpu.sh        # tries the measuring steps without a card
set -euo pipefail
cd "$(dirname "$0")/.."
OUT=${OUT:?say where to write: OUT=folder}
STEPS=${STEPS:-kernels molmo point together grounded decoding quantised vllm} # what is quick first
DEVICE=${DEVICE:-cuda} SIZE=${SIZE:-full}
MINUTES=${MINUTES:-3} WORLD=${WORLD:-drawn} WORKERS=${WORKERS:-14} LIMIT=${LIMIT:-300} TOTAL=${TOTAL:-3600}
RUN=${RUN:-out/run} PYTHON=${PYTHON:-python3}
export PYTHONPATH=$PWD${PYTHONPATH:+:$PYTHONPATH} # the package need not be installed
export PYTHONUNBUFFERED=1                         # rows that were measured are told, whatever comes after
mkdir -p "$OUT"

if [ -d wheels ]; then
  "$PYTHON" -m pip install --quiet --no-index --no-deps --upgrade wheels/*.whl
fi
if [ "$DEVICE" != cpu ]; then nvidia-smi --query-gpu=name,memory.total --format=csv | tee -a "$OUT/tables.md"; fi

if [ "$SIZE" = tiny ]; then
  DECODER=tiny MOLMO=tiny-Molmo POINT=tiny-MolmoPoint DTYPE=float32
  CROPS=(--sizes 320x240 --batch 2) IMAGES=(--sizes 320x240 --points 1 2) POINTS=(--points 1)
else
  DECODER=7B-D MOLMO=Molmo-7B-D POINT=MolmoPoint-8B DTYPE=bfloat16
  CROPS=() IMAGES=() POINTS=(--points 1 10 50)
fi
ON=(--device "$DEVICE" --dtype "$DTYPE")

measure() { # benchmark, its arguments
  local benchmark=$1
  shift
  timeout "$LIMIT" "$PYTHON" "benchmarks/$benchmark.py" "$@" | tee -a "$OUT/tables.md"
}

train() {
  [ -f NotoColorEmoji.ttf ] && mkdir -p ~/.fonts && cp NotoColorEmoji.ttf ~/.fonts/
  [ -d atlas ] && export MOLMO_POINT_CUTOUTS=$PWD/atlas
  mkdir -p "$RUN"
  if [ ! -f "$RUN/config.json" ]; then
    "$PYTHON" - "$WORLD" "$DEVICE" >"$RUN/config.json" <<'CONFIG'
import sys
from molmo_point.training.config import TrainingConfig

world, device = sys.argv[1:]
large = {"small_batch": 64, "large_batch": 24, "peak_rate": 1.2e-3} if device != "cpu" else {}
print(TrainingConfig(world=world, steps=20_000, dense_steps=14_000, **large).to_json())
CONFIG
  fi
  local code=0
  timeout "$LIMIT" "$PYTHON" -c 'from molmo_point.cli.main import main; main()' train "$RUN" \
    --config "$RUN/config.json" --minutes "$MINUTES" --device "$DEVICE" --workers "$WORKERS" \
    --start-from molmo_point/models/embedded --export "$RUN/model" | tail -n 5 || code=$?
  [ -f "$RUN/log.jsonl" ] && cp "$RUN/log.jsonl" "$OUT/train.jsonl"
  [ -d "$RUN/model" ] && tar -cf "$OUT/model.tar" -C "$RUN" model
  return $code
}

quantised() {
  if "$PYTHON" -c 'import bitsandbytes' 2>/dev/null; then
    measure decoding --size "$DECODER" "${ON[@]}" "${POINTS[@]}" --ours --quantise int8 int4
  else
    echo "bitsandbytes is not installed here: 8 and 4 bits were not measured." | tee -a "$OUT/tables.md"
  fi
}

take() {
  case $1 in
    kernels) measure crop_kernel --device "$DEVICE" "${CROPS[@]}" ;;
    decoding) measure decoding --size "$DECODER" "${ON[@]}" "${POINTS[@]}" ;;
    quantised) quantised ;;
    grounded) measure grounded_decoding --model "$POINT" "${ON[@]}" "${POINTS[@]}" ;;
    molmo) measure full_size --model "$MOLMO" "${ON[@]}" "${IMAGES[@]}" ;;
    point) measure full_size --model "$POINT" "${ON[@]}" "${IMAGES[@]}" ;;
    together)
      measure together --model "$MOLMO" "${ON[@]}"
      measure together --model "$POINT" "${ON[@]}" ;;
    vllm) measure vllm_peer ;;
    train) train ;;
    *) echo "There is no step \"$1\"." >&2 && exit 2 ;;
  esac
}

worst=0
for step in $STEPS; do
  if [ "$SECONDS" -gt "$TOTAL" ]; then echo "$step: no time is left" | tee -a "$OUT/tables.md" && continue; fi
  echo "## $step" | tee -a "$OUT/tables.md"
  set +e
  (set -e && take "$step")
  code=$?
  set -e
  if [ $code -ne 0 ]; then
    echo "$step ended with code $code" | tee -a "$OUT/tables.md" >&2
    worst=$code
  fi
done
exit $worst
