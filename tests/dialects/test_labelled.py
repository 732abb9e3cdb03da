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
    unsure = find_labelled(Wish("save", beside=False), lines[:1], [], lambda box: 0.06)
    assert places(unsure) == [(40, 18)]  # what is written counts for more than a faint look
    assert unsure[0].confidence == 0.95


def test_confidence_is_the_texts_and_of_two_places_the_likelier_role_has_more():
    lines = [line("Save", 10, 10), line("Save", 10, 90)]
    found = find_labelled(
        Wish("save", beside=False), lines, [], lambda box: 0.4 if box[1] > 50 else 0.2
    )
    assert [hit.confidence for hit in found] == [0.475, 0.95]
    (control,) = find_labelled(
        Wish("save", beside=True), lines[:1], [element(80, 18, role=0.3)], everywhere
    )
    assert control.confidence == 0.95


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


def test_two_labels_that_were_read_as_one_are_told_apart():
    lines = [line("DailyWeekly", 0, 0, width=110)]
    (daily,) = find_labelled(Wish("daily", beside=False), lines, [], everywhere)
    (weekly,) = find_labelled(Wish("weekly", beside=False), lines, [], everywhere)
    assert daily.box[2] == pytest.approx(50)
    assert weekly.box[0] == pytest.approx(50)
    assert find_labelled(Wish("lywee", beside=False), lines, [], everywhere) == []


def test_another_language_and_missing_accents_count_only_if_the_words_are_not_there():
    wish = Wish("delete", beside=False, also=("Delete", "Löschen", "Eliminar"))
    german = [line("Loschen", 10, 40), line("Neu", 10, 80)]
    assert places(find_labelled(wish, german, [], everywhere)) == [(40, 48)]
    both = [line("Delete", 10, 10), *german]
    assert places(find_labelled(wish, both, [], everywhere)) == [(40, 18)]


def test_the_field_below_a_label_wins_over_one_that_covers_the_label():
    lines = [line("Quantity", 30, 100, width=90, height=24)]
    covers = Element(270, 104, (49, 80, 297, 130), 0.65, 0.7)
    below = Element(207, 150, (46, 128, 289, 170), 0.7, 0.5)
    wish = Wish("quantity", beside=True)
    assert places(find_labelled(wish, lines, [covers, below], everywhere)) == [(207, 150)]
    assert places(find_labelled(wish, lines, [covers], everywhere)) == [(270, 104)]


def test_a_control_far_before_its_label_loses_to_one_behind_it():
    lines = [line("Date", 480, 236)]
    before, behind = element(300, 244, half=12), element(760, 244, half=12)
    wish = Wish("date", beside=True)
    assert places(find_labelled(wish, lines, [before, behind], everywhere)) == [(760, 244)]


def test_a_card_has_its_button_below_its_title():
    lines = [line("Lamp", 10, 10), line("Novel", 300, 10),
             line("Buy", 10, 90), line("Buy", 300, 90)]  # fmt: skip
    wish = Wish("buy", beside=False, row="novel")
    assert places(find_labelled(wish, lines, [], everywhere)) == [(330, 98)]
