"""Clip-art for training alone: what it widens is the ways in which a thing can be drawn."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

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

_ICONS = {
    "icon-park": "Apache-2.0",
    "flat-color-icons": "MIT",
    "flat-ui": "MIT",
    "fluent-color": "MIT",
}
"""npm package `@iconify-json/<set>` -> licence."""
_INKS = {
    "bi": "MIT",
    "boxicons": "MIT",
    "carbon": "Apache-2.0",
    "cil": "CC-BY-4.0",
    "clarity": "MIT",
    "entypo": "CC-BY-SA-4.0",
    "f7": "MIT",
    "fa7-solid": "CC-BY-4.0",
    "fluent-mdl2": "MIT",
    "fontisto": "MIT",
    "foundation": "MIT",
    "game-icons": "CC-BY-3.0",
    "gravity-ui": "MIT",
    "healthicons": "MIT",
    "hugeicons": "MIT",
    "ion": "MIT",
    "jam": "MIT",
    "la": "Apache-2.0",
    "lucide": "ISC",
    "lucide-lab": "ISC",
    "maki": "CC0-1.0",
    "material-symbols": "Apache-2.0",
    "mdi": "Apache-2.0",
    "mingcute": "Apache-2.0",
    "mynaui": "MIT",
    "ph": "MIT",
    "ri": "Apache-2.0",
    "tabler": "MIT",
    "tdesign": "MIT",
    "temaki": "CC0-1.0",
    "typcn": "CC-BY-SA-4.0",
    "uil": "Apache-2.0",
    "vaadin": "Apache-2.0",
    "whh": "OFL-1.1",
}
"""The same for sets of one ink."""


@dataclass(frozen=True, slots=True)
class _Folder:
    """Picture files below one folder of a Debian package."""

    package: str
    path: str
    licence: str


_ICON_THEMES = "usr/share/icons"
_LESSONS = "usr/share/games/pysiogame/res/images"
_FOLDERS = {
    "openclipart": _Folder("openclipart-svg", "usr/share/openclipart/svg", "public-domain"),
    "art4apps": _Folder("pysiogame", f"{_LESSONS}/art4apps", "CC-BY-SA"),
    "pysiogame": _Folder("pysiogame", _LESSONS, "public-domain"),
    "elementary": _Folder(
        "elementary-icon-theme", f"{_ICON_THEMES}/elementary", "GPL-3.0-or-later"
    ),
    "nuovo": _Folder("gnome-icon-theme-nuovo", f"{_ICON_THEMES}/Nuovo", "GPL-2.0-or-later"),
    "oxygen": _Folder("oxygen-icon-theme", f"{_ICON_THEMES}/oxygen/base", "LGPL-3.0-or-later"),
    "papirus": _Folder("papirus-icon-theme", f"{_ICON_THEMES}/Papirus/64x64", "GPL-3.0-only"),
    "tango": _Folder("tango-icon-theme", f"{_ICON_THEMES}/Tango", "public-domain"),
    "yasis": _Folder("gnome-icon-theme-yasis", f"{_ICON_THEMES}/yasis", "GPL-2.0-or-later"),
}
"""Source -> where its pictures lie."""

_SYMBOLA = "usr/share/fonts/truetype/ancient-scripts/Symbola_hint.ttf"
_SYMBOL_SIZE = 128  # pixels a font's em
_WHITE = 236  # least of a pixel's channels from which on it may be ground
_PALE = 190  # the same beside the ground, where outlines fade
_CRUMB = 0.08  # of the largest part; smaller ones are strokes around the thing
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
    for source, folder in _FOLDERS.items():
        yield from _files(packages.debian, source, folder, tables[source])
    yield from _gcompris(packages.debian, tables["gcompris"])
    yield from _symbola(packages.debian, tables["symbola"])
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


def _files(root: Path, source: str, where: _Folder, table: dict[str, str]) -> Iterator[Picture]:
    install = f"apt-get install {where.package}"
    folder = need(root / where.path, install)
    for name, entries in table.items():
        for entry in entries.split():
            files = (folder / f"{entry}{kind}" for kind in (".svg", ".png", ".jpg"))
            path = next((file for file in files if file.exists()), None)
            if path is None:
                raise MolmoPointError(f'There is no picture "{entry}" in {folder}: {install}')
            draw = path.suffix == ".svg"
            data = path.read_bytes()
            pixels = render_svg(data.decode("utf-8", "replace")) if draw else read_pixels(data)
            if not draw and (pixels[..., 3] == 255).all():
                pixels = _without_ground(pixels)
            yield Picture(name, source, "drawing", where.package, where.licence, pixels)


def _without_ground(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A thing drawn on white, cut out: white is ground as far as a disk can roll in from the edge.

    What is white inside an outline stays, even where the outline has a small gap.
    """
    least = pixels[..., :3].min(axis=2)
    white = np.pad((least >= _WHITE).astype(np.uint8), 4, constant_values=1)
    disk = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
    _, parts = cv2.connectedComponents(cv2.erode(white, disk, borderValue=1), connectivity=4)
    ground = cv2.dilate((parts == parts[0, 0]).astype(np.uint8), disk) & white
    ground = ground[4:-4, 4:-4]
    beside = cv2.dilate(ground, np.ones((3, 3), np.uint8)).astype(bool)
    thing = ~(ground.astype(bool) | (beside & (least >= _PALE)))
    _, parts, statistics, _ = cv2.connectedComponentsWithStats(thing.astype(np.uint8))
    areas = statistics[:, cv2.CC_STAT_AREA]
    kept = areas >= _CRUMB * areas[1:].max(initial=0)
    kept[0] = False
    return np.dstack([pixels[..., :3], np.where(kept[parts], 255, 0).astype(np.uint8)])


def _symbola(root: Path, table: dict[str, str]) -> Iterator[Picture]:
    package = "fonts-symbola"
    path = need(root / _SYMBOLA, f"apt-get install {package}")
    font = ImageFont.truetype(path, _SYMBOL_SIZE)
    for name, points in table.items():
        for point in points.split():
            character = chr(int(point, 16))
            left, top, right, bottom = (round(side) for side in font.getbbox(character))
            picture = Image.new("RGBA", (right - left, bottom - top), (0, 0, 0, 0))
            ImageDraw.Draw(picture).text((-left, -top), character, (0, 0, 0, 255), font)
            pixels = np.asarray(picture, dtype=np.uint8)
            yield Picture(name, "symbola", "silhouette", package, "LicenseRef-Symbola", pixels)


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
