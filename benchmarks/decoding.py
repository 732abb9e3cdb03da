"""One point list in Molmo's words: ours, with and without drafts, against transformers' generate.

    python benchmarks/decoding.py                      # a small decoder, on the CPU
    python benchmarks/decoding.py --size 7B-D --device cuda --dtype bfloat16

Weights are random and the answer is forced (the same large bias on the same tokens for all), as
timing does not depend on what is said. Prints a markdown table; stops if an answer differs.
"""

import argparse
import time

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LogitsProcessor, LogitsProcessorList, PreTrainedTokenizerFast

from molmo_point.decoding.engine import DecodeOptions, decode
from molmo_point.dialects.fixed_words import draft_fixed_words
from molmo_point.models.fixed_session import FixedSession
from molmo_point.models.molmo.config import MolmoConfig
from molmo_point.models.molmo.model import MolmoForCausalLM
from molmo_point.models.text_session import TextSession

SIZES = {
    "small": {"hidden_size": 512, "layers": 8, "heads": 8, "kv": 2, "inner": 4096, "rows": 8192},
    "7B-D": {"hidden_size": 3584, "layers": 28, "heads": 28, "kv": 4, "inner": 37888,
             "rows": 152064},
}  # fmt: skip
CUT = r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+"
"""Where Qwen's tokenizer cuts: single digits, words with the space before, runs of signs."""

PROMPT = 740  # image tokens of a 640x480 picture, and the question
BIAS = 1e4
REPEATS = 3


def write_answer(points):
    """A point list of so many points."""
    if points == 1:
        return ' <point x="63.5" y="44.0" alt="bottle">bottle</point>'
    pairs = " ".join(f'x{n}="{n % 90 + 5}.{n % 10}" y{n}="{n * 7 % 90 + 5}.3"'
                     for n in range(1, points + 1))  # fmt: skip
    return f' <points {pairs} alt="bottles">bottles</points>'


def make_tokenizer():
    """Learnt from such answers, cut as Qwen's."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(CUT), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=["<end>"], show_progress=False)
    tokenizer.train_from_iterator([write_answer(n) for n in (1, 10, 100)], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>")


def make_model(size, device, dtype):
    """A decoder of this size with random weights; its vision side is not used and small."""
    config = MolmoConfig.from_dict(
        {
            "model_type": "molmo", "hidden_size": size["hidden_size"],
            "num_hidden_layers": size["layers"], "num_attention_heads": size["heads"],
            "num_key_value_heads": size["kv"], "intermediate_size": size["inner"],
            "vocab_size": size["rows"], "embedding_size": size["rows"], "qkv_bias": True,
            "vision_backbone": {"image_num_layers": 2}, "vit_layers": [-1, -2],
        }
    )  # fmt: skip
    torch.manual_seed(0)
    torch.set_default_dtype(dtype)
    with torch.device(device):
        return MolmoForCausalLM(config).eval()


class Forced:
    """A model that is made to say an answer."""

    def __init__(self, model, answer, start):
        self.model, self.config = model, model.config
        self.answer = torch.tensor(answer, device=next(model.parameters()).device)
        self.start = start

    def __call__(self, **inputs):
        """As the model, with the wanted tokens raised."""
        output = self.model(**inputs)
        if "position_ids" in inputs:
            at = (inputs["position_ids"] - self.start + 1)[..., None]
            known = (at >= 0) & (at < len(self.answer))
            wanted = self.answer[at.clamp(0, len(self.answer) - 1)]
            output.logits.scatter_add_(2, wanted, BIAS * known.to(output.logits.dtype))
        return output


class ForcedTokens(LogitsProcessor):
    """The same for generate."""

    def __init__(self, answer, start):
        self.answer, self.start = answer, start

    def __call__(self, input_ids, scores):
        """Raise the wanted token."""
        scores[:, self.answer[input_ids.shape[1] - self.start]] += BIAS
        return scores


def time_ours(forced, prompt, answer, draft):
    """Seconds, steps and tokens of the decode after the prompt was read."""
    with torch.inference_mode():
        session = TextSession.read_images(
            forced, {"input_ids": prompt[:, :-1], "attention_mask": torch.ones_like(prompt[:, :-1])}
        )
    steps = []

    def counted(written):
        steps.append(len(written))
        return () if draft is None else draft(written)

    options = DecodeOptions(stop=frozenset({answer[-1]}), limit=len(answer) + 1, draft=counted)
    began = start_clock(prompt.device)
    if prompt.device.type == "cuda":
        session = FixedSession.of(session, 1)
    said = [choice.token for choice in decode(session, [prompt[0, -1:].tolist()], options)]
    return stop_clock(prompt.device, began), len(steps) + 1, said


@torch.inference_mode()
def time_generate(model, prompt, answer, cache):
    """The same, by transformers; the reading of the prompt, timed alone, is taken off."""
    forced = LogitsProcessorList([ForcedTokens(answer, prompt.shape[1])])
    common = {
        "attention_mask": torch.ones_like(prompt), "logits_processor": forced, "do_sample": False,
        "eos_token_id": answer[-1], "pad_token_id": 0, "cache_implementation": cache,
    }  # fmt: skip
    seconds = []
    for limit in (1, len(answer)):
        began = start_clock(prompt.device)
        said = model.generate(prompt, max_new_tokens=limit, **common)
        seconds.append(stop_clock(prompt.device, began))
    return seconds[1] - seconds[0], len(answer) - 1, said[0, prompt.shape[1] :].tolist()


def start_clock(device):
    """Now, when all earlier work is done."""
    if device.type == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


def stop_clock(device, began):
    """Seconds since."""
    return start_clock(device) - began


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--points", type=int, nargs="+", default=[1, 10, 50])
    given = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(given.device)
    tokenizer = make_tokenizer()
    model = make_model(SIZES[given.size], device, getattr(torch, given.dtype))
    bytes_read = sum(value.nbytes for value in model.model.language_model.parameters())
    print(f"{given.size}, {given.device}, {given.dtype}: {bytes_read / 1e9:.2f} GB a step\n")
    print("| points | tokens | how | steps | ms, median | ms a point | against generate |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    prompt = torch.randint(1, 500, (1, PROMPT), device=device)
    for points in given.points:
        answer = [*tokenizer(write_answer(points)).input_ids, tokenizer.eos_token_id]
        forced = Forced(model, answer, PROMPT)
        ways = {
            "generate, dynamic cache": lambda a=answer: time_generate(model, prompt, a, "dynamic"),
            "generate, static cache": lambda a=answer: time_generate(model, prompt, a, "static"),
            "molmo_point, no drafts": lambda f=forced, a=answer: time_ours(f, prompt, a, None),
            "molmo_point": lambda f=forced, a=answer: time_ours(
                f, prompt, a, draft_fixed_words(tokenizer)
            ),
        }
        for way in ways.values():  # graphs and kernels are made once
            way()
        runs = {name: [] for name in ways}
        for _ in range(REPEATS):
            for name, way in ways.items():
                runs[name].append(way())
                if runs[name][-1][2] != answer:
                    raise SystemExit(f"{name} said something else.")
        best = min(sorted(r[0] for r in runs[name])[REPEATS // 2] for name in list(ways)[:2])
        for name, results in runs.items():
            middle = sorted(result[0] for result in results)[REPEATS // 2]
            print(
                f"| {points} | {len(answer)} | {name} | {results[0][1]} | {1e3 * middle:.0f} "
                f"| {1e3 * middle / points:.1f} | {best / middle:.2f} |"
            )


if __name__ == "__main__":
    main()
