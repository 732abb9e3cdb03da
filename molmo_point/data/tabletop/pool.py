"""A pool of rendered tables on disk, and windows cut out of them.

    python -m molmo_point.data.tabletop.pool FOLDER train 300

A table is a JPEG, two PNGs (whose each pixel is; depth in tenths of a millimetre) and, written
last, a line of JSON; a pool goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from molmo_point.data.canvas import Thing
from molmo_point.data.scenes import Split, random_of
from molmo_point.data.tabletop.scene import TabletopScene, render_table
from molmo_point.errors import MolmoPointError

__all__ = ["TabletopPool", "main", "write_pool"]

_PURPOSE, _PAGE = 17, 18
_SHARED = 256  # seeds whose windows come from the same four tables, which need not be read again
_QUALITY = 95
_DEPTH = 1e4  # units in a metre
_FARTHEST = 6.5  # metres that fit into 16 bits


def write_pool(folder: Path, split: Split, count: int) -> int:
    """Render the tables of the seeds from 0 on that are not there yet; how many those were."""
    (folder / split).mkdir(parents=True, exist_ok=True)
    written = 0
    for seed in range(count):
        stem = folder / split / f"{seed:06d}"
        truth = stem.with_suffix(".json")
        if truth.exists():
            continue
        table = render_table(seed, split)
        cv2.imwrite(
            str(stem.with_suffix(".jpg")), table.image[..., ::-1],
            [cv2.IMWRITE_JPEG_QUALITY, _QUALITY],
        )  # fmt: skip
        cv2.imwrite(f"{stem}-owner.png", table.owner.astype(np.uint8))
        depth = np.clip(table.depth, 0, _FARTHEST) * _DEPTH
        cv2.imwrite(f"{stem}-depth.png", depth.astype(np.uint16))
        record = {
            "things": [asdict(thing) for thing in table.things],
            "intrinsics": table.intrinsics.tolist(),
            "pose": table.pose.tolist(),
        }
        unfinished = truth.with_suffix(".part")
        unfinished.write_text(json.dumps(record) + "\n")
        unfinished.replace(truth)
        written += 1
    return written


class TabletopPool:
    """The rendered tables of one split.

    Args:
        folder: what `write_pool` wrote.
        split: which of its splits.

    Raises:
        MolmoPointError: there are no tables of this split.
    """

    def __init__(self, folder: Path, split: Split) -> None:
        self.split: Split = split
        self._files = sorted((Path(folder) / split).glob("*.json"))
        if not self._files:
            raise MolmoPointError(
                f'There are no tables of the split "{split}" in {folder}: render some with '
                f"`python -m molmo_point.data.tabletop.pool {folder} {split} 300`."
            )
        self.table = lru_cache(maxsize=24)(self._read)

    def __len__(self) -> int:
        return len(self._files)

    def _read(self, number: int) -> TabletopScene:
        """A whole table."""
        file = self._files[number]
        record = json.loads(file.read_text())
        stem = file.with_suffix("")
        image = cv2.imread(f"{stem}.jpg", cv2.IMREAD_COLOR)
        owner = cv2.imread(f"{stem}-owner.png", cv2.IMREAD_UNCHANGED)
        depth = cv2.imread(f"{stem}-depth.png", cv2.IMREAD_UNCHANGED)
        if image is None or owner is None or depth is None:
            raise MolmoPointError(f"{stem} is not complete: remove {file} and render it again.")
        return TabletopScene(
            np.ascontiguousarray(image[..., ::-1]).astype(np.uint8),
            tuple(Thing(**{**thing, "box": tuple(thing["box"])}) for thing in record["things"]),
            owner.astype(np.int16),
            (depth / _DEPTH).astype(np.float32),
            np.array(record["intrinsics"]),
            np.array(record["pose"]),
        )

    def window(self, seed: int, size: tuple[int, int] | None = None) -> TabletopScene:
        """A window of a table around one of its things, at one of several scales.

        Args:
            seed: any integer from 0; windows differ by it.
            size: (width, height) in pixels; the whole table of this seed if None.

        Returns:
            Things keep their boxes beyond the window. Depth and intrinsics are those of the window.
        """
        if size is None:
            return self.table(seed % len(self))
        page = seed // _SHARED * 4 + seed % 4
        table = self.table(int(random_of(self.split, page, _PAGE).integers(len(self))))
        rng = random_of(self.split, seed, _PURPOSE)
        scale = float(rng.choice((1.0, 1.0, 0.75, 0.6)))
        height, width = table.owner.shape
        across, down = min(size[0] / scale, width), min(size[1] / scale, height)
        x, y = rng.uniform(0, width), rng.uniform(0, height)
        if table.things and rng.random() < 0.8:
            box = table.things[int(rng.integers(len(table.things)))].box
            x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
        left = int(np.clip(x - across * rng.uniform(0.2, 0.8), 0, width - across))
        top = int(np.clip(y - down * rng.uniform(0.2, 0.8), 0, height - down))
        return _cut(table, left, top, int(across), int(down), size)


def _cut(
    table: TabletopScene, left: int, top: int, across: int, down: int, size: tuple[int, int]
) -> TabletopScene:
    rows, columns = slice(top, top + down), slice(left, left + across)
    sx, sy = size[0] / across, size[1] / down
    things = []
    for thing in table.things:
        x0, y0, x1, y1 = thing.box
        box = ((x0 - left) * sx, (y0 - top) * sy, (x1 - left) * sx, (y1 - top) * sy)
        things.append(replace(thing, x=(thing.x - left) * sx, y=(thing.y - top) * sy, box=box))
    moved = np.array([[sx, 0, -left * sx], [0, sy, -top * sy], [0, 0, 1]])
    return TabletopScene(
        np.asarray(cv2.resize(table.image[rows, columns], size, interpolation=cv2.INTER_AREA)),
        tuple(things),
        np.asarray(cv2.resize(table.owner[rows, columns], size, interpolation=cv2.INTER_NEAREST)),
        np.asarray(cv2.resize(table.depth[rows, columns], size, interpolation=cv2.INTER_NEAREST)),
        moved @ table.intrinsics,
        table.pose,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a pool from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m molmo_point.data.tabletop.pool", description="Render tables into a pool."
    )
    parser.add_argument("folder", type=Path, help="where the pool is")
    parser.add_argument("split", choices=("train", "dev", "heldout"))
    parser.add_argument("count", type=int, help="tables in all; those that are there stay")
    chosen = parser.parse_args(arguments)
    write_pool(chosen.folder, chosen.split, chosen.count)


if __name__ == "__main__":
    main()
