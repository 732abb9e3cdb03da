"""Text to ids from several threads: whether special tokens count is never another thread's word."""

import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

from molmo_point.models.tokenizer import encode_text


class Slow:
    """Keeps the setting as state, as fast tokenizers do."""

    def __call__(self, text, *, add_special_tokens, split_special_tokens):
        self.splits = split_special_tokens
        time.sleep(0.001)
        return SimpleNamespace(input_ids=[1, 2, 3] if self.splits else [9])


def test_each_call_has_its_own_setting():
    tokenizer = Slow()
    plain = [bool(number % 2) for number in range(100)]
    with ThreadPoolExecutor(8) as pool:
        ids = list(pool.map(lambda one: encode_text(tokenizer, "<|end|>", plain=one), plain))
    assert ids == [[1, 2, 3] if one else [9] for one in plain]
