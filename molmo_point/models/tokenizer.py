"""A checkpoint's tokenizer, or one sentence that says why there is none."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from molmo_point.errors import ModelError

__all__ = ["read_tokenizer"]


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
