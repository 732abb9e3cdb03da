import pytest

from molmo_point.errors import InvalidPoint
from molmo_point.parsing import format_points
from molmo_point.points import Point, Points


def points(*pairs, label="cup", **kwargs):
    items = tuple(Point(x, y, label, **kwargs) for x, y in pairs)
    return Points(items, (1000, 500), state="points" if items else "none")


def test_molmo_one_point():
    text = format_points(points((635, 222.5)), dialect="molmo")
    assert text == '<point x="63.5" y="44.5" alt="cup">cup</point>'


def test_molmo_sorts_by_rounded_x_then_y():
    found = points((500.04, 400), (500.01, 450), (499.96, 300), (10, 20))
    text = format_points(found, dialect="molmo", wording="count", label="cups")
    assert text == (
        'Counting the <points x1="1.0" y1="4.0" x2="50.0" y2="60.0" x3="50.0" y3="80.0" x4="50.0" '
        'y4="90.0" alt="cups">cups</points> shows a total of 4.'
    )


def test_zero_has_no_sign():
    text = format_points(points((-0.1, 0)), dialect="molmo")
    assert text == '<point x="0.0" y="0.0" alt="cup">cup</point>'


def test_molmo2_sorts_and_pads():
    found = points((1000, 500), (7, 450), (7, 0.5))
    text = format_points(found, dialect="molmo2", wording="count_first")
    assert text == 'There are 3 <points coords="1 1 007 001 2 007 900 3 1000 1000">cup</points>.'


def test_molmo2_images_times_and_tracks():
    many = Points((Point(50, 60, "a", image_index=1), Point(100, 50, "a")), (1000, 500))
    text = format_points(many, dialect="molmo2", image_sizes=[(1000, 500), (100, 200)], alt="b")
    assert text == '<points alt="b" coords="1 1 100 100;2 2 500 300">a</points>'
    rows = [(0.0, 7, 900), (0.5, 7, 100), (0.0, 9, 200), (0.5, 9, 300)]
    track = Points(
        tuple(Point(x, 50, "a", object_id=name, timestamp=t) for t, name, x in rows), (1000, 500)
    )
    text = format_points(track, dialect="molmo2", tracks=True, separator="\t")
    assert text == ('<tracks coords="0.0 1 200 100 2 900 100\t0.5 1 300 100 2 100 100">a</tracks>')


def test_nothing():
    assert format_points(points(), dialect="molmo") == "There are none."
    assert format_points(points(), dialect="molmo2", wording="count") == "There are none."
    assert format_points(points(), dialect="molmo2", tracks=True) == "No tracks available."


def test_number_alone():
    assert format_points(points((1, 2), (3, 4)), dialect="molmo2", wording="number") == "2"


@pytest.mark.parametrize(
    ("found", "options"),
    [
        (points((1, 2), image_index=1), {"dialect": "molmo2"}),
        (points((1, 2), timestamp=1.0), {"dialect": "molmo"}),
        (points((1, 2)), {"dialect": "molmo2", "tracks": True}),
        (Points((), (1000, 500), text="hm", state="unreadable"), {"dialect": "molmo"}),
    ],
)
def test_refuses_what_the_dialect_cannot_say(found, options):
    with pytest.raises(InvalidPoint):
        format_points(found, **options)
