"""MolmoPoint's points: ours against transformers' generate, on the same model object.

    python benchmarks/grounded_decoding.py               # a small decoder, on the CPU
    python benchmarks/grounded_decoding.py --model MolmoPoint-8B --device cuda --dtype bfloat16

Weights are random and the answer is forced (the same large bias on the same tokens for both), as
timing does not depend on what is said. Generate has its growing cache: its static one hands the
model a mask of another shape. Without the reading of the prompt. Stops if an answer differs.
"""

import argparse

import numpy as np
import torch
from clock import default_device, now
from decoding import ForcedTokens
from forced import say, until
from full_models import MOLMO_POINT, Subject
from transformers import LogitsProcessorList

SIZE = (640, 480)
QUERY = "Point to the bottles"
REPEATS = 3
_SURE = 1e6  # more than what the model rules out is lowered by


@torch.inference_mode()
def time_ours(dialect, board, question, options, answer):
    """Seconds and steps."""
    began = now(board.device)
    steps = say(board, [dialect], [question], until(options, answer), [answer])
    return now(board.device) - began, steps


@torch.inference_mode()
def time_generate(model, inputs, question, answer):
    """Seconds of all steps but the first, which reads the prompt; stops if it says otherwise."""
    given = inputs.model_inputs()
    more = torch.tensor([question], device=model.device)
    for name, value in (("input_ids", more), ("attention_mask", torch.ones_like(more)),
                        ("mm_token_type_ids", torch.zeros_like(more))):  # fmt: skip
        given[name] = torch.cat([given[name], value.to(given[name].dtype)], dim=1)
    start = given["input_ids"].shape[1]
    forced = LogitsProcessorList([ForcedTokens(answer, start, bias=_SURE)])
    seconds = []
    for limit in (1, len(answer)):
        began = now(model.device)
        said = model.generate(
            **given, max_new_tokens=limit, do_sample=False, logits_processor=forced,
            eos_token_id=answer[-1], pad_token_id=0, disable_compile=True,
        )  # fmt: skip
        seconds.append(now(model.device) - began)
    if said[0, start:].tolist() != answer:
        raise SystemExit("generate said something else.")
    return seconds[1] - seconds[0], len(answer) - 1


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    device = default_device()
    small = device == "cpu"
    parser.add_argument(
        "--model", choices=MOLMO_POINT, default="small-MolmoPoint" if small else "MolmoPoint-8B"
    )
    parser.add_argument("--device", default=device)
    parser.add_argument("--dtype", default="float32" if small else "bfloat16")
    parser.add_argument("--points", type=int, nargs="+", default=[1, 10, 50])
    given = parser.parse_args()
    torch.set_num_threads(1)
    subject = Subject(given.model, torch.device(given.device), getattr(torch, given.dtype))
    image = np.random.default_rng(0).integers(0, 256, (*SIZE[::-1], 3), dtype=np.uint8)
    inputs = subject.processor.encode_image_prefix([image]).to(subject.model.device)
    dialect = subject.look(image)
    question = dialect.encode_question(QUERY)
    options = dialect.options(single=False, words=False)
    print(f"{given.model}, {given.device}, {given.dtype}\n")
    print("| points | tokens | generate, ms | ours, ms | steps of ours | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    with dialect.board(1) as board:
        for points in given.points:
            answer = subject.answer(dialect, points)
            runs = []
            for _ in range(REPEATS + 1):  # the first one makes graphs and kernels
                theirs = time_generate(subject.model, inputs, question, answer)
                runs.append((theirs[0], *time_ours(dialect, board, question, options, answer)))
            theirs, ours = (sorted(run[at] for run in runs[1:])[REPEATS // 2] for at in (0, 1))
            print(
                f"| {points} | {len(answer)} | {1e3 * theirs:.0f} | {1e3 * ours:.0f} "
                f"| {runs[0][2]} | {theirs / ours:.2f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
