"""A world of your own pictures: images, and a file of COCO annotations with boxes or points.

Of ten pictures about one is for dev and one held out, by the names of their files, so that more
pictures change nothing about those that are there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any
from zlib import crc32

import cv2
import numpy as np
from numpy.typing import NDArray

from molmo_point.data.names import regular_name, vocabulary
from molmo_point.data.scenes import Scene, Split, Thing, random_of
from molmo_point.data.worlds import World
from molmo_point.errors import MolmoPointError
from molmo_point.images import load_image

__all__ = ["read_coco_world"]

_KIND = "pictures"
_PURPOSE = 11  # keeps these random numbers apart from those of other scenes
_SEEN = 1152  # pixels, longer side at which a model of 40 crops of 192 sees a large picture
_POINT_SHARE = 0.04  # of the longer side: the box of what is annotated by a point alone
_NEVER = ("unicorn", "anchor", "igloo", "trumpet")  # to be asked for where all else is present


@dataclass(frozen=True, slots=True)
class _Picture:
    file: Path
    size: tuple[int, int]
    things: tuple[Thing, ...]


def read_coco_world(path: Path) -> World:
    """A world whose names are the categories of a COCO file, such as labelling tools write.

    Args:
        path: JSON; the images lie beside it, or in `images/` beside it. Annotations have a box, or
            one key point, whose box is then taken to be 0.04 of the image's longer side.

    Raises:
        MolmoPointError: the file is none of these, or names images that are not there.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        names = {int(each["id"]): _words(each["name"]) for each in data["categories"]}
        marks: dict[int, list[Mapping[str, Any]]] = {}
        for mark in data["annotations"]:
            marks.setdefault(int(mark["image_id"]), []).append(mark)
        pictures = [_read_picture(path.parent, each, marks, names) for each in data["images"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MolmoPointError(
            f"{path} is no file of COCO annotations ({type(error).__name__}: {error})."
        ) from error
    known = {name: regular_name(name) for name in sorted(set(names.values()))}
    never = {name: regular_name(name) for name in _NEVER if name not in known}
    return World(
        str(path),
        {**known, **never},
        {},
        vocabulary({**known, **never}),
        partial(_draw, path, _divide(pictures)),
        {_KIND: tuple(known)},
        {_KIND: tuple(never)},
    )


def _words(name: str) -> str:
    words = " ".join(re.findall(r"[^\W_]+", name.lower()))
    if not words:
        raise ValueError(f"the category {name!r} has no word")
    return words


def _read_picture(
    folder: Path,
    image: Mapping[str, Any],
    marks: Mapping[int, Sequence[Mapping[str, Any]]],
    names: Mapping[int, str],
) -> _Picture:
    file = folder / image["file_name"]
    if not file.exists():
        file = folder / "images" / image["file_name"]
    if not file.exists():
        raise MolmoPointError(f"{image['file_name']} is neither in {folder} nor in images/ below.")
    size = (int(image["width"]), int(image["height"]))
    things = [
        Thing(
            names[int(mark["category_id"])],
            (box[0] + box[2]) / 2,
            (box[1] + box[3]) / 2,
            box,
            doubtful=bool(mark.get("iscrowd", 0)),
        )
        for mark in marks.get(int(image["id"]), ())
        for box in [_box(mark, size)]
    ]
    return _Picture(file, size, tuple(things))


def _box(mark: Mapping[str, Any], size: tuple[int, int]) -> tuple[float, float, float, float]:
    """Left, top, right, bottom; key points are pixel indices, boxes corners (`convert.to_coco`)."""
    points: Sequence[float] = mark.get("keypoints") or ()
    if len(points) == 3:
        x, y, half = points[0] + 0.5, points[1] + 0.5, _POINT_SHARE / 2 * max(size)
        return (x - half, y - half, x + half, y + half)
    left, top, width, height = map(float, mark["bbox"])
    if width <= 0 or height <= 0:
        raise ValueError(f"the box {mark['bbox']} of annotation {mark.get('id')} has no area")
    return (left, top, left + width, top + height)


def _divide(pictures: Sequence[_Picture]) -> dict[Split, list[_Picture]]:
    found: dict[Split, list[_Picture]] = {"train": [], "dev": [], "heldout": []}
    for picture in pictures:
        number = crc32(picture.file.name.encode()) % 10
        found["heldout" if number == 0 else "dev" if number == 1 else "train"].append(picture)
    return found


@lru_cache(maxsize=64)
def _load(file: Path, size: tuple[int, int]) -> NDArray[np.uint8]:
    image = load_image(file)
    height, width = image.shape[:2]
    if (width, height) != size:
        raise MolmoPointError(
            f"{file} is {width}x{height} once it is upright, its annotations are of "
            f"{size[0]}x{size[1]}."
        )
    return image


def _draw(
    path: Path,
    pictures: Mapping[Split, Sequence[_Picture]],
    seed: int,
    split: Split,
    size: tuple[int, int] | None,
) -> Scene:
    """A whole picture, or a window of one that is about as large as `size`, at some scale."""
    found = pictures[split]
    if not found:
        raise MolmoPointError(
            f'Of the pictures of {path} none falls to the split "{split}", which gets about one of '
            "ten: give more pictures."
        )
    if size is None:
        picture = found[seed % len(found)]
        return Scene(_load(picture.file, picture.size), picture.things, _KIND)
    rng = random_of(split, seed, _PURPOSE)
    picture = found[int(rng.integers(len(found)))]
    longer = max(picture.size)
    whole = min(size[0] / picture.size[0], size[1] / picture.size[1])
    near = max(whole, min(1.0, _SEEN / longer))
    scene = _scaled(picture, float(np.exp(rng.uniform(np.log(whole), np.log(near)))))
    height, width = scene.image.shape[:2]
    across, down = min(size[0], width), min(size[1], height)
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    if scene.things and rng.random() < 0.8:
        thing = scene.things[int(rng.integers(len(scene.things)))]
        x, y = thing.x, thing.y
    left = int(np.clip(x - across * rng.uniform(0.2, 0.8), 0, width - across))
    top = int(np.clip(y - down * rng.uniform(0.2, 0.8), 0, height - down))
    part = scene.part(left, top, across, down, (across, down))
    if split == "train":
        lit = part.image.astype(np.float32) * rng.uniform(0.8, 1.2) + rng.uniform(-12, 12)
        part = replace(part, image=lit.clip(0, 255).astype(np.uint8))
    return part


def _scaled(picture: _Picture, scale: float) -> Scene:
    image = _load(picture.file, picture.size)
    height, width = (max(1, round(side * scale)) for side in image.shape[:2])
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    small = np.asarray(cv2.resize(image, (width, height), interpolation=how), np.uint8)
    sx, sy = width / picture.size[0], height / picture.size[1]
    things = tuple(
        replace(
            thing,
            x=thing.x * sx,
            y=thing.y * sy,
            box=(thing.box[0] * sx, thing.box[1] * sy, thing.box[2] * sx, thing.box[3] * sy),
        )
        for thing in picture.things
    )
    return Scene(small, things, _KIND)
