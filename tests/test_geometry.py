"""Every space is reached and left again, exactly; a wrong one is refused."""

import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from molmo_point.errors import InvalidPoint, SizeMismatch
from molmo_point.geometry import (
    Frame,
    check_size,
    from_css,
    from_norm,
    from_percent,
    from_permille,
    from_pixel_centres,
    to_array_index,
    to_css,
    to_norm,
    to_percent,
    to_permille,
    to_pixel_centres,
)

DOC = Path(__file__).parents[1] / "docs" / "conventions.md"

sides = st.integers(1, 10_000)
sizes = st.tuples(sides, sides)
ratios = st.floats(0.25, 8)


@st.composite
def places(draw, size=None):
    """An image size and [N, 2] pixels in the image."""
    size = draw(sizes) if size is None else size
    unit = st.floats(0, 1)
    rows = draw(st.lists(st.tuples(unit, unit), max_size=5))
    return size, np.array(rows).reshape(-1, 2) * size


@st.composite
def frames(draw, image_size):
    """A resized, letterboxed or cropped copy, or a tile."""
    kind = draw(st.sampled_from(["resized", "letterboxed", "cropped", "tiles"]))
    width, height = image_size
    if kind == "resized":
        return Frame.resized(image_size, draw(sizes))
    if kind == "letterboxed":
        return Frame.letterboxed(image_size, draw(sizes), centred=draw(st.booleans()))
    if kind == "tiles":
        grid = draw(st.integers(1, min(4, height))), draw(st.integers(1, min(4, width)))
        return draw(st.sampled_from(Frame.tiles(image_size, grid, margin=draw(st.integers(0, 50)))))
    left, top = draw(st.integers(0, width - 1)), draw(st.integers(0, height - 1))
    right, bottom = draw(st.integers(left + 1, width)), draw(st.integers(top + 1, height))
    return Frame.cropped(image_size, (left, top, right, bottom))


def close(found, expected, size):
    """Equal to 1e-9 of the image's longer side."""
    assert found.shape == expected.shape
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9 * max(size))


@pytest.mark.parametrize(
    ("there", "back", "whole"),
    [
        (to_norm, from_norm, 1.0),
        (to_percent, from_percent, 100.0),
        (to_permille, from_permille, 1000.0),
    ],
    ids=["norm", "percent", "permille"],
)
@given(given_places=places())
def test_unit_spaces_round_trip_and_span_the_image(there, back, whole, given_places):
    size, xy = given_places
    close(back(there(xy, size), size), xy, size)
    assert back([[0, 0], [whole, whole]], size).tolist() == [[0.0, 0.0], [float(s) for s in size]]
    assert there([[0, 0], size], size).tolist() == [[0.0, 0.0], [whole, whole]]


@given(given_places=places(), ratio=ratios)
def test_css_round_trips(given_places, ratio):
    size, xy = given_places
    close(from_css(to_css(xy, ratio), ratio), xy, size)


@given(given_places=places())
def test_pixel_centres_round_trip(given_places):
    size, xy = given_places
    close(from_pixel_centres(to_pixel_centres(xy)), xy, size)


@given(data=st.data(), given_places=places())
def test_frames_round_trip(data, given_places):
    size, xy = given_places
    frame = data.draw(frames(size))
    close(frame.to_image(frame.to_frame(xy)), xy, size)


@given(data=st.data(), given_places=places())
def test_a_copy_of_a_copy_is_both_in_turn(data, given_places):
    size, xy = given_places
    first = data.draw(frames(size))
    second = data.draw(frames(first.size))
    both = first.then(second)
    assert both.image_size == size
    assert both.size == second.size
    in_turn = second.to_frame(first.to_frame(xy))
    np.testing.assert_allclose(
        both.to_frame(xy),
        in_turn,
        rtol=1e-9,
        atol=1e-9 * np.abs([in_turn.max(initial=1), *size]).max(),
    )
    close(both.to_image(both.to_frame(xy)), xy, size)


