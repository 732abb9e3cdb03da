"""Photographs and textures to lay cut-outs on; none shows a thing that has a name here."""

from __future__ import annotations

import struct
import zipfile
from collections.abc import Iterator
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from molmo_point.data.cutouts.sources import Packages, Picture, need
from molmo_point.errors import MolmoPointError

__all__ = ["read_backgrounds"]

_MOST = 512  # pixels, longer side

_PATTERNS = """
    Fabric/burlap Animal/leather Paper/crinklepaper Paper/paper Stone/Craters Stone/ground1
    Stone/marble1 Stone/marble3 Stone/pink_marble Stone/granite1 Stone/slate Stone/terra
    Stone/cracked Stone/amethyst Wood/burlwood Wood/parque1 Wood/parque3 Wood/wood1 Wood/wood2
    Wood/wood3 Wood/wood5 Wood/walnut Wood/corkboard Wood/bark Water/ice Water/rain Water/pool
"""
_TEXTURES = """
    beigeTile blueTiles blackAndWhiteTiles blueSky darkBlueTile grass greyTile lightBlueTile
    marbleWall oldWoodenFloor pavingStone redTiles roughcast smallRedBricks smallWhiteBricks
    stone2Wall stone3Wall stoneTiles wallBeigeTile woodenFloor
"""
_WALLPAPERS = (
    ("gnome-backgrounds", "CC-BY-SA-3.0", "usr/share/backgrounds/gnome", ("wood-l.webp",)),
    ("mate-backgrounds", "GPL-2.0-or-later", "usr/share/backgrounds/mate/nature",
     ("Blinds.jpg", "Dune.jpg", "GreenMeadow.jpg", "Storm.jpg", "Wood.jpg")),
    ("plasma-workspace-wallpapers", "GPL-2.0-or-later", "usr/share/wallpapers",
     tuple(f"{name}/contents/images/{size}" for name, size in (
         ("BytheWater", "1280x1024.jpg"), ("ColdRipple", "1280x1024.jpg"),
         ("DarkestHour", "1280x1024.jpg"), ("summer_1am", "1280x1024.jpg"),
         ("Volna", "5120x2880.jpg"), ("Elarun", "2560x1600.png"), ("Opal", "3840x2160.png"),
         ("Kokkini", "3840x2160.png"), ("Canopee", "3840x2160.png"), ("Shell", "5120x2880.jpg"),
     ))),
)  # fmt: skip


def read_backgrounds(packages: Packages) -> Iterator[Picture]:
    """Every background, uint8 [h, w, 3], at most 512 pixels a side, named "".

    Raises:
        MolmoPointError: a package is not there; the sentence says how to install it.
    """
    root = packages.debian
    folder = need(root / "usr/share/gimp/2.0/patterns", "apt-get install gimp-data")
    for name in _PATTERNS.split():
        pixels = _pattern((folder / f"{name}.pat").read_bytes(), name)
        yield _background(f"gimp {name}", "gimp-data", "GPL-3.0-or-later", pixels)
    install = "apt-get install sweethome3d"
    with zipfile.ZipFile(need(root / "usr/share/sweethome3d/sweethome3d.jar", install)) as jar:
        for name in _TEXTURES.split():
            data = jar.read(f"com/eteks/sweethome3d/io/resources/textures/{name}.jpg")
            pixels = _small(Image.open(BytesIO(data)))
            yield _background(f"texture {name}", "sweethome3d", "GPL-2.0-or-later", pixels)
    for package, licence, place, files in _WALLPAPERS:
        for file in files:
            path = need(root / place / file, f"apt-get install {package}")
            yield _background(f"wallpaper {file}", package, licence, _small(Image.open(path)))


def _background(source: str, package: str, licence: str, pixels: NDArray[np.uint8]) -> Picture:
    return Picture("", source, "background", package, licence, pixels)


def _small(picture: Image.Image) -> NDArray[np.uint8]:
    picture.draft("RGB", (2 * _MOST, 2 * _MOST))
    picture = picture.convert("RGB")
    picture.thumbnail((_MOST, _MOST), Image.Resampling.LANCZOS)
    return np.asarray(picture, dtype=np.uint8)


def _pattern(data: bytes, name: str) -> NDArray[np.uint8]:
    """A GIMP pattern: a header of big-endian numbers, then rows of gray or RGB.

    Source: devel-docs/pat.txt of GIMP.
    """
    header, _, width, height, depth, magic = struct.unpack(">5I4s", data[:24])
    if magic != b"GPAT" or depth not in (1, 3):
        raise MolmoPointError(f"{name}.pat is not a gray or RGB pattern: reinstall gimp-data")
    pixels = np.frombuffer(data, np.uint8, width * height * depth, header)
    return np.broadcast_to(pixels.reshape(height, width, depth), (height, width, 3)).copy()
