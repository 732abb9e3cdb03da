"""Distances and changed counts between two ways of running a model."""

import pytest

from molmo_point.evaluation.parity import compare_answers, match_points
from molmo_point.points import Point, Points

SIZE = (300, 400)  # its diagonal is 500


def points(*places, image=0):
    items = tuple(Point(x=x, y=y, image_index=image) for x, y in places)
    return Points(items, SIZE, "cups", "", state="points" if items else "none")


def test_points_are_paired_so_that_distances_are_shortest():
    before, after = points((10, 10), (100, 100)), points((103, 104), (10, 10))
    assert sorted(match_points(before, after)) == [0.0, 5.0]
    assert match_points(before, points()) == []
    assert match_points(points((1, 1)), points((1, 1), image=1)) == []


def test_the_figures_are_of_pairs_and_of_questions():
    before = [("a", "cups", points((10, 10), (100, 100))), ("b", "cups", points((5, 5)))]
    after = [("a", "cups", points((10, 13))), ("b", "cups", points((5, 105)))]
    figures = compare_answers(before, after).to_dict()
    assert figures == {
        "questions": 2,
        "same_count": 0.5,
        "mean_count_change": 0.5,
        "points": 2,
        "median_moved": 51.5,
        "most_moved": 100.0,
        "within_1_percent": 0.5,
    }


def test_a_changed_question_is_an_error():
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        compare_answers([("a", "cups", points())], [])
