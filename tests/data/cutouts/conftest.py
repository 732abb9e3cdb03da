"""Packages in the layout of the real ones, with small pictures drawn here."""

import colorsys
import json
import struct
import zipfile
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import ImageFont

from molmo_point.data.cutouts import backgrounds, clipart, sources
from molmo_point.data.cutouts.atlas import load_atlas
from molmo_point.data.cutouts.collect import collect
from molmo_point.data.cutouts.sources import ICON_SETS, Packages

ICONS = {
    "red-apple": "1f34e",
    "banana": "1f34c",
    "hammer": "1f528",
    "dog-face": "1f436",
    "cat-face": "1f431",
    "key": "1f511",
    "star": "2b50",
    "car": "1f697",
    "tangerine": "1f34a",
    "lemon": "1f34b",
    "scroll": "1f4dc",
}
FURNITURE = {
    "0": "furniture/BlendSwap-CC-0.sh3f",
    "b": "furniture/BlendSwap-CC-BY.sh3f",
    "k": "furniture/KatorLegaz.sh3f",
    "s": "furniture/Scopia.sh3f",
    "m": "sweethome3d.jar",
}
IN_THE_JAR = "com/eteks/sweethome3d/io/resources/"


def colour_for(text):
    hue = zlib.crc32(text.encode()) % 997 / 997
    return tuple(int(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.85, 0.85))


