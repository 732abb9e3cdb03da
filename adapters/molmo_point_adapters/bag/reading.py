"""A recorded bag: its files, its topics, and its messages in order, as far as they can be read."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType, TracebackType

from molmo_point.errors import require
from molmo_point_adapters.bag import mcap_file, sqlite_file
from molmo_point_adapters.bag.records import BagError, Record

__all__ = ["Bag"]

_STORAGES = {".mcap": mcap_file, ".db3": sqlite_file}
_ZSTD = b"\x28\xb5\x2f\xfd"  # RFC 8878: how a frame begins


class Bag:
    """A bag of rosbag2: a folder, or one of its files; mcap or db3, compressed or not.

    The files are found by their names, so that a bag without its metadata.yaml is read too.

    Args:
        path: the folder or file.

    Attributes:
        damage: a sentence for each part that could not be read so far.

    Raises:
        BagError: there is no bag.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.files = _find_files(path)
        self.damage: list[str] = []
        self._kept = ExitStack()
        self._open: list[tuple[ModuleType, Path]] = []

    def __enter__(self) -> Bag:
        """Unpack compressed files, and fill up those that are cut off, in a temporary folder."""
        with self._kept:
            for file in self.files:
                plain = _unpack(file, self._folder()) if file.suffix == ".zstd" else file
                if plain.suffix == ".db3" and sqlite_file.is_cut_off(plain):
                    plain = sqlite_file.fill_up(plain, self._folder() / plain.name)
                self._open.append((_STORAGES[plain.suffix], plain))
            self._kept = self._kept.pop_all()  # nothing failed: they stay until the end
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove what was unpacked."""
        self._kept.close()

    def _folder(self) -> Path:
        return Path(self._kept.enter_context(TemporaryDirectory()))

    def topics(self) -> dict[str, str]:
        """The type of each topic.

        Raises:
            BagError: none of its files can be read.
        """
        found: dict[str, str] = {}
        broken: list[BagError] = []
        for storage, file in self._open:
            try:
                found |= storage.read_topics(file)
            except BagError as error:
                broken.append(error)
        if len(broken) == len(self._open):
            raise broken[0]
        return found

    def count(self, topics: Collection[str]) -> int | None:
        """How many messages of these topics there are; None if the bag does not say."""
        total = 0
        for storage, file in self._open:
            try:
                count = storage.count_messages(file, topics)
            except BagError:
                count = 0
            if count is None:
                return None
            total += count
        return total

    def records(self, topics: Collection[str]) -> Iterator[Record]:
        """The messages of these topics, file after file, in the order they were recorded in.

        What cannot be read is left out and named in `damage`.
        """
        self.damage.clear()
        for storage, file in self._open:
            for record in self._records_of(storage, file, topics):
                if not record.data.startswith(_ZSTD):
                    yield record
                    continue
                data = self._decompress(record.data)  # a message begins with 0, 1: its byte order
                if data is not None:
                    yield Record(record.topic, record.msgtype, record.timestamp, data)

    def _records_of(
        self, storage: ModuleType, file: Path, topics: Collection[str]
    ) -> Iterator[Record]:
        try:
            yield from storage.read_records(file, topics, self.damage.append)
        except BagError as error:  # of one of several files
            self.damage.append(str(error).removesuffix("."))

    def _decompress(self, data: bytes) -> bytes | None:
        zstandard = require("zstandard", "bag")
        try:
            plain: bytes = zstandard.ZstdDecompressor().decompressobj().decompress(data)
        except zstandard.ZstdError:
            self.damage.append("a compressed message is damaged and left out")
            return None
        return plain


def _find_files(path: Path) -> list[Path]:
    if not path.exists():
        raise BagError(f'There is no bag "{path}".')
    candidates = sorted(path.iterdir(), key=_by_number) if path.is_dir() else [path]
    files = [file for file in candidates if _storage_suffix(file) in _STORAGES]
    if not files:
        known = ", ".join(_STORAGES)
        raise BagError(
            f'"{path}" holds no bag of ROS 2 ({known}, perhaps with .zstd): name its folder or '
            "file; a bag of ROS 1 is converted by rosbags-convert first."
        )
    return files


def _storage_suffix(file: Path) -> str:
    return Path(file.stem).suffix if file.suffix == ".zstd" else file.suffix


def _by_number(file: Path) -> list[tuple[int, str]]:
    """drive_2 before drive_10."""
    return [
        (int(part or 0), "") if part.isdigit() else (0, part)
        for part in re.split(r"(\d+)", file.name)
    ]


def _unpack(file: Path, folder: Path) -> Path:
    zstandard = require("zstandard", "bag")
    plain = folder / file.stem
    with file.open("rb") as packed, plain.open("wb") as target:
        try:
            zstandard.ZstdDecompressor().copy_stream(packed, target)
        except zstandard.ZstdError as error:
            if target.tell() == 0:
                raise BagError(f'"{file}" cannot be unpacked: {error}.') from error
    return plain
