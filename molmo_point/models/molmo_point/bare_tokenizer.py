"""A checkpoint's tokenizer without transformers: the part of its interface that processors use."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

__all__ = ["BareTokenizer"]

_FILES = ("tokenizer.json", "tokenizer_config.json")


class BareTokenizer:
    """`tokenizer.json`, under the names of transformers' fast tokenizers.

    Args:
        folder: with that file and `tokenizer_config.json`.

    Attributes:
        backend_tokenizer: of the package tokenizers.
        bos_token_id: None where the files name none; likewise the others.
        eos_token_id: of the token that ends an answer.
        pad_token_id: of padding.
        unk_token_id: of what has no token.

    Raises:
        OSError: a file is missing.
        ValueError: a file cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        from tokenizers import Tokenizer

        self._folder = folder
        texts = [(folder / name).read_text(encoding="utf-8") for name in _FILES]
        self.backend_tokenizer: Any = Tokenizer.from_str(texts[0])
        names = json.loads(texts[1])
        ids = []
        for kind in ("bos", "eos", "pad", "unk"):
            token = names.get(f"{kind}_token")
            token = token["content"] if isinstance(token, dict) else token
            ids.append(None if token is None else self.backend_tokenizer.token_to_id(token))
        self.bos_token_id, self.eos_token_id, self.pad_token_id, self.unk_token_id = ids

    def __call__(
        self, text: str, *, add_special_tokens: bool = True, split_special_tokens: bool = False
    ) -> Any:
        """An object with `input_ids` of a text; special tokens in it are split if asked."""
        self.backend_tokenizer.encode_special_tokens = split_special_tokens
        encoded = self.backend_tokenizer.encode(text, add_special_tokens=add_special_tokens)
        return SimpleNamespace(input_ids=encoded.ids)

    def __len__(self) -> int:
        return int(self.backend_tokenizer.get_vocab_size())

    def get_vocab(self) -> dict[str, int]:
        """Ids by token."""
        return dict(self.backend_tokenizer.get_vocab())

    def convert_tokens_to_ids(self, tokens: str | Sequence[str]) -> Any:
        """The id of a token, that of "unknown" if there is none; a list for several."""
        if not isinstance(tokens, str):
            return [self.convert_tokens_to_ids(token) for token in tokens]
        found = self.backend_tokenizer.token_to_id(tokens)
        return self.unk_token_id if found is None else found

    def decode(self, ids: Sequence[int], *, skip_special_tokens: bool = False) -> str:
        """The text of some ids."""
        text: str = self.backend_tokenizer.decode(ids, skip_special_tokens=skip_special_tokens)
        return text

    def save_pretrained(self, folder: str) -> None:
        """Write its files."""
        for name in _FILES:
            shutil.copyfile(self._folder / name, Path(folder) / name)
