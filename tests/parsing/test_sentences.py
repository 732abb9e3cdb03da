import pytest

from molmo_point.parsing import parse_points


def read(text):
    return parse_points(text, image_size=(100, 100))


@pytest.mark.parametrize(
    "text",
    [
        "There are none.",
        " There are none",
        "THERE ARE NONE!",
        "There are none in the image.",
        "There are none.<|im_end|>",
        "There is none.",
        "None.",
        "**None**",
        "Sorry, there are none.",
        "I looked everywhere. There are none.",
        "This isn't in the image.",
        "This isn\u2019t in the image",
        "This isnt in the image.",
        "This is not in the picture.",
        "It's not in this photo.",
        "The red fox isn't in the image.",
        "Not in the image.",
        "No tracks available.",
        "No points.",
        "No points found.",
        "Nothing.",
        "There aren't any dogs.",
        "There are no dogs in the image.",
        "There is no such thing here.",
        "There are no dogs visible.",
        "I don't see any dogs in the image.",
        "The image does not contain any dogs.",
        "There are zero dogs.",
        "0",
        "0.",
        "zero",
        "Counting the dogs shows a total of 0.",
        "A total of zero.",
        'There are 0 <points coords="">dogs</points>.',
        "There's none.",
        "This isn\u00b4t in the image.",
        "There are none.</s>",
        "Image 1: There are none.",
        "The image contains no dogs.",
        "I see no dogs.",
        "Nothing to point at.",
        "Are there dogs? None.",
    ],
)
def test_none(text):
    found = read(text)
    assert (found.state, len(found), found.warnings) == ("none", 0, ())


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "Yes.",
        "A dog on a mat.",
        "I cannot see the image.",
        "There is no image provided.",
        "There is no doubt that it is a dog.",
        "There are none but the two on the left.",
        "There are none. There are three on the right.",
        "3",
        "0.5",
        "There are not many dogs.",
        "There isn't just one dog.",
        "There are none? I think there are.",
        "0 or 1",
        "A total of 0 dogs and 3 cats.",
        "A total of 0 dogs and a total of 3 cats.",
        "No parking.",
        'There are none. <point x="10',
        'There are none. <points coords="1 1 1500 200">dogs</points>',
        "\x00\ud800",
    ],
)
def test_neither_points_nor_none(text):
    assert read(text).state == "unreadable"


def test_no_and_the_query_is_none():
    found = parse_points("No red cups.", image_size=(1000, 1000), query="Red cups")
    assert found.state == "none"
    assert read("No red cups.").state == "unreadable"


@pytest.mark.parametrize(
    "text", ["<POINT_12>", '<points coords="<POINT_12> <POINT_34><POINT_5>1<POINT_99>">a</points>']
)
def test_tokens_of_grounding_are_no_text(text):
    assert read(text).state == "unreadable"


def test_points_win_over_a_sentence():
    assert read('There are none. <point x="1.0" y="2.0">a</point>').state == "points"


TWO = '<points x1="1.0" y1="2.0" x2="3.0" y2="5.0" alt="dogs">dogs</points>'


@pytest.mark.parametrize(
    ("text", "stated"),
    [
        (f"Counting the {TWO} shows a total of 2.", 2),
        (f"Counting the {TWO} shows a total of two.", 2),
        (f"Counting the {TWO} shows a total of 12,345.", 12345),
        (f"There are 2 {TWO}.", 2),
        (f"There are twenty {TWO}.", 20),
        (f"There is one {TWO}.", 1),
        (f"Counting the {TWO} shows a total of 2. Counting the {TWO} shows a total of 2.", 4),
        (TWO, None),
        (f"1 of {TWO}", None),
        ("7", 7),
        ("Seventeen.", 17),
        ("0", 0),
        ("There are none.", None),
        (f"Counting the {TWO} shows a total of **2**.", 2),
        (f"There are twenty-one {TWO}.", None),
        ("A total of two hundred.", None),
        ("3.5", None),
        ("9" * 5000, None),
    ],
)
def test_stated_count(text, stated):
    assert read(text).stated_count == stated


def test_count_in_a_label_is_not_stated():
    label = "there are 9"
    assert read(f'<point x="1.0" y="2.0" alt="{label}">{label}</point>').stated_count is None


def test_warns_when_the_stated_count_disagrees():
    assert read(f"Counting the {TWO} shows a total of 2.").warnings == ()
    (warning,) = read(f"Counting the {TWO} shows a total of 3.").warnings
    assert "3" in warning
    assert "2 points" in warning


def test_warns_of_repeated_points():
    (warning,) = read('<points coords="1 1 100 100 2 100 100">a</points>').warnings
    assert "1 of the 2 points repeat" in warning


def test_warns_of_a_constant_step():
    def text(n):
        rows = " ".join(f"{i} {100 + 12 * i:03d} {200 + 5 * i:03d}" for i in range(n))
        return f'<points coords="1 90 001 999 91 005 007 {rows}">a</points>'

    assert read(text(4)).warnings == ()
    (warning,) = read(text(20)).warnings
    assert "last 20 of the 22" in warning


def test_a_thing_that_stands_still_is_no_repetition():
    groups = ";".join(f"{t}.0 1 100 100" for t in range(20))
    assert read(f'<tracks coords="{groups}">a</tracks>').warnings == ()
