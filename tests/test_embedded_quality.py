"""The embedded model on pictures that a test draws: no more than its card claims."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from molmo_point import Pointer
from molmo_point.evaluation.scenes import evaluate_scenes

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture(scope="module")
def pointer():
    return Pointer()


def test_it_has_learnt_something(pointer):
    """Bounds somewhat below the card's figures, which are of more scenes."""
    report = evaluate_scenes(pointer, scenes=24)
    assert report.overall.f1 > 0.93
    assert report.exact_to(6) > 0.75
    assert report.refused[0] > 0.93 * report.refused[1]


def test_the_pictures_of_the_readme_are_answered_as_it_says(pointer):
    assert int(pointer.count(EXAMPLES / "coins.png", "coins")) == 24
    assert int(pointer.count(EXAMPLES / "shapes.png", "red circles")) == 3


def test_things_on_plain_paper_are_pointed_at(pointer):
    image = np.full((220, 300, 3), 236, dtype=np.uint8)
    centres = [(60, 60), (150, 150), (240, 70)]
    for centre in centres:
        cv2.circle(image, centre, 20, (60, 60, 60), -1, cv2.LINE_AA)
    points = pointer.point(image, "objects")
    hit = [any(np.hypot(p.x - x, p.y - y) < 22 for p in points) for x, y in centres]
    assert sum(hit) == 3
    assert len(points) == 3


def test_plurals_articles_and_spellings_change_nothing(pointer):
    image = np.full((150, 150, 3), 240, dtype=np.uint8)
    cv2.circle(image, (75, 75), 30, (200, 30, 30), -1, cv2.LINE_AA)
    with pointer.look(image) as view:
        answers = view.points(["circle", "circles", "the circles", "red circle", "all red circles"])
    assert {len(points) for points in answers} == {1}
    assert len({tuple(points.xy()[0]) for points in answers}) == 1
    assert pointer.point(image, "grey circles").xy().tolist() == (
        pointer.point(image, "gray circles").xy().tolist()
    )


def test_who_must_have_a_point_gets_the_likeliest_place(pointer):
    """Nothing is sure here, yet one thing looks more like what is asked for than the paper does."""
    image = np.full((192, 192, 3), 236, dtype=np.uint8)
    cv2.circle(image, (130, 120), 22, (60, 60, 60), -1, cv2.LINE_AA)
    with pointer.look(image) as view:
        assert not len(view.point("hammers"))
        (point,) = view.point("hammers", single=True)
    assert np.hypot(point.x - 130, point.y - 120) < 30
