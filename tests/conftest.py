"""What several folders of tests use."""

import os

os.environ["TRITON_INTERPRET"] = "1"  # before anything imports Triton: kernels run on the CPU

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

MOLMO_TOKENS = ("<im_start>", "<im_end>", "<im_patch>", "<im_col>", "<|image|>")


def make_byte_tokenizer(base):
    """Byte b is b + 3, 2 ends a text, the first generation's image tokens from `base` on."""
    alphabet = {}
    code = 256
    for value in range(256):  # the usual printable stand-ins of bytes
        printable = 33 <= value <= 126 or 161 <= value <= 172 or 174 <= value <= 255
        alphabet[chr(value if printable else code)] = value + 3
        code += not printable
    filler = {f"<unused {index}>": index for index in (0, 1, *range(259, base))}
    tokenizer = Tokenizer(models.BPE({**filler, "<|endoftext|>": 2, **alphabet}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(name, normalized=False) for name in MOLMO_TOKENS])
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<|endoftext|>")


@pytest.fixture(scope="session")
def byte_tokenizer():
    """A tokenizer of single bytes, from the id of its first image token."""
    return make_byte_tokenizer
