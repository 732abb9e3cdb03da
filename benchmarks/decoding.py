"""One point list in Molmo's words: ours, with and without drafts, against transformers' generate.

    python benchmarks/decoding.py                      # a small decoder, on the CPU
    python benchmarks/decoding.py --size 7B-D --device cuda --dtype bfloat16 [--quantise int8 int4]

Weights are random and the answer is forced (the same large bias on the same tokens for all), as
timing does not depend on what is said. Generate is timed with its growing cache, with its static
cache, and with that and torch.compile; a way that takes seconds for an answer, once, others three
times. Prints a markdown table; stops if an answer differs.
"""

import argparse

import torch
from clock import now
from forced import BIAS, ForcedBoard
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedTokenizerFast,
    StaticCache,
)

from molmo_point.decoding.batching import Request, decode_continuously
from molmo_point.decoding.options import DecodeOptions
from molmo_point.dialects.fixed_words import draft_fixed_words
from molmo_point.models.fixed_memory import can_be_captured
from molmo_point.models.joined import join_projections
from molmo_point.models.molmo.config import MolmoConfig
from molmo_point.models.molmo.model import MolmoForCausalLM
from molmo_point.models.text_board import TextBoard
from molmo_point.models.text_session import TextSession
from molmo_point.preprocessing.tokens import VISION_TOKENS

SIZES = {
    "tiny": {"hidden_size": 64, "layers": 2, "heads": 4, "kv": 2, "inner": 256, "rows": 1024},
    "small": {"hidden_size": 512, "layers": 8, "heads": 8, "kv": 2, "inner": 4096, "rows": 8192},
    "7B-D": {"hidden_size": 3584, "layers": 28, "heads": 28, "kv": 4, "inner": 37888,
             "rows": 152064},
}  # fmt: skip
CUT = r"(?i:'s|'t)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+"
"""Where Qwen's tokenizer cuts: single digits, words with the space before, runs of signs."""

PROMPT = 740  # image tokens of a 640x480 picture, and the question
REPEATS = 3
LONG = 5.0  # seconds of an answer that is timed once


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
    special = ["<end>", *(VISION_TOKENS[name] for name in ("patch", "col", "start", "end"))]
    trainer = trainers.BpeTrainer(vocab_size=600, special_tokens=special, show_progress=False)
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
        return MolmoForCausalLM(config).eval().requires_grad_(requires_grad=False)


class ForcedTokens(LogitsProcessor):
    """Makes generate say an answer."""

    def __init__(self, answer, start, bias=BIAS):
        self.answer, self.start, self.bias = answer, start, bias

    def __call__(self, input_ids, scores):
        """Raise the wanted token."""
        scores[:, self.answer[input_ids.shape[1] - self.start]] += self.bias
        return scores


def time_ours(session, board, question, answer, draft):
    """Seconds, steps and tokens of the decode after the prompt was read."""
    forced = ForcedBoard(board, [answer])
    options = DecodeOptions(stop=frozenset({answer[-1]}), limit=len(answer) + 1, draft=draft)
    began = now(board.device)
    requests = [Request(session, question)]
    said = [choice.token for choice in decode_continuously(forced, requests, options)]
    return now(board.device) - began, forced.steps, said


@torch.inference_mode()
def time_generate(model, prompt, answer, cache):
    """The same, by transformers; the reading of the prompt, timed alone, is taken off.

    Args:
        model: ours, through plain `generate`.
        prompt: int [1, T].
        answer: ids.
        cache: a static one; None for one that grows.
    """
    forced = LogitsProcessorList([ForcedTokens(answer, prompt.shape[1])])
    common = {
        "attention_mask": torch.ones_like(prompt), "logits_processor": forced, "do_sample": False,
        "eos_token_id": answer[-1], "pad_token_id": 0, "disable_compile": True,
    }  # fmt: skip
    seconds = []
    for limit in (1, len(answer)):
        if cache is not None:
            cache.reset()
        began = now(prompt.device)
        said = model.generate(prompt, max_new_tokens=limit, past_key_values=cache, **common)
        seconds.append(now(prompt.device) - began)
    return seconds[1] - seconds[0], len(answer) - 1, said[0, prompt.shape[1] :].tolist()


def quantise(model, bits):
    """Replace the decoder's linear layers by bitsandbytes', from the same weights."""
    import bitsandbytes as bnb

    for part in list(model.model.language_model.modules()):
        for name, child in list(part.named_children()):
            if type(child) is not torch.nn.Linear:
                continue
            shape = (child.in_features, child.out_features, child.bias is not None)
            weight, device = child.weight.data.cpu(), child.weight.device
            if bits == 8:
                new = bnb.nn.Linear8bitLt(
                    *shape, has_fp16_weights=False, threshold=6.0, device="meta"
                )  # as transformers loads them
                new.weight = bnb.nn.Int8Params(weight, requires_grad=False, has_fp16_weights=False)
            else:
                new = bnb.nn.Linear4bit(
                    *shape, compute_dtype=weight.dtype, quant_type="nf4", device="meta"
                )
                new.weight = bnb.nn.Params4bit(weight, requires_grad=False, quant_type="nf4")
            new.bias = child.bias
            setattr(part, name, new.to(device))


