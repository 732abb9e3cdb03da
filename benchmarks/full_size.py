"""Molmo-7B-D at full size with random weights on a CUDA GPU: where the time of a query goes.

Preprocessing, encoding, reading and decoding apart, each beside what the card needs at least for
the arithmetic or for reading the weights, which is measured in the same run.

    python benchmarks/full_size.py
"""

import time

import numpy as np
import torch
from decoding import SIZES, make_model

from molmo_point.models.fixed_session import FixedSession
from molmo_point.models.molmo.config import MolmoConfig
from molmo_point.models.molmo.connector import MolmoVisionBackbone
from molmo_point.models.text_session import TextSession
from molmo_point.preprocessing.padded import MOLMO_CROPS
from molmo_point.preprocessing.planned import crop_padded_on

VISION = 0.28e9  # parameters of the layers that are used
CONNECTOR = 0.114e9
QUESTION = 24  # tokens
STEPS = 30  # of an answer with one point


def milliseconds(work, repeats=7):
    """Median, all earlier work done before and all of it waited for."""
    times = []
    for number in range(repeats + 2):
        torch.cuda.synchronize()
        began = time.perf_counter()
        work()
        torch.cuda.synchronize()
        if number >= 2:
            times.append(1e3 * (time.perf_counter() - began))
    return float(np.median(times))


def ceilings():
    """FLOP/s of a large bf16 product, bytes a second of a copy."""
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    flops = 2 * 8192**3 / milliseconds(lambda: a @ b) * 1e3
    big = torch.empty(2**30, dtype=torch.uint8, device="cuda")
    return flops, 2 * big.numel() / milliseconds(lambda: big.clone()) * 1e3


@torch.inference_mode()
def main():
    """Print one table an image size."""
    device = torch.device("cuda")
    flops, copies = ceilings()
    print(f"{torch.cuda.get_device_name()}: {flops / 1e12:.0f} TFLOP/s, {copies / 1e12:.2f} TB/s")
    model = make_model(SIZES["7B-D"], device, torch.bfloat16)
    with device:
        backbone = MolmoVisionBackbone(MolmoConfig()).to(torch.bfloat16).eval()
    torch.set_default_dtype(torch.float32)
    weights = sum(value.nbytes for value in model.model.language_model.layers.parameters())
    for width, height in ((640, 480), (1920, 1080)):
        image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
        crops = crop_padded_on(image, MOLMO_CROPS, device)
        pixels = crops.crops.pixel_values
        masks = torch.from_numpy(crops.masks).to(device)
        pooling = torch.from_numpy(crops.crops.token_pooling).to(device)
        tokens = len(pooling) + 20
        ids = torch.randint(1, 500, (1, tokens), device=device)
        inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        prefix = TextSession.read_images(model, inputs)
        question = [list(range(1, QUESTION))]

        def answer(rows, prefix=prefix, question=question):
            session = FixedSession.of(prefix, rows)
            session.ask(question * rows)
            for _ in range(STEPS):
                session.read([[5]] * rows)

        rows = {
            "preprocessing, from the bytes": (
                milliseconds(lambda i=image: crop_padded_on(i, MOLMO_CROPS, device)),
                image.nbytes / copies * 1e3,
            ),
            "encoding": (
                milliseconds(lambda p=pixels, m=masks, t=pooling: backbone(p, m, t)),
                2e3 * (VISION * pixels.shape[0] * pixels.shape[1] + CONNECTOR * 4 * len(pooling))
                / flops,
            ),
            "reading the image": (
                milliseconds(lambda i=inputs: TextSession.read_images(model, i)),
                1e3 * weights * tokens / flops,
            ),
            f"question and {STEPS} steps": (
                milliseconds(lambda: answer(1)), 1e3 * weights * (STEPS + 1) / copies
            ),
            f"16 questions and {STEPS} steps": (
                milliseconds(lambda: answer(16)), 1e3 * weights * (STEPS + 1) / copies
            ),
        }  # fmt: skip
        print(f"\n{width}x{height}, {len(pixels)} crops, {tokens} tokens\n")
        print("| what | ms | at least | ratio |\n| --- | --- | --- | --- |")
        for name, (took, least) in rows.items():
            print(f"| {name} | {took:.2f} | {least:.2f} | {took / least:.2f} |")
        first = sum(took for took, _ in list(rows.values())[:4])
        print(f"| first query | {first:.1f} | {sum(x for _, x in list(rows.values())[:4]):.1f} | |")
    print(f"\nmemory: {torch.cuda.max_memory_allocated() / 1e9:.1f} GB at most")


if __name__ == "__main__":
    main()
