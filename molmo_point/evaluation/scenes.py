"""A model on held-out generated scenes: figures by kind of scene, of question, and by count."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import SOLID, Scene, SceneQuery, Split, random_of
from molmo_point.data.worlds import DRAWN, World
from molmo_point.errors import QueryError
from molmo_point.evaluation.metrics import (
    PointScore,
    calibration_error,
    match_boxes,
    match_owners,
)
from molmo_point.evaluation.worst import Worst
from molmo_point.pointer import Pointer
from molmo_point.points import Points
from molmo_point.remote.view import RemoteView
from molmo_point.view import View

__all__ = ["SceneReport", "evaluate_scenes"]

_MARGIN = 2.0
_BUCKETS = ((0, 0), (1, 1), (2, 3), (4, 6), (7, 10), (11, 40), (41, 60))


@dataclass(slots=True)
class SceneReport:
    """All figures of one evaluation.

    Attributes:
        overall: every question.
        by_scene: by kind of scene.
        by_query: by kind of question.
        by_count: by how many there are.
        confidences: of every point that has one.
        hits: whether each of these is right.
        refused: questions about absent things answered with none, and asked; an answer that cannot
            be read is no refusal.
        kept: questions about present things answered with points, and asked.
    """

    overall: PointScore = field(default_factory=PointScore)
    by_scene: dict[str, PointScore] = field(default_factory=dict)
    by_query: dict[str, PointScore] = field(default_factory=dict)
    by_count: dict[str, PointScore] = field(default_factory=dict)
    confidences: list[float] = field(default_factory=list)
    hits: list[bool] = field(default_factory=list)
    refused: tuple[int, int] = (0, 0)
    kept: tuple[int, int] = (0, 0)

    def add(self, kind: str, query: SceneQuery, points: Points, right: NDArray[np.bool_]) -> None:
        """One more answer, and which of its points are right."""
        sure = [point.confidence or 0.0 for point in points]
        hit = bool(len(points)) and bool(right[int(np.argmax(sure))])
        there = len(query.targets)
        for score in (
            self.overall,
            self.by_scene.setdefault(kind, PointScore()),
            self.by_query.setdefault(query.kind, PointScore()),
            self.by_count.setdefault(_bucket(there), PointScore()),
        ):
            score.add(right=int(right.sum()), said=len(points), there=there, hit=hit)
        for point, value in zip(points, right, strict=True):
            if point.confidence is not None:
                self.confidences.append(point.confidence)
                self.hits.append(bool(value))
        if there:
            self.kept = (self.kept[0] + bool(len(points)), self.kept[1] + 1)
        else:
            self.refused = (self.refused[0] + (points.state == "none"), self.refused[1] + 1)

    def exact_to(self, most: int) -> float:
        """Share of exact counts among questions with at most so many things."""
        scores = [s for name, s in self.by_count.items() if int(name.split("-")[-1]) <= most]
        return sum(s.exact for s in scores) / max(sum(s.questions for s in scores), 1)

    def to_dict(self) -> dict[str, object]:
        """Every figure, ready for JSON."""
        tables = {"by_scene": self.by_scene, "by_query": self.by_query, "by_count": self.by_count}
        return {
            "overall": self.overall.to_dict(),
            "exact_count_0_6": round(self.exact_to(6), 4),
            "exact_count_0_10": round(self.exact_to(10), 4),
            "absent_refused": round(self.refused[0] / max(self.refused[1], 1), 4),
            "present_not_refused": round(self.kept[0] / max(self.kept[1], 1), 4),
            "calibration_error": round(calibration_error(self.confidences, self.hits), 4)
            if self.confidences
            else None,
        } | {
            title: {name: score.to_dict() for name, score in sorted(table.items())}
            for title, table in tables.items()
        }


def _bucket(count: int) -> str:
    for low, high in _BUCKETS:
        if low <= count <= high:
            return str(low) if low == high else f"{low}-{high}"
    return f"{_BUCKETS[-1][1] + 1}-999"


def evaluate_scenes(
    pointer: Pointer,
    *,
    scenes: int,
    split: Split = "heldout",
    world: World = DRAWN,
    questions: int = 5,
    progress: Callable[[int], None] = lambda done: None,
    worst: Worst | None = None,
) -> SceneReport:
    """Ask about the first `scenes` scenes of a split.

    A point is right within 2 pixels of a thing of its own: on tables of its pixels, else of its
    box, as the middle of a flat thing may lie in a hole of it.

    Args:
        pointer: the model.
        scenes: how many.
        split: "heldout" to report, "dev" to choose by.
        world: what the scenes show.
        questions: about each scene.
        progress: told how many scenes are done.
        worst: gets every answer, to keep the worst.
    """
    report = SceneReport()
    for seed in range(scenes):
        scene = world.draw(seed, split, None)
        queries = ask_about(scene, random_of(split, seed, 1), questions, world)
        with pointer.look(scene.image) as view:
            answers = [_answer(view, query.text) for query in queries]
        for query, points in zip(queries, answers, strict=True):
            right = _right(points, scene, query.targets)
            report.add(scene.kind, query, points, right)
            if worst is not None:
                worst.add(scene, query, points, right)
        progress(seed + 1)
    return report


def _answer(view: View | RemoteView, query: str) -> Points:
    """What a model says; a name that it does not know is refused, as one that is not there."""
    try:
        return view.point(query)
    except QueryError:
        return Points((), view.image_size, query, state="none")


def _right(points: Points, scene: Scene, targets: Sequence[int]) -> NDArray[np.bool_]:
    if scene.owner is not None and scene.kind in SOLID:
        return match_owners(points.xy(), scene.owner, targets, margin=int(_MARGIN))
    boxes = [scene.things[index].box for index in targets]
    return match_boxes(points.xy(), boxes, margin=_MARGIN)