def make_ways(model, prompt, tokenizer, *, captured):
    """Ours to say an answer, by name: from its ids to seconds, steps and tokens."""
    with torch.inference_mode():
        read = {"input_ids": prompt[:, :-1], "attention_mask": torch.ones_like(prompt[:, :-1])}
        session = TextSession.read_images(model, read)
    question = prompt[0, -1:].tolist()
    board = TextBoard(session, 1, captured=captured)
    draft = draft_fixed_words(tokenizer)
    return {
        "molmo_point, no drafts": lambda answer: time_ours(session, board, question, answer, None),
        "molmo_point": lambda answer: time_ours(session, board, question, answer, draft),
    }


def make_peers(model, prompt, longest):
    """Ways of transformers, likewise; the static cache has room for `longest` tokens."""
    static = StaticCache(config=model.model.language_model.config, max_cache_len=PROMPT + longest)
    plain = model.forward
    mode = "reduce-overhead" if prompt.device.type == "cuda" else "default"
    quick = torch.compile(plain, mode=mode)

    def compiled(answer):
        model.forward = quick
        try:
            return time_generate(model, prompt, answer, static)
        finally:
            model.forward = plain

    return {
        "generate, growing cache": lambda answer: time_generate(model, prompt, answer, None),
        "generate, static cache": lambda answer: time_generate(model, prompt, answer, static),
        "generate, static cache, compiled": compiled,
    }


def main():
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", choices=SIZES, default="small")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--dtype", default="float32")
    parser.add_argument("--points", type=int, nargs="+", default=[1, 10, 50])
    parser.add_argument("--quantise", choices=["int8", "int4"], nargs="*", default=[])
    parser.add_argument("--ours", action="store_true", help="leave generate out")
    given = parser.parse_args()
    torch.set_num_threads(1)
    device = torch.device(given.device)
    tokenizer = make_tokenizer()
    answers = [
        [*tokenizer(write_answer(points)).input_ids, tokenizer.eos_token_id]
        for points in given.points
    ]
    prompt = torch.randint(6, 500, (1, PROMPT), device=device)
    for precision in (given.dtype, *given.quantise):
        model = make_model(SIZES[given.size], device, getattr(torch, given.dtype))
        torch.set_default_dtype(torch.float32)
        if precision != given.dtype:
            quantise(model, int(precision.removeprefix("int")))
        read = model.model.language_model.layers.parameters()
        size = sum(value.nbytes for value in (*read, *model.lm_head.parameters()))
        print(f"\n{given.size}, {given.device}, {precision}: {size / 1e9:.2f} GB a step\n")
        print("| points | tokens | how | steps | ms, median | ms a point | against generate |")
        print("| --- | --- | --- | --- | --- | --- | --- |")
        plain = precision == given.dtype
        if device.type == "cuda" and plain:
            join_projections(model.model.language_model)  # as when a checkpoint is loaded
        ways = make_ways(model, prompt, tokenizer, captured=plain and can_be_captured(model))
        peers = {}
        if plain and not given.ours:
            peers = make_peers(model, prompt, max(map(len, answers)) + 1)
            try_out(peers, answers[0])
        for points, answer in zip(given.points, answers, strict=True):
            for way in ways.values():  # graphs are made once
                way(answer)
            print_rows(points, answer, peers | ways)
        del model, ways, peers


def try_out(peers, answer):
    """Let each compile; one that fails here is a row of its own, and left out."""
    for name, way in list(peers.items()):
        try:
            way(answer)
        except Exception as error:  # of whatever kind: ours are to be measured all the same
            first = str(error).splitlines()[0] if str(error) else ""
            print(f"| | | {name} | failed: {type(error).__name__}: {first} | | | |", flush=True)
            del peers[name]


def print_rows(points, answer, ways):
    """Time an answer in all ways, in turn; stops if one says something else."""
    runs = {name: [] for name in ways}
    for turn in range(REPEATS):
        for name, way in ways.items():
            if turn and runs[name][0][0] > LONG:
                continue
            runs[name].append(way(answer))
            if runs[name][-1][2] != answer:
                raise SystemExit(f"{name} said something else.")
    middle = {name: sorted(run[0] for run in runs[name])[len(runs[name]) // 2] for name in ways}
    best = min((took for name, took in middle.items() if "generate" in name), default=None)
    for name, took in middle.items():
        ratio = "" if best is None else f"{best / took:.2f}"
        print(
            f"| {points} | {len(answer)} | {name} | {runs[name][0][1]} | {1e3 * took:.0f} "
            f"| {1e3 * took / points:.1f} | {ratio} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
