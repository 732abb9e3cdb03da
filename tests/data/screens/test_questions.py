"""Questions whose answers nothing on the screen puts in doubt."""

import numpy as np
import pytest

from molmo_point.data.screens.elements import ROLES, Element, Screen
from molmo_point.data.screens.matching import Want, find, is_labelled, line_of
from molmo_point.data.screens.pool import ScreenPool, _choose_element
from molmo_point.data.screens.questions import SCREEN_QUERY_KINDS, ask_about_screen
from molmo_point.data.screens.words import NOUNS, STATES, screen_words


def element(role, concept="", place=0, **more):
    known = {"text": "", "row": "", "states": (), "colours": (), "whole": True}
    box = (10.0, 10.0 + 30 * place, 90.0, 30.0 + 30 * place)
    return Element(role=role, concept=concept, box=box, **{**known, **more})


def screen(*elements, language="en"):
    return Screen(np.zeros((400, 400, 3), np.uint8), elements, language, {})


def asked(page, kind=None, rounds=60):
    """Answers by question, over many draws."""
    found = {}
    for seed in range(rounds):
        for query in ask_about_screen(page, np.random.default_rng(seed), 6):
            if kind in (None, query.kind):
                found[query.text] = query.targets
    return found


def test_words_are_closed_and_few():
    words = screen_words()
    assert list(words) == sorted(set(words))
    assert 400 <= len(words) <= 800
    assert all(word == word.lower() and word.isalnum() for word in words)


def test_every_role_has_a_noun():
    assert set(NOUNS) <= set(ROLES)
    assert {role for role, _ in STATES} <= set(NOUNS)


def test_the_right_ones_are_found():
    page = [
        element("button", "save", 0, text="Save", colours=("blue",)),
        element("button", "delete", 1, text="Delete", colours=("red",), row="anna"),
        element("button", "delete", 2, text="Delete", colours=("red",), row="ben"),
        element("checkbox", "terms", 3, states=("checked",)),
    ]
    assert find(page, Want("button")) == (0, 1, 2)
    assert find(page, Want("button", "delete")) == (1, 2)
    assert find(page, Want("button", colour="blue")) == (0,)
    assert find(page, Want("button", row="ben")) == (2,)
    assert find(page, Want("checkbox", state="checked")) == (3,)
    assert find(page, Want("slider")) == ()


@pytest.mark.parametrize(
    ("doubtful", "want"),
    [
        (element("button", "edit", 1, whole=False), Want("button")),
        (element("button", "cancel", 1), Want("button", "close")),
        (element("button", "edit", 1, colours=("blue", "green")), Want("button", colour="blue")),
        (element("dropdown", "size", 1), Want("field")),
        (element("icon", "close", 5), Want("button", "close")),
        (element("dropdown", "size", 1, text="Name"), Want("text", "name")),
    ],
)
def test_what_is_doubtful_is_not_asked(doubtful, want):
    sure = element(want.role, want.concept or "save", 0, colours=("blue",))
    assert find([sure], want) == (0,)
    assert find([sure, doubtful], want) is None


def test_an_icon_inside_its_button_leaves_no_doubt():
    page = [element("button", "close", 0), element("icon", "close", 0)]
    assert find(page, Want("button", "close")) == (0,)
    assert find(page, Want("icon", "close")) == (1,)


def test_a_control_needs_its_label():
    box, label = element("checkbox", "terms", 0), element("text", "terms", 0, text="Terms")
    assert not is_labelled([box], [0])
    assert is_labelled([box, label], [0])
    assert "terms checkbox" not in asked(screen(box))
    assert asked(screen(box, label), "text")["terms checkbox"] == (0,)


def test_order_is_that_of_a_column_or_a_row():
    column = [(0, 60, 20, 80), (0, 0, 20, 20), (0, 30, 20, 50)]
    assert line_of(column) == ([1, 2, 0], True)
    assert line_of([(y, x, b, r) for x, y, r, b in column]) == ([1, 2, 0], False)
    assert line_of([(0, 0, 20, 20), (100, 60, 120, 80)]) is None
    assert line_of([(0, 0, 20, 20)]) is None


def test_places_count_from_the_top():
    page = screen(*(element("button", "delete", place) for place in (2, 0, 1)))
    found = asked(page, "position", rounds=150)
    assert found["second delete button"] == (2,)
    assert found["last button"] == (0,)
    assert found["top delete button"] == (1,)


def test_rows_are_named_by_what_can_be_read():
    buttons = [
        element("button", "edit", place, row=row) for place, row in enumerate(("anna", "ben"))
    ]
    assert asked(screen(*buttons), "row") == {}
    labels = [element("text", row, place, row=row) for place, row in enumerate(("anna", "ben"))]
    assert asked(screen(*buttons, *labels), "row", rounds=200)["edit button of ben"] == (1,)


def test_translated_labels_are_told_apart():
    german = screen(element("button", "save", text="Speichern"), language="de")
    assert asked(german, "translated")["save button"] == (0,)
    assert asked(german, "text") == {}


def test_near_misses_are_not_there():
    page = screen(element("button", "save", colours=("blue",)), element("checkbox", "", 1,
                  states=("checked",)))  # fmt: skip
    found = asked(page, "near-miss", rounds=150)
    assert "red save button" in found
    assert "blue save button" not in found
    assert set(found.values()) == {()}


def test_a_window_counts_on_nothing_that_it_cuts():
    page = screen(*(element("button", key, place) for place, key in enumerate(("save", "edit"))))
    cut = page.window(0, 0, 100, 50)  # through the second button
    assert [one.whole for one in cut.elements] == [True, False]
    assert "buttons" not in asked(cut)
    assert asked(cut)["save button"] == (0,)
    apart = page.window(0, 0, 100, 35)
    assert [one.concept for one in apart.elements] == ["save"]
    assert asked(apart, "count")["buttons"] == (0,)


def test_questions_about_rendered_pages_keep_to_the_words(pool_folder):
    pool, words, kinds = ScreenPool(pool_folder, "train"), set(screen_words()), set()
    for seed in range(150):
        scene = pool.scene(seed, None if seed % 2 else (378, 378))
        for query in scene.queries:
            kinds.add(query.kind)
            assert set(query.text.split()) <= words
            assert (query.targets == ()) == (query.kind in ("absent", "near-miss"))
            assert all(scene.screen.elements[number].whole for number in query.targets)
    assert kinds <= set(SCREEN_QUERY_KINDS)
    assert len(kinds) >= 9


def test_windows_show_rare_elements_too():
    buttons = [element("button", "save", place) for place in range(40)]
    page = screen(*buttons, element("switch", "", 41, states=("off",)))
    rng = np.random.default_rng(0)
    chosen = [_choose_element(rng, page.elements).role for _ in range(400)]
    assert 60 < chosen.count("switch") < 160
