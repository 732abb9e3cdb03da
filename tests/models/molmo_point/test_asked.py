"""Questions are read with closed lists of words."""

from types import SimpleNamespace

import torch

from molmo_point.models.molmo_point.asked import PLACES, WordLists

WORDS = [
    "bulb",
    "light",
    "lamp",
    "red",
    "button",
    "icon",
    "bell",
    "gear",
    "first",
    "name",
    "second",
    "save",
    "the",
    "file",
    "checked",
]


def ids(*texts):
    """Spellings as token ids."""
    return [[WORDS.index(word) for word in text.split()] for text in texts]


LISTS = SimpleNamespace(  # the fields of a configuration that are read
    heat_names=[ids("bulb"), ids("light bulb"), ids("lamp"), ids("bell"), ids("button"),
                ids("icon"), ids("checked button", "button")],
    heat_colours=[ids("red")],
    heat_frame=0,
    heat_anything=(),
    heat_trust=(1.0, 0.0) * 4,
    heat_roles=[4, 5, 6],
    heat_meanings=[ids("bell"), ids("gear"), ids("first name"), ids("save", "save the file")],
    heat_places=[ids("first"), ids("second"), *[[] for _ in PLACES[2:]]],
)  # fmt: skip


def ask(text):
    read = WordLists(LISTS).asked(ids(text), torch.device("cpu"))
    return {
        name: getattr(read, name)[0].nonzero()[:, 0].tolist()
        for name in ("names", "roles", "colours", "elements", "meanings", "places")
        if getattr(read, name).any()
    }


def test_the_longest_spelling_counts():
    assert ask("light bulb") == {"names": [1]}
    assert ask("bulb") == {"names": [0]}
    assert ask("light the bulb") == {"names": [0]}
    assert ask("lamp light bulb bulb") == {"names": [0, 1, 2]}


def test_a_role_with_a_meaning_asks_for_such_an_element_and_for_no_thing():
    assert ask("bell icon") == {"elements": [5], "meanings": [0]}
    assert ask("save button") == {"elements": [4, 6], "meanings": [3]}
    assert ask("checked button") == {"roles": [6]}


def test_a_bare_word_asks_for_the_thing_and_for_any_element_that_stands_for_it():
    assert ask("bell") == {"names": [3], "elements": [4, 5, 6], "meanings": [0]}
    assert ask("save the file") == {"elements": [4, 5, 6], "meanings": [3]}


def test_a_word_that_is_a_role_and_a_meaning_is_the_role_unless_another_is_named():
    words = {**vars(LISTS), "heat_meanings": [*LISTS.heat_meanings, ids("button")]}
    words["heat_names"] = [*LISTS.heat_names, ids("button")]  # as "label", also a thing
    lists = SimpleNamespace(**words)

    def read(text):
        asked = WordLists(lists).asked(ids(text), torch.device("cpu"))
        fields = (asked.names, asked.roles, asked.elements, asked.meanings, asked.places)
        return [field[0].nonzero()[:, 0].tolist() for field in fields]

    assert read("button") == [[7], [4, 6], [], [], []]
    assert read("first button") == [[7], [4, 6], [], [], [0]]
    assert read("button icon") == [[], [], [5], [4], []]


def test_words_beside_a_thing_that_mean_nothing_are_unread():
    lists = WordLists(LISTS)
    unread = [lists.unread(*ids(text)) for text in ("light lamp", "the lamp", "file bell", "lamp")]
    assert unread == [[WORDS.index("light")], [WORDS.index("the")], [], []]


def test_colours_and_places_are_read_beside_the_rest():
    assert ask("second red button") == {"roles": [4, 6], "colours": [0], "places": [1]}
    assert ask("first name") == {"elements": [4, 5, 6], "meanings": [2]}


def test_unknown_words_ask_for_nothing():
    assert ask("the file") == {}


def test_an_orange_is_a_fruit_and_an_orange_lamp_is_none():
    words = {**vars(LISTS), "heat_names": [*LISTS.heat_names, ids("red")]}  # as "orange" is both
    fruit, lamp, red = 7, 2, 0
    for text, names, colours in (
        ("red", [fruit], []),
        ("red lamp", [lamp], [red]),
        ("lamp red", [lamp], [red]),
        ("red red", [fruit], [red]),
        ("the red", [fruit], []),
    ):
        lists = SimpleNamespace(**words)
        read = WordLists(lists).asked(ids(text), torch.device("cpu"))
        assert read.names[0].nonzero()[:, 0].tolist() == names
        assert read.colours[0].nonzero()[:, 0].tolist() == colours
    lists = SimpleNamespace(**words | {"heat_anything": [WORDS.index("file")]})
    read = WordLists(lists).asked(ids("red file"), torch.device("cpu"))
    assert (bool(read.names.any()), bool(read.colours.any())) == (False, True)
