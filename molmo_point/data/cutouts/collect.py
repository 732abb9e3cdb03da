"""Collects cut-outs and backgrounds from installed packages into one small atlas.

python -m molmo_point.data.cutouts.collect FOLDER --npm node_modules --debian /
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.cutouts.atlas import Entry, held_out, write_atlas
from molmo_point.data.cutouts.backgrounds import read_backgrounds
from molmo_point.data.cutouts.clipart import read_clipart
from molmo_point.data.cutouts.colours import colour_of_pixels
from molmo_point.data.cutouts.sources import Packages, read_pictures

__all__ = ["collect"]

_MOST = {"drawing": 112, "silhouette": 112, "render": 160, "photograph": 160}  # pixels, longer side
_LEAST = 40  # pixels, longer side; below, too little of a thing is left
_FAINT = 16  # alpha up to which a pixel is none


def _trim(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without the empty margin, [h, w, 4]."""
    rows, columns = (np.nonzero((pixels[..., 3] > _FAINT).any(axis))[0] for axis in (1, 0))
    if not len(rows):
        return pixels[:0, :0]
    return pixels[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def _shrink(pixels: NDArray[np.uint8], most: int) -> NDArray[np.uint8]:
    """At most so many pixels a side, colours weighted by alpha."""
    height, width = pixels.shape[:2]
    scale = most / max(height, width)
    if scale >= 1:
        return pixels
    alpha = pixels[..., 3:].astype(np.float32) / 255
    layers = np.concatenate([pixels[..., :3] * alpha, alpha], axis=2)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    layers = cv2.resize(layers, size, interpolation=cv2.INTER_AREA)
    colours = layers[..., :3] / np.maximum(layers[..., 3:], 1e-3)
    whole = np.concatenate([colours, layers[..., 3:] * 255], axis=2)
    return np.clip(whole + 0.5, 0, 255).astype(np.uint8)


def _encode(pixels: NDArray[np.uint8]) -> bytes:
    """PNG of RGBA, JPEG of RGB."""
    if pixels.shape[2] == 4:
        bgra = np.ascontiguousarray(pixels[..., [2, 1, 0, 3]])
        return cv2.imencode(".png", bgra, [cv2.IMWRITE_PNG_COMPRESSION, 9])[1].tobytes()
    bgr = np.ascontiguousarray(pixels[..., ::-1])
    return cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, 88])[1].tobytes()


def _encoded(packages: Packages) -> Iterator[tuple[Entry, bytes]]:
    """All that there is, each picture of a name once."""
    seen: set[tuple[str, str]] = set()
    backgrounds = list(read_backgrounds(packages))  # first: if one is missing, it is said at once
    for picture in chain(read_pictures(packages), read_clipart(packages), backgrounds):
        pixels = picture.pixels
        if picture.name:
            pixels = _shrink(_trim(pixels), _MOST[picture.medium])
            if max(pixels.shape[:2]) < _LEAST:
                continue
        data = _encode(pixels)
        key = (picture.name, hashlib.sha256(data).hexdigest())
        if key in seen:
            continue
        seen.add(key)
        own = picture.name and picture.medium != "silhouette"  # which is drawn in any ink
        colour = colour_of_pixels(pixels) if own else ""
        entry = Entry(
            picture.name, picture.source, picture.medium, picture.package, picture.licence,
            colour, None, 0, len(data),
        )  # fmt: skip
        yield entry, data


def collect(folder: Path, packages: Packages) -> tuple[Entry, ...]:
    """Read the packages and write the atlas; the same packages give the same files.

    Args:
        folder: where to write `atlas.json` and `atlas.npz`.
        packages: where the packages lie.

    Returns:
        What was written.

    Raises:
        MolmoPointError: a package is not there; the sentence says how to install it.
    """
    found = list(_encoded(packages))
    by_name: dict[str, list[str]] = {}
    for entry, _ in found:
        by_name.setdefault(entry.name, []).append(entry.source)
    apart = {name: held_out(name, sources) for name, sources in by_name.items()}
    entries, start = [], 0
    for entry, data in found:
        entries.append(replace(entry, held_out=apart[entry.name][entry.source], start=start))
        start += len(data)
    write_atlas(folder, entries, np.frombuffer(b"".join(data for _, data in found), np.uint8))
    return tuple(entries)


def main() -> None:
    """Run `collect` on the folders of the command line, and say what there is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the atlas")
    parser.add_argument("--npm", type=Path, default=Path("node_modules"))
    parser.add_argument("--debian", type=Path, default=Path("/"))
    options = parser.parse_args()
    entries = collect(options.folder, Packages(options.npm, options.debian))
    things = [entry for entry in entries if entry.name]
    sys.stdout.write(
        f"{len({entry.name for entry in things})} names, {len(things)} cut-outs, "
        f"{len(entries) - len(things)} backgrounds in {options.folder}\n"
    )


if __name__ == "__main__":
    main()
