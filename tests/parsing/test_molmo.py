import pytest

from molmo_point.parsing import parse_points


def read(text):
    found = parse_points(text, image_size=(1000, 500))
    return found, [(round(p.x, 6), round(p.y, 6), p.label) for p in found]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('<point x="63.5" y="44.5" alt="L">M</point>', [(635, 222.5, "M")]),
        (
            '<points x1="10.0" y1="20.0" x2="30.5" y2="40.0" alt="L">L</points>',
            [(100, 100, "L"), (305, 200, "L")],
        ),
        ('<point x=" 63.5" y=" 44.5 " alt="L">L</point>', [(635, 222.5, "L")]),
        ('<point x="63" y="44" alt="L">L</point>', [(630, 220, "L")]),
        ("<point x='63.5' y='44.5' alt='it's'>it's</point>", [(635, 222.5, "it's")]),
        ("<point x=63.5 y=44.5>L</point>", [(635, 222.5, "L")]),
        ('<point x="63.5" y="44.5">L</point>', [(635, 222.5, "L")]),
        ('<point x="63.5" y="44.5" alt="L"></point>', [(635, 222.5, "L")]),
        ('<point x="63.5" y="44.5" alt="L"/>', [(635, 222.5, "L")]),
        ('<point alt="L" x="63.5" y="44.5"></point>', [(635, 222.5, "L")]),
        ('<points x1="1.0" y1="2.0" alt="L">L</points>', [(10, 10, "L")]),
        ('<point x1="1.0" y1="2.0" alt="L">L</point>', [(10, 10, "L")]),
        ('<point x="1.0 y="2.0" alt="L">L</point>', [(10, 10, "L")]),
        ('<point x="100.0" y="100" alt="L">L</point>', [(1000, 500, "L")]),
        ('<point x="0.0" y="0" alt="L">L</point>', [(0, 0, "L")]),
        (
            '<point x="1.0" y="2.0" alt="a">a</point>, <point x="3.0" y="4.0" alt="b">b</point>',
            [(10, 10, "a"), (30, 20, "b")],
        ),
        (
            '<points x1="1.0" y1="2.0" alt="a">a <point x="3.0" y="4.0" alt="b">b</point>',
            [(10, 10, "a"), (30, 20, "b")],
        ),
        (
            '<points x1="9.0" y1="2.0" x2="1.0" y2="2.0" x3="9.0" y3="2.0">a</points>',
            [(90, 10, "a"), (10, 10, "a"), (90, 10, "a")],
        ),
        ("Click(63.5, 44.5)", [(635, 222.5, "")]),
        ("I'd Click(63.5,44.5), then Click(1.0, 2.0)", [(635, 222.5, ""), (10, 10, "")]),
        ("(63.5, 44.5)", [(635, 222.5, "")]),
        ("at (63.5, 44.5) and (1.0 2.0).", [(635, 222.5, ""), (10, 10, "")]),
        ("p=063,445", [(63, 222.5, "")]),
        ("1=063,445 2 = 100, 200", [(63, 222.5, ""), (100, 100, "")]),
        ('x1="63.5" y1="44.5" then', [(635, 222.5, "")]),
        ('<point p=063,445 alt="L">M</point>', [(63, 222.5, "M")]),
        ('<point p="063,445" alt="L"/>', [(63, 222.5, "L")]),
        ("<points 1=063,445 2=100,1000>L</points>", [(63, 222.5, "L"), (100, 500, "L")]),
        ("<points 1 = 063 , 445, 2=100,200/>", [(63, 222.5, ""), (100, 100, "")]),
        (
            "<points 1=063,445>a <point p=100,200>b</point>",
            [(63, 222.5, "a "), (100, 100, "b")],
        ),
    ],
)
def test_reads(text, expected):
    found, points = read(text)
    assert points == expected
    assert (found.state, found.unread, found.truncated) == ("points", (), False)


@pytest.mark.parametrize(
    "label",
    ['the "Save" button', '"Save"', 'a">b', "a<b & c>d", "it's", "a / b", "x=5", "5 > 3", "é\n"],
)
def test_label_is_raw(label):
    _, points = read(f'so <points x1="1.0" y1="2.0" alt="{label}">{label}</points> it is')
    assert points == [(10, 10, label)]


