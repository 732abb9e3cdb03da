"""Results: what they hold, what they refuse, and that they say which image they are of."""

import json
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from molmo_point.errors import InvalidPoint, SizeMismatch
from molmo_point.geometry import Frame
from molmo_point.points import Count, Point, Points

SIZE = (640, 480)
THREE = Points(
    (
        Point(320.0, 120.0, "mug", 0.5),
        Point(0.0, 0.0, "mug", 0.9, object_id=2),
        Point(640.0, 480.0, "cup", timestamp=1.5),
    ),
    SIZE,
    query="mugs",
    text="<points>",
    unread=("<pt",),
    truncated=True,
    stated_count=4,
    warnings=("The text says 4.",),
)
NONE = Points((), SIZE, "zebra", state="none")

finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
some_points = st.builds(
    Point,
    x=finite,
    y=finite,
    label=words,
    confidence=st.none() | st.floats(0, 1),
    object_id=st.none() | st.integers(0, 999),
    image_index=st.integers(0, 9),
    timestamp=st.none() | finite,
)
results = st.lists(some_points, max_size=4).flatmap(
    lambda items: st.builds(
        Points,
        items=st.just(tuple(items)),
        image_size=st.tuples(st.integers(1, 9999), st.integers(1, 9999)),
        query=words,
        text=words,
        state=st.just("points") if items else st.sampled_from(["none", "unreadable"]),
        unread=st.lists(words, max_size=2).map(tuple),
        truncated=st.booleans(),
        stated_count=st.none() | st.integers(0, 99),
        warnings=st.lists(words, max_size=2).map(tuple),
    )
)


@given(points=results)
def test_json_keeps_everything(points):
    assert Points.from_json(points.to_json()) == points
    assert "\n" not in points.to_json()


@given(points=results)
def test_results_are_values(points):
    again = Points.from_json(points.to_json())
    assert hash(again) == hash(points)
    assert {points, again} == {points}


def test_results_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        THREE.query = "cups"
    with pytest.raises(FrozenInstanceError):
        THREE[0].x = 1.0
    assert not hasattr(THREE, "__dict__")
    assert not hasattr(THREE[0], "__dict__")


def test_results_are_a_sequence():
    assert len(THREE) == 3
    assert THREE[-1].label == "cup"
    assert THREE[1:] == THREE.items[1:]
    assert next(reversed(THREE)) is THREE[2]
    assert THREE[0] in THREE
    assert not NONE


def test_numpy_numbers_become_plain_ones():
    point = Point(
        np.float32(1.5),
        np.int64(2),
        confidence=np.float32(0.5),
        object_id=np.int64(7),
        timestamp=np.float64(1.5),
    )
    points = Points((point,), (np.int64(4), np.int64(3)))
    assert (type(point.x), type(point.y)) == (float, float)
    assert json.loads(points.to_json())["image_size"] == [4, 3]
    assert Points.from_json(points.to_json()) == points


@pytest.mark.parametrize("x", [float("nan"), float("inf")])
def test_a_point_is_finite(x):
    with pytest.raises(InvalidPoint, match="finite"):
        Point(1.0, x)


@pytest.mark.parametrize("x", ["left", None, [1], 10**400, 1j])
def test_a_point_is_made_of_numbers(x):
    with pytest.raises(InvalidPoint, match="A point's x is a number"):
        Point(x, 1.0)


@pytest.mark.parametrize("timestamp", [float("nan"), float("inf"), "soon"])
def test_a_timestamp_is_finite(timestamp):
    with pytest.raises(InvalidPoint, match="timestamp"):
        Point(1.0, 1.0, timestamp=timestamp)


@pytest.mark.parametrize("confidence", [float("nan"), "high"])
def test_a_confidence_is_a_number(confidence):
    with pytest.raises(InvalidPoint, match="confidence is a"):
        Point(1, 1, confidence=confidence)


@pytest.mark.parametrize("confidence", [-0.1, 1.1])
def test_a_confidence_is_a_probability(confidence):
    with pytest.raises(InvalidPoint, match="0-1"):
        Point(1, 1, confidence=confidence)


def test_items_are_points_and_kept_as_a_tuple():
    assert hash(Points([Point(1, 1)], SIZE)) == hash(Points((Point(1, 1),), SIZE))
    with pytest.raises(InvalidPoint, match="from_xy"):
        Points(((1, 1),), SIZE)


@pytest.mark.parametrize("size", [(0, 1), (640, -480), (1.5, 2)])
def test_a_size_is_positive(size):
    with pytest.raises(InvalidPoint, match="image size"):
        Points((Point(1, 1),), size)


def test_the_state_fits_the_points():
    with pytest.raises(InvalidPoint, match='1 points cannot have the state "none"'):
        Points((Point(1, 1),), SIZE, state="none")
    with pytest.raises(InvalidPoint, match='0 points cannot have the state "points"'):
        Points((), SIZE)
    with pytest.raises(InvalidPoint, match='got "maybe"'):
        Points((), SIZE, state="maybe")


