"""Clip-art for training alone: what it widens is the ways in which a thing can be drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from molmo_point.data.cutouts.qt_resources import read_resources
from molmo_point.data.cutouts.sources import (
    Packages,
    Picture,
    need,
    read_pixels,
    render_svg,
    svg_document,
)
from molmo_point.errors import MolmoPointError

__all__ = ["read_clipart"]

_ICONS = {"icon-park": "Apache-2.0", "flat-color-icons": "MIT", "flat-ui": "MIT"}
"""npm package `@iconify-json/<set>` -> licence."""
_INKS = {
    "boxicons": "MIT",
    "cil": "CC-BY-4.0",
    "clarity": "MIT",
    "f7": "MIT",
    "fa7-solid": "CC-BY-4.0",
    "fluent-mdl2": "MIT",
    "foundation": "MIT",
    "game-icons": "CC-BY-3.0",
    "healthicons": "MIT",
    "hugeicons": "MIT",
    "la": "Apache-2.0",
    "lucide": "ISC",
    "lucide-lab": "ISC",
    "maki": "CC0-1.0",
    "material-symbols": "Apache-2.0",
    "mdi": "Apache-2.0",
    "mingcute": "Apache-2.0",
    "ph": "MIT",
    "ri": "Apache-2.0",
    "tabler": "MIT",
    "temaki": "CC0-1.0",
    "typcn": "CC-BY-SA-4.0",
    "whh": "OFL-1.1",
}
"""The same for sets of one ink."""

_OPENCLIPART = "usr/share/openclipart/svg"  # public domain
_GCOMPRIS = "usr/share/gcompris-qt/rcc"  # GPL-3.0-or-later and CC-BY-SA


def read_clipart(packages: Packages) -> Iterator[Picture]:
    """The pictures of `clipart.json`, found by name and chosen by eye, in a fixed order.

    Raises:
        MolmoPointError: a package or a picture is not there; the sentence says what to install.
    """
    text = Path(__file__).with_name("clipart.json").read_text(encoding="utf-8")
    tables: dict[str, dict[str, str]] = json.loads(text)
    for icons, licence in _ICONS.items():
        yield from _icons(packages.npm, icons, licence, "drawing", tables[icons])
    yield from _openclipart(packages.debian, tables["openclipart"])
    yield from _gcompris(packages.debian, tables["gcompris"])
    for icons, licence in _INKS.items():
        yield from _icons(packages.npm, icons, licence, "silhouette", tables[icons])


def _icons(
    npm: Path, icons: str, licence: str, medium: str, table: dict[str, str]
) -> Iterator[Picture]:
    package = f"@iconify-json/{icons}"
    path = need(npm / package / "icons.json", f"npm install {package}")
    collection = json.loads(path.read_text(encoding="utf-8"))
    for name, entries in table.items():
        for entry in entries.split():
            if entry not in collection["icons"]:
                raise MolmoPointError(f'There is no icon "{entry}" in {path}: install the release '
                                      f"of {package} that docs/data-things.md names")  # fmt: skip
            pixels = render_svg(svg_document(collection["icons"][entry], collection))
            yield Picture(name, icons, medium, package, licence, pixels)


def _openclipart(root: Path, table: dict[str, str]) -> Iterator[Picture]:
    package = "openclipart-svg"
    folder = need(root / _OPENCLIPART, f"apt-get install {package}")
    for name, entries in table.items():
        for entry in entries.split():
            path = need(folder / f"{entry}.svg", f"apt-get install {package}")
            pixels = render_svg(path.read_text(encoding="utf-8", errors="replace"))
            yield Picture(name, "openclipart", "drawing", package, "public-domain", pixels)


def _gcompris(root: Path, table: dict[str, str]) -> Iterator[Picture]:
    package = "gcompris-qt-data"
    folder = need(root / _GCOMPRIS, f"apt-get install {package}")
    wanted = {entry for entries in table.values() for entry in entries.split()}
    found: dict[str, tuple[str, bytes]] = {}
    for activity in sorted({entry.partition("/")[0] for entry in wanted}):
        file = need(folder / f"{activity}.rcc", f"apt-get install {package}")
        for path, content in sorted(read_resources(file.read_bytes())):
            entry, kind = f"{activity}/{PurePosixPath(path).stem}", PurePosixPath(path).suffix
            if entry in wanted and kind in (".svg", ".webp"):
                found.setdefault(entry, (kind, content))
    for name, entries in table.items():
        for entry in entries.split():
            if entry not in found:
                raise MolmoPointError(f'There is no picture "{entry}" in {folder}: '
                                      f"apt-get install {package}")  # fmt: skip
            kind, content = found[entry]
            svg = kind == ".svg"
            pixels = render_svg(content.decode("utf-8")) if svg else read_pixels(content)
            yield Picture(name, "gcompris", "drawing", package, "GPL-3.0-or-later", pixels)
