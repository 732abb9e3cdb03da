"""The tables: every thing can be said, seen, and told from the others."""

import json
from collections import Counter
from pathlib import Path

import pytest

from molmo_point.data.cutouts import families
from molmo_point.data.cutouts.families import FAMILIES, THINGS, icons_of
from molmo_point.data.cutouts.names import LOOK_ALIKES, NAMES, vocabulary
from molmo_point.data.worlds import THINGS as THINGS_WORLD

TABLES = json.loads(Path(families.__file__).with_name("pictures.json").read_text("utf-8"))


def test_there_are_more_than_three_hundred_things_each_in_one_family():
    assert len(THINGS) > 300
    assert max(Counter(name for names in FAMILIES.values() for name in names).values()) == 1


def test_every_thing_has_pictures():
    drawn = {name for table in TABLES.values() for name in table}
    assert drawn <= set(THINGS)
    assert not [name for name in THINGS if not icons_of(name) and name not in drawn]


def test_no_picture_shows_two_things():
    for table in TABLES.values():
        files = Counter(file for entry in table.values() for file in entry.split())
        assert max(files.values()) == 1


def test_no_word_means_two_things():
    said = Counter(
        phrase
        for name in NAMES.values()
        for phrase in {*name.words(many=False), *name.words(many=True)}
    )
    assert [phrase for phrase, times in said.items() if times > 1] == []


@pytest.mark.parametrize(
    ("one", "several"),
    [
        ("cherry", "cherries"), ("hot dog", "hot dogs"), ("wolf", "wolves"), ("fox", "foxes"),
        ("goose", "geese"), ("pickup truck", "pickup trucks"), ("scissors", "scissors"),
        ("bus", "buses"), ("key", "keys"), ("die", "dice"), ("computer mouse", "computer mice"),
        ("torch", "torches"), ("glass of milk", "glasses of milk"),
        ("goggles", "goggles"), ("knife", "knives"),
    ],
)  # fmt: skip
def test_plurals(one, several):
    said = {
        first: second
        for name in NAMES.values()
        for first, second in ((name.singular, name.plural), *name.synonyms)
    }
    assert said[one] == several


def test_looking_alike_is_mutual_and_between_known_things():
    for name, others in LOOK_ALIKES.items():
        assert {name, *others} <= set(THINGS)
        assert name not in others
        assert all(name in LOOK_ALIKES[other] for other in others)


@pytest.mark.parametrize("pair", [("car", "taxi"), ("orange", "tangerine"), ("lamp", "light bulb")])
def test_what_passes_for_another_is_known_or_a_synonym(pair):
    first, second = pair
    said = NAMES[first].words(many=False)
    assert second in LOOK_ALIKES.get(first, frozenset()) or second in said


def test_the_vocabulary_is_closed_over_what_can_be_said():
    words = vocabulary()
    assert list(words) == sorted(set(words))
    assert all(word == word.lower() and " " not in word for word in words)
    for name in NAMES.values():
        for phrase in (*name.words(many=False), *name.words(many=True)):
            assert set(phrase.split()) <= set(words)
    assert {"red", "grey", "big", "small", "things", "the"} <= set(words)


def test_a_name_that_ends_in_another_is_no_other_thing():
    assert "mug" in LOOK_ALIKES["beer"]  # a "beer mug"
    assert "football" in LOOK_ALIKES["american football"]
    assert "cross" in THINGS_WORLD.look_alikes["hospital"]  # which is drawn on it