@pytest.mark.parametrize(
    "text",
    [
        "{",
        "[]",
        "{}",
        '{"image_size": [4], "points": [], "state": "none"}',
        '{"image_size": [4, 3], "points": [{"x": 1}], "state": "points"}',
        '{"image_size": [4, 3], "points": [{"x": 1, "y": null}], "state": "points"}',
        '{"image_size": [4, 3], "points": [3], "state": "points"}',
        '{"image_size": [4.5, 3], "points": [], "state": "none"}',
        '{"image_size": [Infinity, 3], "points": [], "state": "none"}',
        '{"image_size": [4, 3], "points": [], "state": "none", "stated_count": Infinity}',
        '{"image_size": [4, 3], "state": "points", "points": [{"x": 1, "y": 1e999}]}',
        '{"image_size": [4, 3], "state": "points", "points": [{"x":1, "y":1, "object_id":1e999}]}',
        '{"image_size": [4, 3], "points": [], "state": "none", "stated_count": "some"}',
    ],
)
def test_what_is_no_result_is_refused(text):
    with pytest.raises(InvalidPoint):
        Points.from_json(text)


def test_best_is_the_surest_or_the_first():
    assert THREE.best is THREE[1]
    assert Points.from_xy([[1, 2], [3, 4]], SIZE).best == Point(1, 2)
    assert NONE.best is None


def test_every_space_is_of_the_image():
    assert THREE.xy().tolist() == [[320, 120], [0, 0], [640, 480]]
    assert THREE.xy_norm().tolist() == [[0.5, 0.25], [0, 0], [1, 1]]
    assert THREE.xy_percent().tolist() == [[50, 25], [0, 0], [100, 100]]
    assert THREE.xy_permille().tolist() == [[500, 250], [0, 0], [1000, 1000]]
    assert THREE.xy_css(2).tolist() == [[160, 60], [0, 0], [320, 240]]
    half = Frame.resized(SIZE, (320, 240))
    assert THREE.in_frame(half).tolist() == [[160, 60], [0, 0], [320, 240]]
    for xy in (NONE.xy(), NONE.xy_norm(), NONE.xy_css(2), NONE.in_frame(half)):
        assert xy.shape == (0, 2)
        assert xy.dtype == np.float64


@pytest.mark.parametrize(
    ("make", "xy"),
    [
        (Points.from_xy, [[320, 120]]),
        (Points.from_norm, [[0.5, 0.25]]),
        (Points.from_percent, [[50, 25]]),
        (Points.from_permille, [[500, 250]]),
    ],
    ids=["xy", "norm", "percent", "permille"],
)
def test_points_are_made_of_any_space(make, xy):
    assert make(xy, SIZE, query="mug", label="blue mug") == Points(
        (Point(320, 120, "blue mug"),), SIZE, "mug"
    )
    assert make([], SIZE, query="mug") == Points((), SIZE, "mug", state="none")


def test_points_of_a_crop_are_points_of_the_image():
    crop = Frame.cropped(SIZE, (300, 100, 400, 200))
    assert Points.from_frame([[20, 20]], crop, query="mug") == Points.from_xy(
        [[320, 120]], SIZE, query="mug"
    )


def test_a_frame_of_another_image_is_refused():
    with pytest.raises(SizeMismatch, match=r"640x480 .* 480x640"):
        THREE.in_frame(Frame.whole((480, 640)))


def test_points_of_several_images_have_no_common_space():
    both = Points((Point(1, 2), Point(30, 40, image_index=1)), SIZE, stated_count=2)
    for read in (both.xy_norm, both.xy_percent, both.xy_permille, lambda: both.xy_css(2)):
        with pytest.raises(SizeMismatch, match="of_image"):
            read()
    with pytest.raises(SizeMismatch, match="of_image"):
        both.in_frame(Frame.whole(SIZE))
    second = both.of_image(1, (60, 80))
    assert second == Points((Point(30, 40),), (60, 80))
    assert second.xy_norm().tolist() == [[0.5, 0.5]]
    assert both.of_image(2, SIZE).state == "none"


def test_repr_is_short_however_many():
    many = Points.from_xy(np.ones((500, 2)), SIZE, query="ants")
    assert repr(many) == (
        'Points("ants", 640x480: 500 at (1.0, 1.0), (1.0, 1.0), (1.0, 1.0), ... 497 more)'
    )
    assert repr(NONE) == 'Points("zebra", 640x480: none)'
    assert repr(THREE).endswith("truncated)")


def test_a_count_is_a_number_with_evidence():
    count = Count(THREE)
    assert int(count) == count.number == len(count.points) == 3
    assert ["a", "b", "c", "d"][count] == "d"
    assert str(count) == "3+"
    assert str(Count(NONE)) == "0"
    assert count
    assert not Count(NONE)
    assert not Count(NONE).truncated


def test_a_count_compares_as_its_number():
    count = Count(THREE)
    assert count == 3
    assert 3 == count  # noqa: SIM300
    assert count != 2
    assert count == np.int64(3)
    assert 2 < count <= 3
    assert count > Count(NONE)
    assert count == Count(Points.from_xy([[1, 1]] * 3, SIZE))
    assert {count, 3} == {3}
    assert count != "3"
    with pytest.raises(TypeError):
        assert count < "4"


@pytest.mark.parametrize(
    "wrong", [{"object_id": 2.7}, {"image_index": 0.5}, {"image_index": -1}, {"x": "12"}]
)
def test_what_is_nearly_a_number_is_refused(wrong):
    with pytest.raises(InvalidPoint, match=f"{next(iter(wrong))}.*{next(iter(wrong.values()))}"):
        Point(**{"x": 1, "y": 1} | wrong)


def test_a_number_alone_is_a_count():
    said = Points((), SIZE, "cups", "There are 7 cups.", state="unreadable", stated_count=7)
    assert (int(Count(said)), str(Count(said))) == (7, "7")
    assert int(Count(THREE)) == 3
