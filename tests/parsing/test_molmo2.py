import pytest

from molmo_point.parsing import parse_points


def read(text, size=(1000, 500)):
    found = parse_points(text, image_size=size)
    return found, [(p.object_id, p.image_index, p.timestamp, p.x, p.y, p.label) for p in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<points coords="1 1 123 456">L</points>', [(1, 0, None, 123, 228, "L")]),
        (
            '<points coords="1 1 000 000 2 1000 1000">L</points>',
            [(1, 0, None, 0, 0, "L"), (2, 0, None, 1000, 500, "L")],
        ),
        ('<points alt="A" coords="1 1 123 456">L</points>', [(1, 0, None, 123, 228, "L")]),
        ('<points alt="A" coords="1 1 123 456"></points>', [(1, 0, None, 123, 228, "A")]),
        ('<points coords="1 1 123 456" alt="A"/>', [(1, 0, None, 123, 228, "A")]),
        ("<points coords='1 1 123 456'>L</points>", [(1, 0, None, 123, 228, "L")]),
        ('<points coords="  1  1 123  456 ">L</points>', [(1, 0, None, 123, 228, "L")]),
        ('<points coords="1 1 0123 456">L</points>', [(1, 0, None, 123, 228, "L")]),
        (
            '<points coords="0.0 1 123 456;12.5 2 200 300">L</points>',
            [(1, 0, 0.0, 123, 228, "L"), (2, 0, 12.5, 200, 150, "L")],
        ),
        (
            '<tracks coords="0.0 1 123 456 2 200 300\t1 2 210 300">L</tracks>',
            [
                (1, 0, 0.0, 123, 228, "L"),
                (2, 0, 0.0, 200, 150, "L"),
                (2, 0, 1.0, 210, 150, "L"),
            ],
        ),
        (
            '<points coords="0.5: 1 123 456; 1.0: 2 200 300"/>',
            [(1, 0, 0.5, 123, 228, ""), (2, 0, 1.0, 200, 150, "")],
        ),
        (
            '<points coords="1 1 123 456">a</points> and <points coords="1 1 200 300">b</points>',
            [(1, 0, None, 123, 228, "a"), (1, 0, None, 200, 150, "b")],
        ),
        (
            'so <points alt="the "Save" key" coords="1 1 123 456">the "Save" key</points>.',
            [(1, 0, None, 123, 228, 'the "Save" key')],
        ),
        (
            '<points coords="1. 1 123 456;.5 2 200 300">L</points>',
            [(1, 0, 1.0, 123, 228, "L"), (2, 0, 0.5, 200, 150, "L")],
        ),
        ('<points alt="cup coords="1 1 123 456"/>', [(1, 0, None, 123, 228, "cup")]),
        (
            '<points alt="x" coords" coords="1 1 123 456">x" coords</points>',
            [(1, 0, None, 123, 228, 'x" coords')],
        ),
        (
            '<points alt="a">b" coords="1 1 123 456">a">b</points>',
            [(1, 0, None, 123, 228, 'a">b')],
        ),
    ],
)
def test_reads(text, expected):
    found, points = read(text)
    assert points == expected
    assert (found.state, found.unread, found.truncated) == ("points", (), False)


@pytest.mark.parametrize("separator", [";", "\t", ",", ":", "; ", " ;"])
def test_groups_of_several_images(separator):
    text = f'<points coords="1 1 123 456{separator}2 2 500 600 3 700 800">L</points>'
    _, points = read(text, [(1000, 500), (100, 200)])
    assert points == [
        (1, 0, None, 123, 228, "L"),
        (2, 1, None, 50, 120, "L"),
        (3, 1, None, 70, 160, "L"),
    ]


def test_empty_group_is_passed_over():
    _, points = read('<points coords="1 ;2 1 500 600">L</points>', [(1000, 500), (100, 200)])
    assert points == [(1, 1, None, 50, 120, "L")]


@pytest.mark.parametrize(
    ("text", "count", "unread", "truncated"),
    [
        ('<points coords="1 1 123 456 2 1001 500">L</points>', 1, ("2 1001 500",), False),
        ('<points coords="1 1 123 456 2 44 555 3 100 200">L</points>', 2, ("2 44 555",), False),
        ('<points coords="1 1 123 456 2 500">L</points>', 1, ("2 500",), False),
        ('<points coords="1 1 123 456 x 5 3 100 200">L</points>', 2, ("x 5",), False),
        ('<points coords="1 1 12.3 45.6">L</points>', 0, ("1 12.3 45.6",), False),
        ('<points coords="1 1 12345 456">L</points>', 0, ("1 12345 456",), False),
        ('<points coords="2 1 123 456">L</points>', 0, ("1 123 456",), False),
        ('<points coords="0 1 123 456">L</points>', 0, ("1 123 456",), False),
        ('<points coords="1.2.3 1 123 456">L</points>', 0, ("1 123 456",), False),
        ('points coords="1 1 123 456">L</points>', 0, ('coords="1 1 123 456"',), False),
        ('<points a,t="L" coords="1 1 123 456">L', 0, ('coords="1 1 123 456"',), False),
        ('<points coords="">L</points>', 0, ('<points coords="">',), False),
        ('<points coords="1 1 123 456 2 500 60', 1, ("2 500 60",), True),
        ('<points coords="1 1 123 456 2 500', 1, ("2 500",), True),
        ('<points coords="1 1 123 456 ', 1, (), True),
        ('<points coords="1 1 123 456">cu', 1, (), True),
        ('<points coords="1 1 123 456</points>', 1, (), False),
        ('<points alt="the cu', 0, ('<points alt="the cu',), True),
    ],
)
def test_reports_what_it_cannot_read(text, count, unread, truncated):
    found, points = read(text)
    assert (len(points), found.unread, found.truncated) == (count, unread, truncated)
    assert found.state == ("points" if count else "unreadable")


@pytest.mark.parametrize(
    "text",
    [
        '<points coords="<POINT_12><POINT_3><POINT_4>1<POINT_99>">cup</points>',
        "<POINT_12><POINT_3><POINT_4>1",
    ],
)
def test_grounding_tokens_as_text_are_unreadable(text):
    assert read(text)[0].state == "unreadable"


def test_both_dialects_in_one_text_keep_their_order():
    text = '<point x="1.0" y="2.0">a</point> <points coords="1 1 123 456">b</points>'
    assert [row[3:] for row in read(text)[1]] == [(10, 10, "a"), (123, 228, "b")]
