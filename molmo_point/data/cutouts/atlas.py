"""The atlas: cut-outs and backgrounds in two files, and which split may see which of them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.sprites import FloatPixels, Sprite
from molmo_point.errors import MolmoPointError

__all__ = [
    "HELD_OUT_STYLES",
    "TRAINING_STYLES",
    "Atlas",
    "Entry",
    "hand_of",
    "held_out",
    "load_atlas",
    "write_atlas",
]

_VARIABLE = "MOLMO_POINT_CUTOUTS"
_DEFAULT = "~/.cache/molmo-point/cutouts"
_INDEX, _PIXELS = "atlas.json", "atlas.npz"

HELD_OUT_STYLES = ("twemoji", "streamline")
"""Emoji sets that training never sees."""
TRAINING_STYLES = (
    "fluent-shaded", "fluent-line", "emojione-line", "openclipart", "gcompris", "icon-park",
    "flat-color-icons", "flat-ui", "fluent-color", "art4apps", "pysiogame", "elementary", "nuovo",
    "oxygen", "papirus", "tango", "yasis", "symbola", "bi", "boxicons", "carbon", "cil", "clarity",
    "entypo", "f7", "fa7-solid", "fluent-mdl2", "fontisto", "foundation", "game-icons",
    "gravity-ui", "healthicons", "hugeicons", "ion", "jam", "la", "lucide", "lucide-lab", "maki",
    "material-symbols", "mdi", "mingcute", "mynaui", "ph", "ri", "tabler", "tdesign", "temaki",
    "typcn", "uil", "vaadin", "whh",
)  # fmt: skip
"""Sets that held-out scenes never show, and that do not count where sources are divided."""
_TAUGHT_ELSEWHERE = frozenset({
    "stamp cartoon/swisshome", "stamp flags/yellowflag", "stamp halloween/jackolantern_mean",
    "stamp household/padlock_closed", "stamp roadsigns/stoplight_02_yellow",
    "stamp vehicles/iso_lorry3", "render m/blueLightSource", "render s/billet-20-euros",
    "render s/frame1",
})  # fmt: skip
"""Pictures that are never held out: training shows the same object, or the same drawing, under
another name of its file (found by eye)."""
_SAME_HAND = {"fluent-shaded": "fluent", "fluent-line": "fluent", "emojione-line": "emojione"}
_MANY_HANDS = ("openclipart", "gcompris", "pysiogame")
_FEWEST = 3  # sources from which on some of a name's are held out
_EVERY = 3  # of a name's photographs and renders, one in so many is held out


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of the atlas.

    Attributes:
        name: the thing; "" for a background.
        source: what pictures by one hand, or of one object, share.
        medium: "drawing", "silhouette", "render", "photograph" or "background".
        package: the package that it is from.
        licence: SPDX name.
        colour: one of the colour words if nearly all of it has that colour, else "".
        held_out: for held-out scenes alone; False is for the other splits alone, None for all.
        start: of its bytes in the file.
        length: of its bytes.
    """

    name: str
    source: str
    medium: str
    package: str
    licence: str
    colour: str
    held_out: bool | None
    start: int
    length: int


def hand_of(entry: Entry) -> str:
    """Who drew a picture: pictures by one hand look alike; a single picture has a hand of its own.

    Args:
        entry: of a cut-out.
    """
    if " " in entry.source or entry.source in _MANY_HANDS:
        return f"{entry.source} {entry.start}"
    return _SAME_HAND.get(entry.source, entry.source)


