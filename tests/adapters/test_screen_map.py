"""From a picture's pixels to where a click goes: pure, and tested without any device."""

import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from molmo_point.errors import InvalidPoint
from molmo_point_adapters.screen import screen_map
from molmo_point_adapters.screen.screen_map import Box, into_iframe, screen_frame

SIDES = st.integers(1, 5000)
CORNERS = st.floats(-4000, 4000)
SCALES = st.sampled_from([0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0])
SHARES = st.floats(0, 1)


def test_the_examples_in_the_docstrings():
    done = doctest.testmod(screen_map)
    assert done.attempted >= 4
    assert done.failed == 0


@given(SIDES, SIDES, SCALES, CORNERS, CORNERS, SHARES, SHARES)
def test_a_share_of_the_picture_is_that_share_of_what_it_shows(w, h, scale, left, top, x, y):
    shown = Box(left, top, w / scale, h / scale)
    frame = screen_frame((w, h), shown)
    ((at_x, at_y),) = frame.to_frame([[x * w, y * h]]).tolist()
    assert at_x == pytest.approx(left + x * shown.width, abs=1e-6)
    assert at_y == pytest.approx(top + y * shown.height, abs=1e-6)
    ((back_x, back_y),) = frame.to_image([[at_x, at_y]]).tolist()
    assert (back_x, back_y) == pytest.approx((x * w, y * h), abs=1e-6)


@given(SIDES, SIDES, CORNERS, CORNERS, CORNERS, CORNERS, st.floats(0, 30))
def test_the_nearest_place_of_a_box_lies_in_it(w, h, left, top, x, y, inset):
    box = Box(left, top, w, h)
    at = box.nearest((x, y), inset=inset)
    assert box.left <= at[0] <= box.right
    assert box.top <= at[1] <= box.bottom
    room = (min(inset, w / 2), min(inset, h / 2))
    assert min(at[0] - box.left, box.right - at[0]) >= room[0] - 1e-6
    assert min(at[1] - box.top, box.bottom - at[1]) >= room[1] - 1e-6
    assert box.distance((x, y)) >= 0
    if box.contains((x, y)) and inset == 0:
        assert at == pytest.approx((x, y))


@given(SHARES, SHARES, SCALES)
def test_an_iframe_that_is_scaled(x, y, scale):
    inner = (640.0, 400.0)
    content = Box(30, 50, inner[0] * scale, inner[1] * scale)
    at = into_iframe((30 + x * content.width, 50 + y * content.height), content, inner)
    assert at == pytest.approx((x * 640, y * 400), abs=1e-6)


@pytest.mark.parametrize("numbers", [(0, 0, 0, 5), (0, 0, 5, -1), (float("nan"), 0, 1, 1)])
def test_a_box_without_an_area(numbers):
    with pytest.raises(InvalidPoint, match="with an area"):
        Box(*numbers)


def test_what_two_boxes_share():
    assert Box(0, 0, 10, 10).within(Box(5, 5, 10, 10)) == Box(5, 5, 5, 5)
    assert Box(0, 0, 10, 10).within(Box(10, 0, 5, 5)) is None
