"""A report on generated scenes: what counts as right, refused, kept and sure."""

import json
import subprocess
import sys

import pytest

from molmo_point import Point, Points
from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import random_of
from molmo_point.data.worlds import DRAWN
from molmo_point.errors import QueryError
from molmo_point.evaluation.scenes import evaluate_scenes

SCENES = 6


def truth():
    """Query and scene of every question, in order."""
    for seed in range(SCENES):
        scene = DRAWN.draw(seed, "heldout", None)
        for query in ask_about(scene, random_of("heldout", seed, 1), 5, DRAWN):
            yield scene, query


class Told:
    """A pointer and its view whose answers are made from the truth."""

    def __init__(self, answer):
        self.answer, self.questions = answer, truth()

    def look(self, image):
        self.image_size = image.shape[1::-1]
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def point(self, text):
        scene, query = next(self.questions)
        assert query.text == text
        things = [scene.things[index] for index in query.targets]
        return self.answer([Point(t.x, t.y, confidence=0.8) for t in things], self.image_size)


def report(answer):
    return evaluate_scenes(Told(answer), scenes=SCENES)


def points(items, size):
    return Points(tuple(items), size, state="points" if items else "none")


def test_the_truth_is_right():
    figures = report(points).to_dict()
    assert figures["overall"]["f1"] == figures["overall"]["exact_count"] == 1
    assert figures["absent_refused"] == figures["present_not_refused"] == 1
    assert figures["calibration_error"] == pytest.approx(0.2)  # always right, said with 0.8


def test_what_is_left_out_said_twice_or_elsewhere_is_wrong():
    there = sum(len(query.targets) for _, query in truth())
    fewer = report(lambda items, size: points(items[1:], size)).overall.to_dict()
    asked = sum(bool(query.targets) for _, query in truth())
    assert fewer["recall"] == pytest.approx(1 - asked / there, abs=1e-3)
    assert fewer["precision"] == 1
    twice = report(lambda items, size: points(items * 2, size)).overall.to_dict()
    assert twice["precision"] == pytest.approx(0.5)
    away = report(lambda items, size: points([Point(-500.0, 0.0) for _ in items], size))
    assert away.overall.to_dict()["f1"] == 0


def test_what_cannot_be_read_is_no_refusal_and_no_confidence_is_not_zero():
    def unread(items, size):
        plain = [Point(point.x, point.y) for point in items]
        return Points(tuple(plain), size, state="points" if plain else "unreadable")

    figures = report(unread).to_dict()
    assert figures["absent_refused"] == 0
    assert figures["calibration_error"] is None


def test_a_name_that_is_not_known_is_a_refusal():
    def refuse(items, size):
        raise QueryError("It does not know this.")

    figures = report(refuse).to_dict()
    assert figures["absent_refused"] == 1
    assert figures["present_not_refused"] == 0


def test_the_command_measures_the_embedded_model(tmp_path):
    words = ["eval", "embedded", "--world", "drawn", "--scenes", "2"]
    program = [sys.executable, "-c", "from molmo_point.cli.main import main; main()", *words]
    more = ["--json", "--report", str(tmp_path)]
    done = subprocess.run(program + more, capture_output=True, check=True, timeout=300)
    figures = json.loads(done.stdout)["drawn"]
    assert figures["overall"]["f1"] > 0.5
    assert list((tmp_path / "drawn").iterdir())
    table = subprocess.run(program, capture_output=True, check=True, timeout=300).stdout.decode()
    assert "## drawn" in table
    assert f"| exact_count_0_10 | {figures['exact_count_0_10']} |" in table