def held_out(name: str, sources: Iterable[str]) -> dict[str, bool | None]:
    """Which of a name's sources are held out: True, False, or None where all splits share them.

    Whole emoji sets are held out, and of single pictures every third in the order of their names,
    from a first one that depends on the name. With fewer than three sources all are shared; with
    more, each side gets at least one. Styles for training alone are not counted.
    """
    named = set(sources)
    training = {source: False for source in sorted(named) if source in TRAINING_STYLES}
    distinct = sorted(named - set(training))
    if len(distinct) < _FEWEST:
        return {**training, **dict.fromkeys(distinct)}
    single = [source for source in distinct if " " in source]
    apart = {source for source in distinct if source in HELD_OUT_STYLES}
    apart |= set(single[crc32(name.encode()) % _EVERY :: _EVERY]) - _TAUGHT_ELSEWHERE
    if not apart:
        apart = {([one for one in distinct if one not in _TAUGHT_ELSEWHERE] or distinct)[-1]}
    if len(apart) == len(distinct):
        apart.discard(distinct[0])
    return {**training, **{source: source in apart for source in distinct}}


class Atlas:
    """Cut-outs by name and backgrounds, decoded when they are first used.

    Args:
        entries: what there is.
        pixels: uint8 [n], the bytes of all pictures: PNG with straight alpha, or JPEG.
    """

    def __init__(self, entries: Sequence[Entry], pixels: NDArray[np.uint8]) -> None:
        self.entries = tuple(entries)
        self._pixels = pixels
        self._decoded = lru_cache(maxsize=2048)(self._decode)
        self._numbers: dict[tuple[str, bool], list[int]] = {}
        for number, entry in enumerate(self.entries):
            for apart in (False, True):
                if entry.held_out in (None, apart):
                    self._numbers.setdefault((entry.name, apart), []).append(number)

    def names(self, *, held_out: bool) -> tuple[str, ...]:
        """Things that there are pictures of, sorted."""
        return tuple(sorted(name for name, apart in self._numbers if name and apart == held_out))

    def of(self, name: str, *, held_out: bool) -> list[int]:
        """Numbers of the pictures of a thing; of backgrounds for ""."""
        return self._numbers.get((name, held_out), [])

    def sprite(self, number: int) -> Sprite:
        """A cut-out, its alpha premultiplied."""
        pixels = self._decoded(number)
        alpha = pixels[..., 3].astype(np.float32) / 255
        return Sprite(pixels[..., :3] * alpha[..., None], alpha)

    def background(self, number: int) -> FloatPixels:
        """A background, float32 [H, W, 3] in 0-255."""
        return self._decoded(number).astype(np.float32)

    def _decode(self, number: int) -> NDArray[np.uint8]:
        entry = self.entries[number]
        data = self._pixels[entry.start : entry.start + entry.length]
        picture = np.asarray(cv2.imdecode(data, cv2.IMREAD_UNCHANGED), dtype=np.uint8)
        order = [2, 1, 0, 3][: picture.shape[2]]  # OpenCV has blue first
        return np.ascontiguousarray(picture[..., order])


def write_atlas(folder: Path, entries: Sequence[Entry], pixels: NDArray[np.uint8]) -> None:
    """Write the index, one entry a line, and the bytes; equal input gives equal files."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ",\n".join(json.dumps(asdict(entry), sort_keys=True) for entry in entries)
    (folder / _INDEX).write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    np.savez(folder / _PIXELS, pixels=pixels)


@lru_cache(maxsize=4)
def load_atlas(folder: Path | None = None) -> Atlas:
    """Read an atlas.

    Args:
        folder: where `collect` wrote it; by default that of the environment variable
            `MOLMO_POINT_CUTOUTS`, else `~/.cache/molmo-point/cutouts`.

    Raises:
        MolmoPointError: there is none; the sentence says how to make one.
    """
    folder = Path(folder or os.environ.get(_VARIABLE, _DEFAULT)).expanduser()
    if not (folder / _INDEX).exists():
        raise MolmoPointError(
            f"There is no atlas of cut-outs in {folder}: make one with "
            f"`python -m molmo_point.data.cutouts.collect {folder}` (docs/data-things.md), "
            f"or name another folder in {_VARIABLE}"
        )
    entries = [Entry(**entry) for entry in json.loads((folder / _INDEX).read_text("utf-8"))]
    with np.load(folder / _PIXELS) as file:
        return Atlas(entries, file["pixels"])