@given(data=st.data(), given_places=places())
def test_resizing_and_letterboxing_keep_the_image_inside(data, given_places):
    size, xy = given_places
    new_size = data.draw(sizes)
    for frame in (Frame.resized(size, new_size), Frame.letterboxed(size, new_size)):
        moved = frame.to_frame(xy)
        assert (moved >= 0).all()
        assert (moved <= np.array(new_size) * (1 + 1e-12)).all()


@given(size=sizes, new_size=sizes)
def test_letterbox_touches_two_edges_and_is_centred(size, new_size):
    frame = Frame.letterboxed(size, new_size)
    (left, top), (right, bottom) = frame.to_frame([[0, 0], size])
    gaps = [left, new_size[0] - right], [top, new_size[1] - bottom]
    assert min(sum(gap) for gap in gaps) == pytest.approx(0, abs=1e-6)
    for before, after in gaps:
        assert after - before == pytest.approx(0, abs=1e-6) or after - before == pytest.approx(1)


def test_letterbox_is_where_pillow_puts_the_picture():
    white = Image.new("L", (640, 480), 255)
    padded = np.asarray(ImageOps.pad(white, (336, 500), color=0)) > 127
    (left, top), (right, bottom) = Frame.letterboxed((640, 480), (336, 500)).to_frame(
        [[0, 0], [640, 480]]
    )
    rows, columns = np.nonzero(padded)
    assert (columns.min(), columns.max() + 1) == (left, right)
    assert (rows.min(), rows.max() + 1) == (top, bottom)


def test_letterbox_to_the_corner_pads_right_and_below():
    assert Frame.letterboxed((200, 100), (64, 64), centred=False).offset == (0.0, 0.0)


def test_resized_agrees_with_opencv():
    """The centre of mass of a square is where the frame says that it is."""
    image = np.zeros((60, 80), dtype=np.float32)
    image[20:30, 40:60] = 1
    copy = cv2.resize(image, (200, 90), interpolation=cv2.INTER_LINEAR)
    rows, columns = np.mgrid[:90, :200] + 0.5
    mass = np.array([[(copy * columns).sum(), (copy * rows).sum()]]) / copy.sum()
    expected = Frame.resized((80, 60), (200, 90)).to_frame([[50, 25]])
    np.testing.assert_allclose(mass, expected, atol=1e-3)


@given(data=st.data(), size=st.tuples(st.integers(1, 60), st.integers(1, 60)))
def test_a_crop_shows_the_same_pixel(data, size):
    width, height = size
    image = np.arange(width * height).reshape(height, width)
    left, top = data.draw(st.integers(0, width - 1)), data.draw(st.integers(0, height - 1))
    right, bottom = data.draw(st.integers(left + 1, width)), data.draw(st.integers(top + 1, height))
    frame = Frame.cropped(size, (left, top, right, bottom))
    copy = image[top:bottom, left:right]
    assert frame.size == (copy.shape[1], copy.shape[0])
    centre = [
        [
            data.draw(st.integers(left, right - 1)) + 0.5,
            data.draw(st.integers(top, bottom - 1)) + 0.5,
        ]
    ]
    seen = copy[to_array_index(frame.to_frame(centre), frame.size)]
    assert seen == image[to_array_index(centre, size)]


@given(
    size=st.tuples(st.integers(4, 60), st.integers(4, 60)),
    grid=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    margin=st.integers(0, 9),
)
def test_tiles_cover_each_pixel(size, grid, margin):
    width, height = size
    covered = np.zeros((height, width), dtype=int)
    tiles = Frame.tiles(size, grid, margin=margin)
    assert len(tiles) == grid[0] * grid[1]
    for tile in tiles:
        left, top = (-round(value) for value in tile.offset)
        covered[top : top + tile.size[1], left : left + tile.size[0]] += 1
    assert covered.min() >= 1
    assert margin or covered.max() == 1


