"""Packages that cut-outs are read from: where they are, what they hold, their licences."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from molmo_point.data.cutouts.families import THINGS, icons_of
from molmo_point.errors import MolmoPointError, require

__all__ = [
    "ICON_SETS",
    "Packages",
    "Picture",
    "need",
    "read_pictures",
    "read_pixels",
    "render_svg",
    "svg_document",
]

_RENDER_SIZE = 128  # pixels, longer side of what is drawn from curves


@dataclass(frozen=True, slots=True)
class IconSet:
    """An emoji set as one JSON file of SVG bodies.

    Attributes:
        package: name of the npm package.
        style: who drew it; sets by one hand share a style.
        licence: SPDX name.
        medium: "drawing", or "silhouette" where all is of one ink.
    """

    package: str
    style: str
    licence: str
    medium: str = "drawing"


ICON_SETS = (
    IconSet("@iconify-json/noto", "noto", "Apache-2.0"),
    IconSet("@iconify-json/noto-v1", "noto", "Apache-2.0"),
    IconSet("@iconify-json/twemoji", "twemoji", "CC-BY-4.0"),
    IconSet("@iconify-json/openmoji", "openmoji", "CC-BY-SA-4.0"),
    IconSet("@iconify-json/emojione", "emojione", "CC-BY-4.0"),
    IconSet("@iconify-json/emojione-v1", "emojione", "CC-BY-SA-4.0"),
    IconSet("@iconify-json/fluent-emoji-flat", "fluent", "MIT"),
    IconSet("@iconify-json/fxemoji", "fxemoji", "Apache-2.0"),
    IconSet("@iconify-json/streamline-emojis", "streamline", "CC-BY-4.0"),
    IconSet("@iconify-json/fluent-emoji", "fluent-shaded", "MIT"),
    IconSet("@iconify-json/fluent-emoji-high-contrast", "fluent-line", "MIT", "silhouette"),
    IconSet("@iconify-json/emojione-monotone", "emojione-line", "CC-BY-4.0", "silhouette"),
)
"""Emoji in npm packages; each came from a project of its own."""

_WRONG = {
    "noto": "tennis ball",
    "noto-v1": "cricket, basketball, tennis ball, laptop",
    "twemoji": "statue of liberty",
    "openmoji": "scroll",
    "emojione": "cricket, tennis ball, mountain, tent, clamp, basketball",
    "emojione-v1": "mountain, rainbow, ship, castle, tent, factory, fountain, ferris wheel, "
    "carousel, statue of liberty, desktop computer, laptop, keyboard, clamp, window",
    "fluent-emoji-flat": "tennis ball",
    "fluent-emoji-3d": "tennis ball",
    "fluent-emoji": "tennis ball",
    "fluent-emoji-high-contrast": "tennis ball",
    "emojione-monotone": "cricket, tennis ball, mountain, tent, clamp, basketball",
    "fxemoji": "volcano, rainbow, sailboat, ship, tent, fountain, ferris wheel, carousel, "
    "castle, factory, statue of liberty, die, desktop computer, keyboard, window, sunglasses, "
    "checkered flag",
    "streamline-emojis": "turkey, headphones, castle, tent, factory, fountain, ferris wheel, "
    "carousel, rainbow, ship",
}
"""Set -> names whose icon there shows another thing (a racket beside the ball, the flag of Turkey),
or a whole landscape in a frame."""

_FLUENT_3D = "@lobehub/fluent-emoji-3d"  # MIT; named by code point
_STAMPS = "usr/share/tuxpaint/stamps"
_HOMES = "usr/share/sweethome3d"
_LIBRARIES = {
    "0": ("furniture/BlendSwap-CC-0.sh3f", "sweethome3d-furniture", "CC0-1.0"),
    "b": ("furniture/BlendSwap-CC-BY.sh3f", "sweethome3d-furniture", "CC-BY-3.0"),
    "k": ("furniture/KatorLegaz.sh3f", "sweethome3d-furniture", "CC-BY-3.0-US"),
    "s": ("furniture/Scopia.sh3f", "sweethome3d-furniture", "CC-BY-3.0"),
    "m": ("sweethome3d.jar", "sweethome3d", "GPL-2.0-or-later"),
}
"""Letter in `pictures.json` -> archive, Debian package, licence."""


@dataclass(frozen=True, slots=True)
class Packages:
    """Where installed packages lie.

    Attributes:
        npm: a `node_modules` folder.
        debian: the root below which Debian packages were unpacked or installed.
    """

    npm: Path
    debian: Path = Path("/")


@dataclass(frozen=True, slots=True)
class Picture:
    """A cut-out as its package has it.

    Attributes:
        name: the thing, one of `THINGS`.
        source: what it shares a hand or an object with; "twemoji", or one photograph's own path.
        medium: "drawing", "silhouette", "render" or "photograph".
        package: name of the package.
        licence: SPDX name.
        pixels: uint8 [h, w, 4], straight alpha, as large as it comes.
    """

    name: str
    source: str
    medium: str
    package: str
    licence: str
    pixels: NDArray[np.uint8]


def render_svg(text: str) -> NDArray[np.uint8]:
    """Draw an SVG, 128 pixels wide, as uint8 [h, w, 4] with straight alpha."""
    png = require("resvg_py", "train").svg_to_bytes(
        svg_string=text, width=_RENDER_SIZE, skip_system_fonts=True
    )
    return read_pixels(bytes(png))


def read_pixels(data: bytes) -> NDArray[np.uint8]:
    """Any picture file as uint8 [h, w, 4], straight alpha."""
    with Image.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGBA"), dtype=np.uint8)


def read_pictures(packages: Packages) -> Iterator[Picture]:
    """Every picture of every thing, in an order that only depends on the packages.

    Raises:
        MolmoPointError: a package is not there; the sentence says how to install it.
    """
    yield from _icons(packages.npm)
    yield from _fluent(packages.npm)
    tables = _tables()
    yield from _stamps(packages.debian, tables["photograph"], "photograph")
    yield from _stamps(packages.debian, tables["stamp"], "drawing")
    yield from _renders(packages.debian, tables["render"])


@cache
def _tables() -> dict[str, dict[str, str]]:
    text = Path(__file__).with_name("pictures.json").read_text(encoding="utf-8")
    tables: dict[str, dict[str, str]] = json.loads(text)
    return tables


def need(path: Path, install: str) -> Path:
    """The path, or an error that says how to install what it belongs to."""
    if not path.exists():
        raise MolmoPointError(f"Cut-outs are made from {path}, which is not there: {install}")
    return path


def _right(package: str) -> list[str]:
    """Names that a set shows as what they are."""
    wrong = set(_WRONG.get(package.split("/")[-1], "").split(", "))
    return [name for name in THINGS if name not in wrong]


def _plain(icon: str) -> str:
    """Sets differ in hyphens alone: `red-apple`, `redapple`."""
    return icon.replace("-", "")


def _icons(npm: Path) -> Iterator[Picture]:
    for icons in ICON_SETS:
        path = need(npm / icons.package / "icons.json", f"npm install {icons.package}")
        found = json.loads(path.read_text(encoding="utf-8"))
        bodies = {_plain(icon): entry for icon, entry in found["icons"].items()}
        for icon, entry in found.get("aliases", {}).items():
            if len(entry) == 1:  # another word for one, not one that is turned or mirrored
                bodies.setdefault(_plain(icon), found["icons"].get(entry["parent"]))
        for name in _right(icons.package):
            for icon in icons_of(name):
                entry = bodies.get(_plain(icon))
                if entry is not None:
                    pixels = render_svg(svg_document(entry, found))
                    yield Picture(
                        name, icons.style, icons.medium, icons.package, icons.licence, pixels
                    )


def svg_document(icon: dict[str, Any], collection: dict[str, Any]) -> str:
    """The SVG of an icon of a collection; 16 by 16 where neither says otherwise (the format)."""
    left, top, width, height = (
        icon.get(key, collection.get(key, default))
        for key, default in (("left", 0), ("top", 0), ("width", 16), ("height", 16))
    )
    box = f"{left} {top} {width} {height}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
        f' viewBox="{box}" width="{width}" height="{height}">{icon["body"]}</svg>'
    )


def _fluent(npm: Path) -> Iterator[Picture]:
    """The rendered twins of the flat set, which tells their code points."""
    folder = need(npm / _FLUENT_3D / "assets", f"npm install {_FLUENT_3D}")
    points = json.loads((npm / "@iconify-json/fluent-emoji-flat/chars.json").read_text("utf-8"))
    by_icon = {icon: point for point, icon in reversed(points.items())}
    for name in _right(_FLUENT_3D):
        for icon in icons_of(name):
            point = by_icon.get(icon, "")
            for path in (folder / f"{point}.webp", folder / f"{point}-fe0f.webp"):
                if path.exists():
                    pixels = read_pixels(path.read_bytes())
                    yield Picture(name, "fluent", "drawing", _FLUENT_3D, "MIT", pixels)


def _stamps(root: Path, table: dict[str, str], medium: str) -> Iterator[Picture]:
    install = "apt-get install tuxpaint-stamps-default"
    stamps = need(root / _STAMPS, install)
    files = sorted(path for path in stamps.rglob("*") if path.suffix in (".png", ".svg"))
    for name, ends in table.items():
        for end in ends.split():
            path = next(
                (file for file in files if f"{file.with_suffix('')}".endswith(f"/{end}")), None
            )
            if path is None:
                raise MolmoPointError(f'There is no stamp "{end}" in {stamps}: {install}')
            draw = path.suffix == ".svg"
            pixels = render_svg(path.read_text("utf-8")) if draw else read_pixels(path.read_bytes())
            package = "tuxpaint-stamps-default"
            yield Picture(name, f"stamp {end}", medium, package, "GPL-2.0", pixels)


def _renders(root: Path, table: dict[str, str]) -> Iterator[Picture]:
    libraries = {}
    for key, (file, package, licence) in _LIBRARIES.items():
        path = need(root / _HOMES / file, f"apt-get install {package}")
        with zipfile.ZipFile(path) as archive:
            icons = {
                Path(entry).stem: archive.read(entry)
                for entry in archive.namelist()
                if entry.endswith(".png") and entry.count("/") in (1, 5)  # deeper ones are textures
            }
        libraries[key] = (icons, package, licence)
    for name, entries in table.items():
        for entry in entries.split():
            key, _, icon = entry.partition("/")
            icons, package, licence = libraries[key]
            if icon not in icons:
                raise MolmoPointError(
                    f'There is no piece "{icon}" in {_LIBRARIES[key][0]}: install the release of '
                    f"{package} that docs/data-things.md names"
                )
            yield Picture(
                name, f"render {entry}", "render", package, licence, read_pixels(icons[icon])
            )
