"""Scores of pointing and counting on cases that can be worked out by hand."""

import numpy as np
import pytest

from molmo_point.evaluation.metrics import PointScore, calibration_error, match_boxes

BOXES = [(0.0, 0.0, 10.0, 10.0), (5.0, 0.0, 15.0, 10.0)]


def test_points_hit_things_one_to_one_as_many_as_possible():
    # the first point lies in both boxes and leaves the left one to the second
    assert match_boxes(np.array([[7.0, 5.0], [2.0, 5.0]]), BOXES).tolist() == [True, True]
    assert match_boxes(np.array([[2.0, 5.0], [3.0, 5.0]]), BOXES).tolist() == [True, False]
    assert match_boxes(np.array([[17.0, 5.0]]), BOXES).tolist() == [False]
    assert match_boxes(np.array([[17.0, 5.0]]), BOXES, margin=2.0).tolist() == [True]
    assert match_boxes(np.zeros((0, 2)), BOXES).tolist() == []


def test_scores_are_over_all_points_of_all_questions():
    score = PointScore()
    score.add(right=2, said=3, there=2)
    score.add(right=1, said=1, there=3)
    score.add(right=0, said=0, there=0)
    assert score.precision == 3 / 4
    assert score.recall == 3 / 5
    assert score.f1 == pytest.approx(6 / 9)
    assert score.exact_share == pytest.approx(1 / 3)
    assert score.mean_error == 1.0


def test_calibration_compares_confidence_with_hits():
    assert calibration_error([0.8] * 10, [True] * 8 + [False] * 2) == pytest.approx(0.0, abs=1e-9)
    assert calibration_error([0.9] * 10, [False] * 10) == pytest.approx(0.9)
    assert calibration_error([], []) == 0.0
