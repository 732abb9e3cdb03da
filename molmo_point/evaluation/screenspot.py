"""ScreenSpot, ScreenSpot-v2, ScreenSpot-Pro, and cases of the same form: does the point hit?

Layouts, by what their files hold (arXiv:2401.10935, 2410.23218, 2504.07981):

- ScreenSpot and v2: lists of `img_filename`, `bbox` as x, y, width, height in pixels,
  `instruction`, `data_type` ("text" or "icon"), `data_source`;
- Pro: the same with `bbox` as x1, y1, x2, y2, `ui_type`, `application`, and `img_size`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from molmo_point.errors import ImageError, MolmoPointError, QueryError
from molmo_point.pointer import Pointer
from molmo_point.points import Point

__all__ = ["HitReport", "Hits", "ScreenCase", "evaluate_cases", "read_cases"]

_PICTURES = {".png", ".jpg", ".jpeg", ".webp"}


@dataclass(frozen=True, slots=True)
class ScreenCase:
    """One thing to find on one screenshot.

    Attributes:
        image: its file.
        instruction: what is meant, in words.
        box: left, top, right, bottom of the target, pixels.
        kind: "text", "icon", or what else the file says of its kind.
        group: where it is from: "windows", "shop", an application.
        role: of the element, where the file says it; "" otherwise.
    """

    image: Path
    instruction: str
    box: tuple[float, float, float, float]
    kind: str
    group: str
    role: str = ""

    def is_hit(self, point: Point) -> bool:
        """Whether a point lies in the target."""
        left, top, right, bottom = self.box
        return left <= point.x <= right and top <= point.y <= bottom


@dataclass(slots=True)
class Hits:
    """Sums over cases.

    Attributes:
        cases: how many.
        hits: points inside the target.
        silent: no point: nothing was found, or the words are not understood.
    """

    cases: int = 0
    hits: int = 0
    silent: int = 0

    def to_dict(self) -> dict[str, float]:
        """The figures."""
        rate = round(self.hits / max(self.cases, 1), 4)
        return {"hit": rate, "cases": self.cases, "silent": self.silent}


@dataclass(slots=True)
class HitReport:
    """All figures of one evaluation.

    Attributes:
        overall: every case.
        by_kind: text or icon.
        by_role: by role of the element, where known.
        by_group: by where the screenshots are from.
    """

    overall: Hits = field(default_factory=Hits)
    by_kind: dict[str, Hits] = field(default_factory=dict)
    by_role: dict[str, Hits] = field(default_factory=dict)
    by_group: dict[str, Hits] = field(default_factory=dict)

    def add(self, case: ScreenCase, point: Point | None) -> None:
        """One more case, and the point that was given, if any."""
        sums = [self.overall, self.by_kind.setdefault(case.kind, Hits())]
        sums.append(self.by_group.setdefault(case.group, Hits()))
        if case.role:
            sums.append(self.by_role.setdefault(case.role, Hits()))
        for one in sums:
            one.cases += 1
            one.hits += point is not None and case.is_hit(point)
            one.silent += point is None

    def to_dict(self) -> dict[str, object]:
        """Every figure, ready for JSON."""
        tables = {"by_kind": self.by_kind, "by_role": self.by_role, "by_group": self.by_group}
        return {"overall": self.overall.to_dict()} | {
            title: {name: hits.to_dict() for name, hits in sorted(table.items())}
            for title, table in tables.items()
            if table
        }


def read_cases(folder: Path) -> list[ScreenCase]:
    """The cases of a folder, by image: its own JSON files and those in `annotations`.

    Raises:
        MolmoPointError: there are none, a file is not of a layout that is known, or an image is
            missing.
    """
    files = sorted([*folder.glob("*.json"), *folder.glob("annotations/*.json")])
    if not files:
        raise MolmoPointError(f'"{folder}" holds no JSON file, nor does its folder "annotations".')
    pictures = _Pictures(folder)
    cases = [case for file in files for case in _read_file(file, pictures)]
    if not cases:
        raise MolmoPointError(f'The files of "{folder}" list no cases.')
    return sorted(cases, key=lambda case: str(case.image))


class _Pictures:
    """Finds pictures by the name that a file gives them, wherever the data set keeps them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        found = [path for path in folder.rglob("*") if path.suffix.lower() in _PICTURES]
        self._by_name: dict[str, list[Path]] = {}
        for path in sorted(found):
            self._by_name.setdefault(path.name, []).append(path)

    def find(self, name: str) -> Path:
        fitting = [path for path in self._by_name.get(Path(name).name, ())
                   if f"/{path.as_posix()}".endswith("/" + name)]  # fmt: skip
        if not fitting:
            raise MolmoPointError(f'"{self._folder}" holds no image "{name}".')
        return fitting[0]


def _read_file(file: Path, pictures: _Pictures) -> Iterator[ScreenCase]:
    try:
        entries = json.loads(file.read_text(encoding="utf-8"))
        for entry in entries:
            yield _read_entry(entry, pictures)
    except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, MolmoPointError):
            raise
        raise MolmoPointError(
            f'"{file}" is not in a layout of ScreenSpot: {type(error).__name__}: {error}.'
        ) from error


def _read_entry(entry: dict[str, Any], pictures: _Pictures) -> ScreenCase:
    first, second, third, fourth = (float(value) for value in entry["bbox"])
    pro = "img_size" in entry
    box = (first, second, third, fourth) if pro else (first, second, first + third, second + fourth)
    return ScreenCase(
        image=pictures.find(entry["img_filename"]),
        instruction=str(entry["instruction"]),
        box=box,
        kind=str(entry["ui_type" if pro else "data_type"]),
        group=str(entry["application" if pro else "data_source"]),
        role=str(entry.get("role", "")),
    )


def evaluate_cases(
    pointer: Pointer,
    cases: Sequence[ScreenCase],
    *,
    progress: Callable[[int], None] = lambda done: None,
    answered: Callable[[ScreenCase, Point | None], None] = lambda case, point: None,
) -> HitReport:
    """Ask about every case for one point, the best guess; an image is read once.

    Words that the model does not know count as a miss.

    Args:
        pointer: the model.
        cases: in the order of their images.
        progress: told how many are done.
        answered: told each answer.

    Raises:
        ImageError: a picture cannot be read, or a target lies outside of it.
    """
    report = HitReport()
    for image, group in groupby(cases, key=lambda case: case.image):
        with pointer.look(image) as view:
            for case in group:
                width, height = view.image_size
                if case.box[2] > width + 1 or case.box[3] > height + 1:
                    raise ImageError(
                        f'A target of "{image}", {case.box}, lies outside of its {width} x '
                        f"{height} pixels: is this the layout of another version?"
                    )
                try:
                    points = view.point(case.instruction, single=True)
                except QueryError:
                    points = None
                best = max(points or (), key=lambda one: one.confidence or 0.0, default=None)
                report.add(case, best)
                answered(case, best)
                progress(report.overall.cases)
    return report
