"""Packages in the layout of the real ones, small, and a real browser."""

import json
import subprocess
import sys
import zlib

import pytest

from molmo_point.data.screens import icons
from molmo_point.data.screens.pages import shelf_of
from molmo_point.data.screens.render import Renderer


def icon_set(name):
    """Every icon as a square with a hole, of a size that the name of the set decides."""
    side = 16 + zlib.crc32(name.encode()) % 12
    body = '<path d="M2 2h12v12h-12zM5 5v6h6v-6z" fill="currentColor"/>'
    names = {names[0] for names in icons._CANDIDATES.values()}
    names |= {name for table in icons._EXCEPT.values() for name in table.values() if name}
    drawn = {name: {"body": body} for name in sorted(names)}
    return {"icons": drawn, "aliases": {}, "width": side, "height": side}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="session")
def packages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("screens") / "node_modules"
    for split in ("train", "heldout"):
        shelf = shelf_of(split)
        for name in shelf.icon_sets:
            write(folder / f"@iconify-json/{name}/icons.json", json.dumps(icon_set(name)))
        for font in shelf.fonts:
            for weight in (400, 700):
                write(folder / f"@fontsource/{font}/files/{font}-latin-{weight}-normal.woff2", "")
        for skin in shelf.skins:
            for theme in skin.themes:
                ground, ink = ("#222", "#eee") if theme.dark else ("#fff", "#111")
                rules = f"body{{background:{ground};color:{ink}}} button{{padding:.4em .8em}}"
                for file in theme.files:
                    write(folder / file, rules)
    return folder


@pytest.fixture(scope="module")  # one at a time in a process
def renderer():
    with Renderer() as running:
        yield running


@pytest.fixture(scope="session")
def pool_folder(packages, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pool")
    module = "molmo_point.data.screens.pool"
    command = [sys.executable, "-m", module, str(folder), "train", "5"]
    subprocess.run([*command, "--packages", str(packages)], check=True)
    return folder
