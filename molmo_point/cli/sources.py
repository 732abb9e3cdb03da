"""Words of a command line -> the images they mean, and the query among them."""

from __future__ import annotations

import glob
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from molmo_point.errors import ImageError, QueryError

__all__ = ["Source", "find_sources", "split_query"]

_SUFFIXES = {
    ".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".ppm", ".pgm", ".jp2",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """One image.

    Attributes:
        name: to call it by in results and errors.
        image: a path, or the bytes that came from standard input.
    """

    name: str
    image: Path | bytes


def _means_images(word: str) -> bool:
    if word == "-" or os.path.exists(word):  # noqa: PTH110  # long words are no error
        return True
    if Path(word).suffix.lower() in _SUFFIXES:
        return True
    return bool(_matches(word))


def _matches(pattern: str) -> list[Path]:
    """Files that a pattern means; patterns may be absolute, which `Path.glob` refuses."""
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207
    return sorted(path for path in map(Path, found) if path.is_file())


def split_query(
    words: Sequence[str], query: str | None, *, needed: bool
) -> tuple[list[str], str | None]:
    """Images and query from the words of a command; the query is the last word, or an option.

    Args:
        words: as typed.
        query: from the option `--query`, if given.
        needed: a query must be there.

    Raises:
        QueryError: a query is needed and there is none, or there are no images.
    """
    images = list(words)
    if query is None and len(images) > 1 and (needed or not _means_images(images[-1])):
        query = images.pop()
    if not images:
        raise QueryError("No image was given: name one or more files, a folder, or - for stdin.")
    if needed and query is None:
        raise QueryError(
            f'What to look for in {images[0]}? Give it in words behind the images: "red apples".'
        )
    return images, query


def find_sources(words: Sequence[str]) -> list[Source]:
    """The images that files, folders, patterns and "-" mean, each once, in order.

    A folder gives the images in it, in order of name. Standard input is one image, or paths, a line
    each. A file that is missing stays in the list: reading it will say so.

    Raises:
        ImageError: a folder or pattern holds no image.
    """
    found: dict[str, Source] = {}
    for word in words:
        for source in _expand(word):
            found.setdefault(source.name, source)
    return list(found.values())


def _expand(word: str) -> list[Source]:
    if word == "-":
        return _standard_input()
    if word.lower().startswith(("http://", "https://")):
        raise ImageError(f'"{word}" is an address: download it, or pipe it in (curl ... | -).')
    path = Path(word)
    if path.is_dir():
        there = sorted(p for p in path.iterdir() if not p.name.startswith("."))
        files = [p for p in there if p.suffix.lower() in _SUFFIXES and p.is_file()]
        if not files:
            raise ImageError(f"The folder {word} holds no image: give images or another folder.")
        if len(files) < len(there):
            print(
                f"molmo-point: {word}: left out what is no image or lies in a folder below: "
                f"{_few(sorted(set(there) - set(files)))}",
                file=sys.stderr,
            )
        return [Source(str(file), file) for file in files]
    if not path.exists() and glob.has_magic(word):
        files = _matches(word)
        if not files:
            raise ImageError(f'No file matches "{word}": name a file, a folder or a pattern.')
        return [Source(str(file), file) for file in files]
    return [Source(word, path)]


def _few(paths: Sequence[Path]) -> str:
    names = [path.name + "/" * path.is_dir() for path in paths[:3]]
    return ", ".join(names) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _standard_input() -> list[Source]:
    data = sys.stdin.buffer.read()
    try:
        lines = [line for line in data.decode().splitlines() if line.strip()]
    except UnicodeDecodeError:
        return [Source("-", data)]
    if lines and all("\0" not in line for line in lines):
        return [source for line in lines for source in _expand(line.strip()) if line != "-"]
    return [Source("-", data)]
