"""Any text, cut anywhere: never an error, and the same answer in pieces as at once."""

import re
import string
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from molmo_point.parsing import PointStream, format_points, parse_points
from molmo_point.parsing.molmo import read_bare
from molmo_point.points import Point, Points

CASES = settings(max_examples=2500, deadline=None)

FRAGMENTS = [
    '<point x="63.5" y="44.5" alt="L">L</point>',
    '<points x1="10.0" y1="20.0" x2="30.5" y2="40.0" alt="a "b">c">a "b">c</points>',
    '<points alt="x y" coords="1 1 123 456 2 500 1000;2 3 700 800">cups</points>',
    '<tracks coords="0.0 1 123 456\t0.5 1 130 456">ball</tracks>',
    "<point x='5' y='6'/>",
    "Click(12.3, 45.6)",
    "(12.3, 45.6)",
    "p=063,445",
    '<points 1=063,445 2=100,200 alt="L">L</points>',
    " 3=",
    "Counting the ",
    " shows a total of 3.",
    "There are none.",
    '<points x1="',
    '" coords="',
    "</point",
    '" x2="',
    "99",
    "1 ",
    *"<>\"'/=.;:(,) \n\t\x00\ud800é٣",
]

texts = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=10).map("".join),
    st.text(st.characters(codec=None), max_size=60),
    st.text('<points xy12"=alt/> ', max_size=80),
)
sizes = st.sampled_from([(640, 480), (1, 1), [(640, 480), (100, 50)]])


def place(point):
    return point.x, point.y, point.image_index, point.timestamp, point.object_id


def in_pieces(text, cuts, size):
    reader = PointStream(image_size=size)
    edges = [0, *sorted(cut % (len(text) + 1) for cut in cuts), len(text)]
    given_out = [point for start, end in pairwise(edges) for point in reader.feed(text[start:end])]
    return given_out, reader.finish()


def assert_given_out(given_out, result):
    """All points were given out, in order; or none: bare ones, which a later tag takes back."""
    if given_out or len(result) != len(read_bare(result.text)[0]):
        assert [*map(place, given_out)] == [*map(place, result)]


@CASES
@given(texts, st.lists(st.integers(0, 10**6), max_size=8), sizes)
def test_every_split_gives_the_same_answer(text, cuts, size):
    whole = parse_points(text, image_size=size)
    given_out, result = in_pieces(text, cuts, size)
    assert result == whole
    assert_given_out(given_out, whole)
    assert (whole.state == "points") == bool(whole.items)
    assert whole == Points.from_dict(whole.to_dict())
    for point in whole:
        width, height = size[point.image_index] if isinstance(size, list) else size
        assert 0 <= point.x <= width
        assert 0 <= point.y <= height


@settings(max_examples=500, deadline=None)
@given(texts, sizes)
def test_one_character_at_a_time_gives_the_same_answer(text, size):
    given_out, result = in_pieces(text, range(len(text)), size)
    assert result == parse_points(text, image_size=size)
    assert_given_out(given_out, result)


words = st.text(string.ascii_letters + string.digits + " \"'<>&=/.,:()", max_size=20)
labels = words.filter(lambda label: label.strip() and '"/' not in label and "</" not in label)
pairs = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 1000)), min_size=1, max_size=12)


def from_permille(pairs, label):
    width, height = 1920, 1080
    return Points(
        tuple(Point(x / 1000 * width, y / 1000 * height, label) for x, y in pairs), (width, height)
    )


@CASES
@given(pairs, labels, st.sampled_from(["point", "count", "count_first"]), st.booleans())
def test_round_trip(pairs, label, wording, newer):
    dialect = "molmo2" if newer else "molmo"
    text = format_points(from_permille(pairs, label), dialect=dialect, wording=wording)
    found = parse_points(text, image_size=(1920, 1080))
    assert [(round(x), round(y)) for x, y in found.xy_permille()] == sorted(pairs)
    assert {point.label for point in found} == {label}
    assert (found.unread, found.truncated) == ((), False)
    assert found.stated_count == (None if wording == "point" else len(pairs))
    assert not any("states" in warning for warning in found.warnings)


@CASES
@given(pairs, st.booleans(), st.data())
def test_cut_text_keeps_its_complete_points(pairs, newer, data):
    dialect = "molmo2" if newer else "molmo"
    text = format_points(from_permille(pairs, "cup"), dialect=dialect, wording="count")
    whole = parse_points(text, image_size=(1920, 1080))
    cut = data.draw(st.integers(0, len(text)))
    given_out, found = in_pieces(text[:cut], [cut // 2], (1920, 1080))
    ended = r"[0-9]+ [0-9]{3,4} [0-9]{3,4}[ \"]" if newer else r'y[0-9]*="[0-9.]+"'
    complete = len(
        re.findall(ended, text[:cut].partition('coords="1 ')[2] if newer else text[:cut])
    )
    assert [place(p) for p in found] == [place(p) for p in whole[:complete]]
    assert [place(p) for p in given_out] == [place(p) for p in found]
    tag_end = re.search(r"</points?>", text).end()
    assert found.truncated == (text.index("<") < cut < tag_end)


@CASES
@given(pairs, st.booleans(), st.data())
def test_changed_text_is_read_without_error(pairs, newer, data):
    dialect = "molmo2" if newer else "molmo"
    text = format_points(from_permille(pairs, "cup"), dialect=dialect, wording="count")
    at = data.draw(st.integers(0, len(text)))
    gone = data.draw(st.integers(0, 5))
    new = data.draw(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=4)))
    changed = text[:at] + new + text[at + gone :]
    found = parse_points(changed, image_size=(1920, 1080))
    given_out, result = in_pieces(changed, [at, at + len(new), at // 2], (1920, 1080))
    assert result == found
    assert_given_out(given_out, found)
