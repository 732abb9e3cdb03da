import time

import numpy as np
import pytest

from molmo_point.errors import InvalidPoint, MolmoPointError
from molmo_point.parsing import PointStream, parse_points


def stream(**kwargs):
    return PointStream(image_size=(1000, 1000), **kwargs)


def first_seen(text):
    """For each point, the characters that had come when it was given out, and its label."""
    reader = stream()
    seen = [(text[: i + 1], p) for i, char in enumerate(text) for p in reader.feed(char)]
    return [(so_far, p.x, p.y, p.label) for so_far, p in seen]


def test_a_point_comes_with_the_quote_behind_its_y():
    text = '<points x1="10.0" y1="4.5" x2="30" y2="4" alt="a">a</points>'
    assert first_seen(text) == [
        ('<points x1="10.0" y1="4.5"', 100.0, 45.0, ""),
        ('<points x1="10.0" y1="4.5" x2="30" y2="4"', 300.0, 40.0, ""),
    ]


def test_a_point_comes_with_the_character_behind_its_last_digit():
    text = '<points alt="a" coords="1 1 100 1000 2 200 300;1 3 400 500">b</points>'
    assert [(so_far[-6:], x, y, label) for so_far, x, y, label in first_seen(text)] == [
        (" 1000 ", 100.0, 1000.0, "a"),
        ("0 300;", 200.0, 300.0, "a"),
        ('0 500"', 400.0, 500.0, "a"),
    ]


def test_a_click_comes_with_its_bracket():
    assert [row[0] for row in first_seen("Click(10.0, 20.0).")] == ["Click(10.0, 20.0)"]


def test_a_bare_pair_waits_for_the_end():
    reader = stream()
    assert reader.feed("It is at (10.0, 20.0).") == []
    assert len(reader.finish()) == 1


def test_the_result_has_the_label_and_the_query():
    reader = stream(query="cups")
    (point,) = reader.feed('<point x="1.0" y="2.0" alt="cup">cup</point>')
    assert point.label == ""
    assert reader.finish() is reader.finish()
    assert (reader.finish()[0].label, reader.finish().query) == ("cup", "cups")


def test_nothing_can_be_fed_after_the_end():
    reader = stream()
    reader.finish()
    with pytest.raises(MolmoPointError, match="new PointStream"):
        reader.feed("x")


@pytest.mark.parametrize("size", [(640, 480), [640, 480], np.array([640, 480]), [(640.0, 480)]])
def test_image_size_may_be(size):
    assert parse_points("", image_size=size).image_size == (640, 480)


@pytest.mark.parametrize(
    "size",
    [
        (),
        (0, 5),
        (-1, 5),
        (1,),
        (1, 2, 3),
        (1.5, 2),
        (float("nan"), 2),
        (10**400, 2),
        ("a", "b"),
        ("1", "2"),
        "12",
        None,
        5,
        [(1, 2), (3,)],
        (True, True),
        [(1, 2), 3],
    ],
)
def test_image_size_may_not_be(size):
    with pytest.raises(InvalidPoint, match="image size"):
        parse_points("", image_size=size)
    with pytest.raises(InvalidPoint, match="image size"):
        PointStream(image_size=size)


def test_a_long_label_and_many_points_take_linear_time():
    text = f'<points alt="{"a" * 100_000}" coords="1 {"1 123 456 " * 10_000}">b</points>'
    reader = stream()
    start = time.process_time()
    given_out = [point for at in range(0, len(text), 3) for point in reader.feed(text[at : at + 3])]
    assert len(given_out) == len(reader.finish()) == 10_000
    assert {point.label for point in given_out} == {"a" * 100_000}
    assert time.process_time() - start < 2.0


HEADS = [
    "",
    '<points x1="1.0" y1="2.0" alt="',
    '<points alt="',
    '<points coords="1 ',
    "there are no ",
]
UNITS = [
    "<",
    "<point ",
    '<points x1="',
    '<points coords="1 1 123 456 ',
    '<points x1="1" y1="2" alt="a">a',
    "</points>",
    '"',
    '" x',
    "9",
    " ",
    ".",
    "\n",
    "(",
    "(1.5, 2.5) ",
    "Click(",
    "1=",
    "1 123 456 ",
    "no a ",
    "there are 3 ",
    "1,000,",
    "p=1",
    "1=063,445 ",
    "a total of ",
    ' coords="1 ',
    "no. ",
]


@pytest.mark.parametrize("unit", UNITS)
def test_200_kb_of_anything_takes_linear_time(unit):
    for head in HEADS:
        size = 200_000 if head in HEADS[:2] else 70_000
        text = head + unit * (size // len(unit))
        start = time.process_time()
        whole = parse_points(text, image_size=(640, 480))
        assert time.process_time() - start < 2.0  # a quadratic scan takes minutes
        if head == HEADS[1]:
            reader = PointStream(image_size=(640, 480))
            start = time.process_time()
            for at in range(0, len(text), 4):
                reader.feed(text[at : at + 4])
            assert reader.finish() == whole
            assert time.process_time() - start < 4.0
