"""Which element a text belongs to."""

import pytest

from molmo_point.dialects.labelled import Element, Wish, find_in_row, find_labelled, split_row
from molmo_point.ocr import TextLine


def line(text, left, top, width=60, height=16):
    return TextLine(text, (left, top, left + width, top + height), 0.95)


def element(x, y, role=0.9, likely=0.9, half=8):
    return Element(x, y, (x - half, y - half, x + half, y + half), likely, role)


def places(found):
    return [(round(hit.x), round(hit.y)) for hit in found]


def everywhere(box):
    return 1.0


def test_text_on_an_element_is_its_place():
    lines = [line("Save", 10, 10), line("Save as", 10, 50), line("Delete", 10, 90)]
    assert places(find_labelled(Wish("save", beside=False), lines, [], everywhere)) == [(40, 18)]
    assert find_labelled(Wish("print", beside=False), lines, [], everywhere) == []


def test_the_model_decides_between_a_heading_and_a_button():
    lines = [line("Save", 10, 10), line("Save", 10, 90)]

    def on_a_button(box):
        return 0.9 if box[1] > 50 else 0.02

    assert places(find_labelled(Wish("save", beside=False), lines, [], on_a_button)) == [(40, 98)]
    assert find_labelled(Wish("save", beside=False), lines, [], lambda box: 0.03) == []


def test_a_part_of_a_line_is_pointed_at_where_it_stands():
    (hit,) = find_labelled(
        Wish("terms", beside=False), [line("Accept terms", 0, 0, width=120)], [], everywhere
    )
    assert 70 <= hit.box[0] < hit.x < 120
    assert hit.confidence < 0.9


def test_a_misread_letter_is_forgiven_but_not_another_word():
    lines = [line("Downl0ad", 10, 10)]
    assert len(find_labelled(Wish("download", beside=False), lines, [], everywhere)) == 1
    assert find_labelled(Wish("down", beside=False), lines, [], everywhere) == []


def test_a_control_belongs_to_the_label_in_its_line_or_above_it():
    lines = [line("Dark mode", 40, 10), line("Updates", 40, 40), line("Email", 40, 80)]
    boxes = [element(20, 18), element(20, 48), element(100, 110, half=12)]
    for label, at in (("dark mode", (20, 18)), ("updates", (20, 48)), ("email", (100, 110))):
        found = find_labelled(Wish(label, beside=True), lines, boxes, everywhere)
        assert places(found) == [at]
    doubtful = [element(20, 18, role=0.02)]
    assert find_labelled(Wish("dark mode", beside=True), lines, doubtful, everywhere) == []


@pytest.mark.parametrize(
    ("query", "parts"),
    [
        ("delete button of anna", ("delete button", "anna")),
        ("checkbox next to invoice", ("checkbox", "invoice")),
        ("save button", ("save button", "")),
    ],
)
def test_rows_are_split_off(query, parts):
    assert split_row(query) == parts


def test_a_row_picks_one_of_several():
    lines = [line("Anna", 10, 10), line("Ben", 10, 50),
             line("Edit", 200, 10), line("Edit", 200, 50)]  # fmt: skip
    wish = Wish("edit", beside=False, row="ben")
    assert places(find_labelled(wish, lines, [], everywhere)) == [(230, 58)]
    controls = [element(300, 18), element(300, 58)]
    assert places(find_in_row("ben", lines, controls)) == [(300, 58)]
    assert find_in_row("carl", lines, controls) == []


def test_a_label_is_not_its_own_control():
    lines = [line("Address", 40, 10)]
    itself = Element(70, 18, (42, 10, 98, 27), 0.9, 0.9)
    below = Element(100, 50, (40, 36, 160, 64), 0.9, 0.5)
    assert places(
        find_labelled(Wish("address", beside=True), lines, [itself, below], everywhere)
    ) == [(100, 50)]
