"""A pool of rendered pages on disk, and windows cut out of them.

Rendering takes about a second a page, so pages are rendered once:

    python -m molmo_point.data.screens.pool FOLDER train 400
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np

from molmo_point.data.scenes import SceneQuery, Split, random_of
from molmo_point.data.screens.elements import Element, Screen
from molmo_point.data.screens.pages import generate_page
from molmo_point.data.screens.questions import ask_about_screen
from molmo_point.data.screens.recolour import recolour
from molmo_point.data.screens.render import Renderer
from molmo_point.data.screens.roles import name_of
from molmo_point.errors import MolmoPointError

__all__ = ["ScreenPool", "ScreenScene", "main", "write_pool"]

_PURPOSE = 12  # keeps these random numbers apart from those of the other scenes
_PAGE = 14
_SHARED = 512  # seeds
_QUALITY = 92
_BY_NAME = 0.5  # of windows, around an element of a name by chance, not any element
_TRIES = 8  # windows, to find one that shows something
_LEAST = 2  # whole elements that a window should show
_SEEN = 40 * 168**2  # pixels of a page that a model of 40 crops sees; larger pages are shrunk
_NATIVE = 0.25  # share of windows that are not scaled
_SCALES = (0.35, 1.25)
_RECOLOURED = 0.4  # of windows to train on


@dataclass(frozen=True, slots=True)
class ScreenScene:
    """A screen with questions.

    Attributes:
        screen: a page, or a window of one.
        queries: questions whose targets are indices of its elements.
    """

    screen: Screen
    queries: tuple[SceneQuery, ...]


def _files(folder: Path, split: Split, seed: int) -> tuple[Path, Path]:
    stem = folder / split / f"{seed:06d}"
    return stem.with_suffix(".jpg"), stem.with_suffix(".json")


def write_pool(
    folder: Path,
    split: Split,
    count: int,
    *,
    packages: Path | None = None,
    renderer: Renderer | None = None,
) -> int:
    """Render pages that are not there yet.

    Each page is a JPEG (quality 92, full colour resolution) and one JSON line beside it, written
    last, so that an interrupted run goes on where it stopped.

    Args:
        folder: of the pool; there is a folder for each split in it.
        split: "train", "dev" or "heldout".
        count: pages in all, those of the seeds from 0 on.
        packages: see `packages.package_folder`.
        renderer: a running one, if there is one already.

    Returns:
        How many were rendered.

    Raises:
        MolmoPointError: a package or the browser is not there.
    """
    (folder / split).mkdir(parents=True, exist_ok=True)
    missing = [seed for seed in range(count) if not _files(folder, split, seed)[1].exists()]
    if not missing:
        return 0
    how = [cv2.IMWRITE_JPEG_QUALITY, _QUALITY,
           cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]  # fmt: skip
    with nullcontext(renderer) if renderer else Renderer() as running:
        for seed in missing:
            screen = running.render(generate_page(seed, split, folder=packages))
            picture, truth = _files(folder, split, seed)
            picture.write_bytes(cv2.imencode(".jpg", screen.image[..., ::-1], how)[1].tobytes())
            record = {
                "split": split, "seed": seed, "language": screen.language,
                "style": dict(screen.style), "elements": [asdict(e) for e in screen.elements],
            }  # fmt: skip
            unfinished = truth.with_suffix(".part")
            unfinished.write_text(json.dumps(record, ensure_ascii=False) + "\n", encoding="utf-8")
            unfinished.replace(truth)
    return len(missing)


class ScreenPool:
    """The rendered pages of one split.

    Args:
        folder: what `write_pool` wrote.
        split: which of its splits.

    Raises:
        MolmoPointError: there are no pages of this split.
    """

    def __init__(self, folder: Path, split: Split) -> None:
        self.split: Split = split
        self._files = sorted((Path(folder) / split).glob("*.json"))
        if not self._files:
            raise MolmoPointError(
                f'There are no pages of the split "{split}" in {folder}: write some with '
                f"`python -m molmo_point.data.screens.pool {folder} {split} 400`."
            )
        self.page = lru_cache(maxsize=24)(self._read)

    def __len__(self) -> int:
        return len(self._files)

    def _read(self, number: int) -> Screen:
        """A whole page."""
        file = self._files[number]
        record = json.loads(file.read_text(encoding="utf-8"))
        data = np.frombuffer(file.with_suffix(".jpg").read_bytes(), np.uint8)
        image = np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)[..., ::-1]
        elements = tuple(Element.from_json(element) for element in record["elements"])
        return Screen(np.ascontiguousarray(image), elements, record["language"], record["style"])

    def scene(
        self, seed: int, size: tuple[int, int] | None = None, *, questions: int = 8
    ) -> ScreenScene:
        """A window of a page, with questions that are exact inside it.

        Windows come at the scales at which a model sees pages, around that of the whole page and
        sometimes at its own; some of those to train on in other colours.

        Args:
            seed: any integer from 0; scenes differ by it.
            size: (width, height) in pixels, at most; the whole page at its own scale if None.
            questions: how many at most.
        """
        rng = random_of(self.split, seed, _PURPOSE)
        number = seed % len(self)
        if size is not None:
            number = int(random_of(self.split, _page_of(seed), _PAGE).integers(len(self)))
        screen = self.page(number)
        if size is not None:
            scale = _draw_scale(rng, screen)
            across, down = (max(1, round(side / scale)) for side in size)
            screen = _window(screen, rng, (across, down))
            if self.split == "train" and rng.random() < _RECOLOURED:
                screen = recolour(rng, screen)
            height, width = screen.image.shape[:2]  # of a small page less than was asked for
            screen = screen.resized(
                size[0] if width == across else max(1, round(width * scale)),
                size[1] if height == down else max(1, round(height * scale)),
            )
        return ScreenScene(screen, tuple(ask_about_screen(screen, rng, questions)))


def _page_of(seed: int) -> int:
    """Windows of near seeds share a page, four pages at a time, which need not be read again."""
    return seed // _SHARED * 4 + seed % 4


def _draw_scale(rng: np.random.Generator, screen: Screen) -> float:
    """The scale of a window: about the one at which the whole page is seen, or none."""
    if rng.random() < _NATIVE:
        return 1.0
    height, width = screen.image.shape[:2]
    whole = min(1.0, (_SEEN / (height * width)) ** 0.5)
    return float(np.clip(whole * np.exp(rng.uniform(-0.2, 0.2)), *_SCALES))


def _window(screen: Screen, rng: np.random.Generator, size: tuple[int, int]) -> Screen:
    """A window around an element, if possible one that shows several whole ones."""
    height, width = screen.image.shape[:2]
    across, down = min(size[0], width), min(size[1], height)
    shown = screen
    for _ in range(_TRIES):
        left, top = rng.integers(width - across + 1), rng.integers(height - down + 1)
        if screen.elements:
            box = _choose_element(rng, screen.elements).box
            left = np.clip(rng.uniform(*sorted((box[2] - across, box[0]))), 0, width - across)
            top = np.clip(rng.uniform(*sorted((box[3] - down, box[1]))), 0, height - down)
        shown = screen.window(int(left), int(top), across, down)
        if sum(element.whole for element in shown.elements) >= _LEAST:
            break
    return shown


def _choose_element(rng: np.random.Generator, elements: Sequence[Element]) -> Element:
    """Any, or one of a name that is drawn first, so that rare ones are seen as well."""
    if rng.random() < _BY_NAME:
        names = [name_of(element.role, element.states) for element in elements]
        wanted = rng.choice(sorted(set(names)))
        elements = [one for one, name in zip(elements, names, strict=True) if name == wanted]
    return elements[int(rng.integers(len(elements)))]


def main(arguments: Sequence[str] | None = None) -> None:
    """Write a pool from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m molmo_point.data.screens.pool", description="Render pages into a pool."
    )
    parser.add_argument("folder", type=Path, help="where the pool is")
    parser.add_argument("split", choices=("train", "dev", "heldout"))
    parser.add_argument("count", type=int, help="pages in all; those that are there stay")
    parser.add_argument("--packages", type=Path, help="the node_modules folder")
    chosen = parser.parse_args(arguments)
    write_pool(chosen.folder, chosen.split, chosen.count, packages=chosen.packages)


if __name__ == "__main__":
    main()
