"""A model on held-out generated scenes: figures by kind of scene, of question, and by count."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import Split, random_of
from molmo_point.data.worlds import DRAWN, World
from molmo_point.evaluation.metrics import PointScore, calibration_error, match_boxes
from molmo_point.pointer import Pointer

__all__ = ["SceneReport", "evaluate_scenes"]

_MARGIN = 2.0
_BUCKETS = ((0, 0), (1, 1), (2, 3), (4, 6), (7, 10), (11, 20), (21, 60))


@dataclass(slots=True)
class SceneReport:
    """All figures of one evaluation.

    Attributes:
        overall: every question.
        by_scene: by kind of scene.
        by_query: by kind of question.
        by_count: by how many there are.
        confidences: of every point.
        hits: whether each is right.
        refused: questions about absent things answered with none, and asked.
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
            "calibration_error": round(calibration_error(self.confidences, self.hits), 4),
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
    questions: int = 4,
    progress: Callable[[int], None] = lambda done: None,
) -> SceneReport:
    """Ask about the first `scenes` scenes of a split; a point counts within 2 pixels of its box.

    Args:
        pointer: the model.
        scenes: how many.
        split: "heldout" to report, "dev" to choose by.
        world: what the scenes show.
        questions: about each scene.
        progress: told how many scenes are done.
    """
    report = SceneReport()
    for seed in range(scenes):
        scene = world.draw(seed, split, None)
        queries = ask_about(scene, random_of(split, seed, 1), questions, world)
        with pointer.look(scene.image) as view:
            answers = view.points([query.text for query in queries])
        for query, points in zip(queries, answers, strict=True):
            boxes = [scene.things[index].box for index in query.targets]
            right = match_boxes(points.xy(), boxes, margin=_MARGIN)
            figures = {"right": int(right.sum()), "said": len(points), "there": len(boxes)}
            report.overall.add(**figures)
            for table, name in (
                (report.by_scene, scene.kind),
                (report.by_query, query.kind),
                (report.by_count, _bucket(len(boxes))),
            ):
                table.setdefault(name, PointScore()).add(**figures)
            report.confidences += [point.confidence or 0.0 for point in points]
            report.hits += [bool(value) for value in right]
            if boxes:
                report.kept = (report.kept[0] + bool(len(points)), report.kept[1] + 1)
            else:
                report.refused = (report.refused[0] + (not len(points)), report.refused[1] + 1)
        progress(seed + 1)
    return report
