"""The decode of vLLM, if it is installed here: a decoder of Molmo-7B-D's sizes, random weights.

    python benchmarks/vllm_peer.py

Molmo-7B-D's decoder is Qwen2's, so a Qwen2 of the same sizes is served; the prompt has as many
tokens as a 640x480 image and a question, the answers as many as lists of 1, 10 and 50 points.
"""

import importlib.util
import json
import sys
import tempfile
import time
from pathlib import Path

PROMPT = 740
TOKENS = {1: 25, 10: 169, 50: 886}  # of answers, as `decoding.py` counts them
CONFIG = {
    "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_size": 3584,
    "num_hidden_layers": 28, "num_attention_heads": 28, "num_key_value_heads": 4,
    "intermediate_size": 18944, "vocab_size": 152064, "max_position_embeddings": 4096,
    "rope_theta": 1000000.0, "rms_norm_eps": 1e-6, "hidden_act": "silu", "torch_dtype": "bfloat16",
    "tie_word_embeddings": False,
}  # fmt: skip


def main():
    """Print the table."""
    if importlib.util.find_spec("vllm") is None:
        print("vLLM is not installed here: it was not measured.")
        sys.exit()
    from vllm import LLM, SamplingParams

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "config.json").write_text(json.dumps(CONFIG))
        model = LLM(folder, load_format="dummy", skip_tokenizer_init=True, max_model_len=2048)
        prompt = {"prompt_token_ids": [index % 500 + 6 for index in range(PROMPT)]}
        print("| points | tokens | ms, prefill taken off | ms a point |\n| --- | --- | --- | --- |")
        for points, tokens in TOKENS.items():
            seconds = []
            for count in (1, tokens):
                sampling = SamplingParams(
                    temperature=0, max_tokens=count, ignore_eos=True, detokenize=False
                )
                model.generate([prompt], sampling)
                began = time.perf_counter()
                model.generate([prompt], sampling)
                seconds.append(time.perf_counter() - began)
            took = 1e3 * (seconds[1] - seconds[0])
            print(f"| {points} | {tokens} | {took:.0f} | {took / points:.1f} |")


if __name__ == "__main__":
    main()
