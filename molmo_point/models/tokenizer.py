"""A checkpoint's tokenizer, or one sentence that says why there is none; and text to ids."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from molmo_point.errors import ModelError

__all__ = ["encode_text", "read_tokenizer"]

_encoding = Lock()  # whether special tokens are split is state of a fast tokenizer


def _with_transformers(folder: Path) -> Any:
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(str(folder), local_files_only=True)


def read_tokenizer(folder: Path, read: Callable[[Path], Any] = _with_transformers) -> Any:
    """Read the tokenizer in a folder.

    Args:
        folder: of a checkpoint.
        read: how; by default as a fast tokenizer of transformers.

    Raises:
        ModelError: its files are missing or damaged.
    """
    try:
        return read(folder)
    except Exception as error:  # the package tokenizers raises nothing narrower
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelError(
            f"{folder} has no tokenizer that can be read ({first}): copy the tokenizer's files of "
            "the checkpoint into it again."
        ) from error


def encode_text(tokenizer: Any, text: str, *, plain: bool) -> list[int]:
    """Ids of a text, without a beginning or an end; from any thread.

    Args:
        tokenizer: as `read_tokenizer` gives it.
        text: any.
        plain: no special token is recognised in it, as in the words of a user.
    """
    with _encoding:
        ids = tokenizer(text, add_special_tokens=False, split_special_tokens=plain).input_ids
    return [int(value) for value in ids]