@given(given_places=places())
def test_each_place_of_the_image_has_a_pixel_that_holds_it(given_places):
    size, xy = given_places
    rows, columns = to_array_index(xy, size)
    assert ((rows >= 0) & (rows < size[1]) & (columns >= 0) & (columns < size[0])).all()
    corner = np.column_stack([columns, rows])
    assert ((corner <= xy) & (xy <= corner + 1)).all()


def test_the_far_edge_is_in_the_last_pixel_and_a_border_in_the_next():
    rows, columns = to_array_index([[0, 0], [1, 0.99], [4, 3], [4 + 1e-9, -1e-9]], (4, 3))
    assert rows.tolist() == [0, 0, 2, 0]
    assert columns.tolist() == [0, 1, 3, 3]


def test_a_place_outside_has_no_pixel():
    with pytest.raises(InvalidPoint, match=r"\(4\.5, 1\.0\) lies outside the image of 4x3"):
        to_array_index([[1, 1], [4.5, 1]], (4, 3))


def test_no_places_are_no_places():
    for function in (to_pixel_centres, from_pixel_centres, Frame.whole((3, 3)).to_frame):
        assert function([]).shape == (0, 2)
    assert [index.shape for index in to_array_index([], (3, 3))] == [(0,), (0,)]


def test_what_is_given_is_not_changed():
    xy = np.array([[1.0, 2.0]])
    moved = Frame.whole((3, 3)).to_frame(xy)
    moved += 1
    assert xy.tolist() == [[1.0, 2.0]]


@pytest.mark.parametrize(
    "xy",
    [[1, 2], [[1, 2, 3]], [[[1, 2]]], [["a", "b"]], [[1], [2, 3]], [[np.nan, 1]], [[1, np.inf]]],
)
def test_what_is_no_place_is_refused(xy):
    with pytest.raises(InvalidPoint, match="Coordinates are"):
        to_norm(xy, (4, 3))


@pytest.mark.parametrize(
    "size",
    [
        (0, 4), (4, -1), (4,), (4, 3, 3), 4, (1.5, 2), (np.nan, 2), None, (True, 4), (4, np.True_),
        ("4", "3"), (2**31, 4), (10**400, 4),
    ],
)  # fmt: skip
def test_what_is_no_size_is_refused(size):
    with pytest.raises(InvalidPoint, match=re.escape("(width, height)")):
        check_size(size)


@pytest.mark.parametrize("ratio", [0, -1, float("nan"), float("inf")])
def test_what_is_no_ratio_is_refused(ratio):
    with pytest.raises(InvalidPoint, match="device-pixel ratio"):
        to_css([[1, 1]], ratio)


@pytest.mark.parametrize("box", [(0, 0, 5, 3), (-1, 0, 2, 2), (2, 2, 2, 3), (3, 0, 1, 2)])
def test_a_crop_that_slicing_would_cut_is_refused(box):
    with pytest.raises(SizeMismatch, match="4x3"):
        Frame.cropped((4, 3), box)


def test_tiles_smaller_than_a_pixel_are_refused():
    with pytest.raises(SizeMismatch, match="at least one pixel"):
        Frame.tiles((4, 3), (4, 4))


def test_a_copy_of_another_size_cannot_follow():
    with pytest.raises(SizeMismatch, match="3x4 image cannot follow a copy of 4x3"):
        Frame.whole((4, 3)).then(Frame.whole((3, 4)))


def test_a_frame_without_an_inverse_is_refused():
    with pytest.raises(InvalidPoint, match="scale"):
        Frame((4, 3), (4, 3), scale=(1.0, 0.0))
    with pytest.raises(InvalidPoint, match="offset"):
        Frame((4, 3), (4, 3), offset=(float("nan"), 0.0))


def test_what_the_conventions_say_holds():
    blocks = re.findall(r"```python\n(.*?)```", DOC.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 5
    exec(compile("\n".join(blocks), str(DOC), "exec"), {})