@pytest.mark.parametrize(
    ("text", "count", "unread", "truncated"),
    [
        ('<points x1="1.0" y1="2.0" x2="3.0" alt="L">L</points>', 1, ('x2="3.0"',), False),
        ('<points x1="1.0" y1="2.0" y3="3.0" alt="L">L</points>', 1, ('y3="3.0"',), False),
        ('<points x1="1.0" y2="2.0" alt="L">L</points>', 0, ('x1="1.0" y2="2.0"',), False),
        ('<point x="100.1" y="2.0" alt="L">L</point>', 0, ('x="100.1" y="2.0"',), False),
        ('<point x="-1.0" y="2.0" alt="L">L</point>', 0, ('x="-1.0" y="2.0"',), False),
        ('<point x="1." y="2.0" alt="L">L</point>', 0, ('x="1." y="2.0"',), False),
        ('<point x="" y="" alt="L">L</point>', 0, ('x="" y=""',), False),
        ('<points x1="1.0" y1="2.0" x2="3.0" y2="4.', 1, ('x2="3.0" y2="4.',), True),
        ('<points x1="1.0" y1="2.0" x2="3', 1, ('x2="3',), True),
        ('<points x1="1.0" y1="2.0" x2="3.0"', 1, ('x2="3.0"',), True),
        ('<points x1="1.0" y1="2.0"', 1, (), True),
        ('<points x1="1.0" y1="2.0" alt="the c', 1, (), True),
        ('<points x1="1.0" y1="2.0" alt="cup">cu', 1, (), True),
        ('<points x1="1.0" y1="2.0" alt="cup">cup</poi', 1, (), True),
        ("Counting the <poi", 0, (), True),
        ("Click(163.0, 44.0)", 0, ("Click(163.0, 44.0)",), False),
        ("Click(63.0, 4", 0, ("Click(63.0, 4",), True),
        ("It is at (63.5, 44", 0, ("(63.5, 44",), True),
        ("p=063,44", 0, ("p=063,44",), True),
        ("1=063,445 2=100,2", 1, ("2=100,2",), True),
        ("p=63,445", 0, ("p=63,445",), False),
        ("p=063,445.5", 0, ("p=063,445.5",), False),
        ("<points 1=063,445 2=100,20", 1, ("2=100,20",), True),
        ("<points 1=063,445 2=100,200", 1, ("2=100,200",), True),
        ("<points 1=063,445 2=1001,200>L</points>", 1, ("2=1001,200",), False),
        ("<points 1=06,445 2=100,200>L</points>", 1, ("1=06,445 ",), False),
        ("<point p=", 0, ("p=",), True),
        ("Click(x=63.5, y=44.5)", 0, ("Click(x=63.5, y=44.5)",), False),
        ('<p x="1.0" y="2.0">a</p> Click(3.0, 4.0)', 1, ('x="1.0" y="2.0"',), False),
        ('<point x="1.0" y="2.0">a</point>x="3.0" b', 1, ('x="3.0"',), False),
    ],
)
def test_reports_what_it_cannot_read(text, count, unread, truncated):
    found, points = read(text)
    assert (len(points), found.unread, found.truncated) == (count, unread, truncated)
    assert found.state == ("points" if count else "unreadable")


def test_unclosed_tag_keeps_its_alt_as_label():
    assert read('<point x="1.0" y="2.0" alt="cup">cup. It is red.')[1] == [(10, 10, "cup")]


@pytest.mark.parametrize(
    "text", ["(1, 2) items", "f(3.0, 4.0)", "top=063,445", "onClick(3.0, 4.0)"]
)
def test_prose_is_no_point(text):
    assert read(text)[0].state == "unreadable"


def test_whole_numbers_in_brackets_count_only_alone():
    assert read("(50, 50), (10, 20)")[1] == [(500, 250, ""), (100, 100, "")]
    assert read("see figure (50, 50)")[0].unread == ("(50, 50)",)


@pytest.mark.parametrize(
    "tag", ['<point x="1.0" y="2.0" alt="L">L</point>', '<points coords="1 1 010 020">L</points>']
)
def test_bare_forms_do_not_count_beside_a_tag(tag):
    _, points = read(f"(63.5, 44.5) p=063,445 {tag} (63.5, 44.5)")
    assert points == [(10, 10, "L")]


def test_bare_forms_do_not_count_beside_a_tag_without_points():
    assert read('(63.5, 44.5) <point x="101.0" y="2.0">L</point>')[0].state == "unreadable"
