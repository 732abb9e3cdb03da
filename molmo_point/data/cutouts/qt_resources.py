"""Files inside Qt's resource files (`.rcc`), read without Qt.

The format is that which `rcc --binary` writes: a header, a tree of fixed-size nodes, names in
UTF-16, and data that may be compressed with zlib (https://doc.qt.io/qt-6/rcc.html).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

from molmo_point.errors import MolmoPointError

__all__ = ["read_resources"]

_ZLIB, _FOLDER, _ZSTD = 1, 2, 4  # flags of a node
_NODE = {1: 14, 2: 22, 3: 22}  # bytes, by version


def read_resources(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Path and content of every file.

    Args:
        data: a whole `.rcc` file.

    Raises:
        MolmoPointError: it is none, or it is compressed in a way that is not read here.
    """
    if data[:4] != b"qres" or (version := struct.unpack(">I", data[4:8])[0]) not in _NODE:
        raise MolmoPointError(f"Not a resource file of Qt that can be read: it begins {data[:8]!r}")
    tree, contents, names = struct.unpack(">III", data[8:20])
    waiting = [(0, "")]
    while waiting:
        number, path = waiting.pop()
        start = tree + number * _NODE[version]
        name_at, flags = struct.unpack(">IH", data[start : start + 6])
        if number:  # the root has no name
            length = struct.unpack(">H", data[names + name_at : names + name_at + 2])[0]
            text = data[names + name_at + 6 :][: 2 * length].decode("utf-16-be")
            path = f"{path}/{text}"
        if flags & _FOLDER:
            count, first = struct.unpack(">II", data[start + 6 : start + 14])
            waiting += [(first + rank, path) for rank in reversed(range(count))]
            continue
        if flags & _ZSTD:
            raise MolmoPointError(f"{path} in a resource file of Qt is compressed with zstd")
        at = contents + struct.unpack(">I", data[start + 10 : start + 14])[0]
        content = data[at + 4 : at + 4 + struct.unpack(">I", data[at : at + 4])[0]]
        yield path, zlib.decompress(content[4:]) if flags & _ZLIB else content