def png(text, size=44):
    """A disc in a colour of its own, in an empty margin."""
    picture = np.zeros((size, size + 6, 4), np.uint8)
    cv2.circle(picture, (size // 2 + 3, size // 2), size // 2 - 1, (*colour_for(text), 255), -1)
    return cv2.imencode(".png", picture)[1].tobytes()


def on_white(text, size=60):
    """A disc in a colour of its own that fills all but a white margin."""
    picture = np.full((size, size + 6, 3), 255, np.uint8)
    cv2.circle(picture, (size // 2 + 3, size // 2), size // 2 - 4, colour_for(text), -1)
    return cv2.imencode(".jpg", picture)[1].tobytes()


def jpeg(text, size):
    noise = np.random.default_rng(zlib.crc32(text.encode())).integers(0, 255, (*size, 3))
    return cv2.imencode(".jpg", cv2.blur(noise.astype(np.uint8), (9, 9)))[1].tobytes()


def write(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write_icons(npm):
    for icons in ICON_SETS:
        drawn = {}
        for icon in ICONS:
            fill = f"rgb{colour_for(icons.package + icon)}"
            drawn[icon] = {"body": f'<circle cx="8" cy="8" r="7" fill="{fill}"/>'}
        file = {
            "icons": drawn,
            "aliases": {"automobile": {"parent": "car"}, "dog": {"parent": "key", "hFlip": True}},
            "width": 16,
            "height": 16,
        }
        write(npm / icons.package / "icons.json", json.dumps(file).encode())
    points = {point: icon for icon, point in ICONS.items()}
    write(npm / "@iconify-json/fluent-emoji-flat/chars.json", json.dumps(points).encode())
    for icon, point in ICONS.items():
        bgra = cv2.imdecode(np.frombuffer(png(f"3d {icon}"), np.uint8), cv2.IMREAD_UNCHANGED)
        webp = cv2.imencode(".webp", bgra)[1].tobytes()
        write(npm / f"@lobehub/fluent-emoji-3d/assets/{point}.webp", webp)


def resources(files):
    """A resource file of Qt, version 1: a root folder and files that are compressed or not."""
    names, contents, nodes = b"", b"", [struct.pack(">IHII", 0, 2, len(files), 1)]
    for number, (name, data) in enumerate(sorted(files.items())):
        stored = struct.pack(">I", len(data)) + zlib.compress(data) if number % 2 else data
        nodes.append(struct.pack(">IHHHI", len(names), number % 2, 0, 0, len(contents)))
        names += struct.pack(">HI", len(name), 0) + name.encode("utf-16-be")
        contents += struct.pack(">I", len(stored)) + stored
    tree = 20 + len(contents) + len(names)
    header = b"qres" + struct.pack(">IIII", 1, tree, 20, 20 + len(contents))
    return header + contents + names + b"".join(nodes)


def svg(text):
    fill = f"rgb{colour_for(text)}"
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" width="16" height="16">'
        f'<circle cx="8" cy="8" r="7" fill="{fill}"/></svg>'
    ).encode()


def write_clipart(npm, root):
    tables = json.loads(Path(clipart.__file__).with_name("clipart.json").read_text("utf-8"))
    entries = {key: " ".join(table.values()).split() for key, table in tables.items()}
    for icons in clipart._ICONS | clipart._INKS:
        drawn = {
            icon: {"body": f'<circle cx="8" cy="8" r="7" fill="rgb{colour_for(icons + icon)}"/>'}
            for icon in entries[icons]
        }
        file = {"icons": drawn, "width": 16, "height": 16}
        write(npm / f"@iconify-json/{icons}/icons.json", json.dumps(file).encode())
    for source, folder in clipart._FOLDERS.items():
        for number, entry in enumerate(entries[source]):
            kind, data = (
                (".jpg", on_white(entry)) if source == "art4apps"
                else (".png", png(entry)) if number % 2
                else (".svg", svg(entry))
            )  # fmt: skip
            write(root / folder.path / f"{entry}{kind}", data)
    write(root / clipart._SYMBOLA, ImageFont.load_default(20).path.getvalue())
    activities = {}
    for entry in entries["gcompris"]:
        activity, name = entry.split("/")
        activities.setdefault(activity, {})[f"{name}.svg"] = svg(entry)
    for activity, files in activities.items():
        write(root / f"usr/share/gcompris-qt/rcc/{activity}.rcc", resources(files))


def write_debian(root):
    tables = json.loads(Path(sources.__file__).with_name("pictures.json").read_text("utf-8"))
    for medium in ("photograph", "stamp"):
        for files in tables[medium].values():
            for file in files.split():
                write(root / f"usr/share/tuxpaint/stamps/all/{file}.png", png(file))
    pieces = {piece for files in tables["render"].values() for piece in files.split()}
    for key, name in FURNITURE.items():
        path = root / "usr/share/sweethome3d" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with zipfile.ZipFile(path, "w") as archive:
            for piece in sorted(piece for piece in pieces if piece[0] == key):
                folder = IN_THE_JAR if key == "m" else "library/"
                archive.writestr(f"{folder}{piece[2:]}.png", png(piece))
            if key == "m":
                for texture in backgrounds._TEXTURES.split():
                    archive.writestr(f"{IN_THE_JAR}textures/{texture}.jpg", jpeg(texture, (96, 96)))
    for name in backgrounds._PATTERNS.split():
        depth = 1 + 2 * (zlib.crc32(name.encode()) % 2)
        pixels = np.random.default_rng(len(name)).integers(0, 255, (40, 60, depth), np.uint8)
        header = struct.pack(">5I4s", 24 + 3, 1, 60, 40, depth, b"GPAT") + b"no\0"
        write(root / f"usr/share/gimp/2.0/patterns/{name}.pat", header + pixels.tobytes())
    for _, _, place, files in backgrounds._WALLPAPERS:
        for file in files:
            write(root / place / file, jpeg(file, (300, 400)))


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    root = tmp_path_factory.mktemp("packages")
    write_icons(root / "node_modules")
    write_debian(root)
    write_clipart(root / "node_modules", root)
    return Packages(root / "node_modules", root)


@pytest.fixture(scope="session")
def atlas_folder(packages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("atlas")
    collect(folder, packages)
    return folder


@pytest.fixture(scope="session")
def atlas(atlas_folder):
    return load_atlas(atlas_folder)
