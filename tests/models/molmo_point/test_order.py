"""One of several, by its place."""

import pytest
import torch

from molmo_point.models.molmo_point.asked import PLACES
from molmo_point.models.molmo_point.order import choose_place

# two rows of three, the second a little askew; patches of one image, boxes of 4 by 2 patches
SPOTS = [(0, 2, 5), (0, 2, 15), (0, 2, 25), (0, 10, 26), (0, 11, 4), (0, 10, 16)]


def chosen(*words, spots=SPOTS, half=1.0):
    asked = torch.tensor([place in words for place in PLACES])
    reach = torch.tensor([[2.0, half, 2.0, half]]).expand(len(spots), 4)
    return choose_place(torch.tensor(spots).reshape(-1, 3), reach, asked).tolist()


@pytest.mark.parametrize(
    ("words", "rank"),
    [
        (("first",), 0), (("third",), 2), (("fourth",), 4), (("fifth",), 5), (("last",), 3),
        (("top", "right"), 2), (("bottom", "left"), 4), (("right",), 3), (("left",), 4),
    ],
)  # fmt: skip
def test_places(words, rank):
    assert chosen(*words) == [rank]


def test_there_is_no_third_of_two_and_nothing_of_none():
    assert chosen("third", spots=SPOTS[:2]) == []
    assert chosen("first", spots=[]) == []


def test_a_column_is_read_from_the_top():
    column = [(0, 9, 5), (0, 3, 6), (0, 6, 4)]
    assert chosen("first", spots=column) == [1]
    assert chosen("last", spots=column) == [0]


def test_the_next_image_comes_after():
    assert chosen("second", spots=[(1, 0, 0), (0, 30, 9)]) == [0]
