"""Where the time of a query goes, each part beside what the machine needs for it at least.

    python benchmarks/full_size.py --model Molmo-7B-D        # on a GPU, random weights
    python benchmarks/full_size.py --model MolmoPoint-8B
    python benchmarks/full_size.py --model tiny-Molmo --device cpu --dtype float32

Answers are forced. The least is the arithmetic at the measured speed of a large product, or the
bytes at that of a large copy, whichever is more. Stops if an answer differs.
"""

import numpy as np
import torch
from clock import ceilings, milliseconds
from forced import say, until
from full_models import Subject, model_arguments
from torch.utils.flop_counter import FlopCounterMode, flop_registry

SIZES = ("640x480", "1920x1080", "3840x2160")
QUERY = "Point to the bottles"


def count_attention(query, key, value, *_, **__):
    """Of two products for each query head; torch's own count wants as many heads of keys."""
    rows, heads, tokens, width = query
    return 2 * rows * heads * tokens * key[2] * (width + value[3])


ATTENTION = {
    operation: count_attention
    for operation in flop_registry
    if "scaled_dot_product" in str(operation) and "backward" not in str(operation)
}


def operations(work):
    """Floating-point operations of its products and attention, as they are called."""
    with FlopCounterMode(display=False, custom_mapping=ATTENTION) as counter:
        work()
    return counter.get_total_flops()


@torch.inference_mode()
def measure(subject, width, height, points, flops, copies):
    """Rows of a table: name, milliseconds, at least."""
    device, processor = subject.device, subject.processor
    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    weights = subject.weights()

    def prepare():
        return processor.encode_image_prefix([image]).to(device)

    inputs = prepare()
    tokens = inputs.input_ids.shape[1]
    bytes_moved = image.nbytes + inputs.pixel_values.nbytes
    prepared = milliseconds(prepare, device)
    encoded = milliseconds(lambda: subject.encode(inputs), device)
    seen = milliseconds(lambda: subject.look(image), device)
    encoding = operations(lambda: subject.encode(inputs))
    reading = operations(lambda: subject.look(image))
    dialect = subject.look(image)
    question = dialect.encode_question(QUERY)
    rows = [
        ("preprocessing", prepared, 1e3 * bytes_moved / copies),
        ("encoding", encoded, 1e3 * encoding / flops),
        ("prefill", seen - prepared - encoded, 1e3 * (reading - encoding) / flops),
    ]
    options = dialect.options(single=False, words=False)
    with dialect.board(1) as board:
        took = {}
        for count in points:
            answer = subject.answer(dialect, count)
            ending, steps = until(options, answer), []

            def ask(answer=answer, ending=ending, steps=steps):
                steps.append(say(board, [dialect], [question], ending, [answer]))

            took[count] = milliseconds(ask, device, repeats=3)
            least = 1e3 * weights * steps[-1] / copies
            rows.append((f"question and {count} points, {steps[-1]} steps", took[count], least))
    first, last = min(points), max(points)
    if last > first:
        each = (took[last] - took[first]) / (last - first)
        rows.append(("a further point", each, (rows[-1][2] - rows[3][2]) / (last - first)))
    parts = rows[:4]
    rows.append(
        (f"first query, {first} points", sum(r[1] for r in parts), sum(r[2] for r in parts))
    )
    rows.append((f"second query, {first} points", took[first], rows[3][2]))
    print(f"\n{width}x{height}: {len(inputs.pixel_values)} crops, {tokens} tokens\n")
    return rows


def main():
    """Print one table an image size."""
    parser = model_arguments(__doc__)
    parser.add_argument("--sizes", nargs="+", help="of images; by default all on a GPU, else one")
    parser.add_argument("--points", type=int, nargs="+", default=[1, 10, 50, 100])
    given = parser.parse_args()
    device, dtype = torch.device(given.device), getattr(torch, given.dtype)
    print(f"{given.model}, random weights")
    flops, copies = ceilings(device, dtype)
    subject = Subject(given.model, device, dtype)
    for size in given.sizes or (SIZES[:1] if device.type == "cpu" else SIZES):
        width, height = map(int, size.split("x"))
        rows = measure(subject, width, height, sorted(given.points), flops, copies)
        print("| what | ms | at least | ratio |\n| --- | --- | --- | --- |")
        for name, took, least in rows:
            print(f"| {name} | {took:.2f} | {least:.3f} | {took / least:.2f} |", flush=True)
    if device.type == "cuda":
        print(f"\nmemory: {torch.cuda.max_memory_allocated() / 1e9:.1f} GB at most")


if __name__ == "__main__":
    main()
