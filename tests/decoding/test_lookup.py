"""What was said before is foreseen, and nothing else."""

import pytest

from molmo_point.decoding.lookup import look_up


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ([5, 6, 7, 8, 9, 5, 6], [7, 8, 9, 5, 6]),
        ([5, 6, 1, 5, 6, 2, 5, 6], [2, 5, 6]),  # the last time counts
        ([1, 2, 3, 4, 5, 6, 7, 8, 9, 1, 2], [3, 4, 5, 6, 7, 8]),
        ([7, 7, 7], [7]),
        ([5, 6, 7, 6, 5], []),
        ([5, 6], []),
        ([5], []),
        ([], []),
    ],
)
def test_what_followed(said, words):
    assert look_up(said) == words
