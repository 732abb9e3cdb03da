"""Questions about scenes: their answers are exactly the things that the words name."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from molmo_point.data.names import (
    ARTICLES,
    COLOURS,
    EVERYTHING,
    KNOWN_NAMES,
    LOOK_ALIKES,
    vocabulary,
)
from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import KINDS, Scene, Thing, generate_scene, random_of
from molmo_point.data.worlds import TABLETOP

QUERY_KINDS = {"name", "colour+name", "colour", "everything", "absent", "near-miss"}
COLOUR_OF = {**{colour: colour for colour in COLOURS}, "grey": "gray"}
NAME_OF = {
    word: name
    for name, forms in KNOWN_NAMES.items()
    for many in (False, True)
    for word in forms.words(many=many)
}


@cache
def asked(kind=None, count=150):
    """(scene, its questions) for some seeds."""
    return tuple(
        (scene, ask_about(scene, random_of("dev", seed, 1), 5))
        for seed in range(count)
        for scene in [generate_scene(seed, "dev", kind=kind)]
    )


def answer(scene, text):
    """What the words name, read independently of how the question was made."""
    words = [word for word in text.split() if word not in ARTICLES]
    colour = COLOUR_OF[words.pop(0)] if words[0] in COLOUR_OF else None
    (noun,) = words
    anything = noun in EVERYTHING or noun in ("shape", "shapes")
    return tuple(
        index
        for index, thing in enumerate(scene.things)
        if (anything or thing.name == NAME_OF[noun]) and colour in (None, thing.colour)
    )


@pytest.mark.parametrize("kind", KINDS)
def test_targets_are_what_the_words_name(kind):
    for scene, queries in asked(kind, 60):
        for query in queries:
            assert query.targets == answer(scene, query.text), query


def test_kinds_say_whether_there_is_an_answer():
    for _, queries in asked():
        for query in queries:
            assert query.kind in QUERY_KINDS
            assert (query.kind in ("absent", "near-miss")) == (not query.targets)


def test_every_kind_is_asked():
    assert {query.kind for _, queries in asked() for query in queries} == QUERY_KINDS


def test_about_one_in_six_is_absent():
    queries = [query for scene, some in asked() if scene.things for query in some]
    share = sum(not query.targets for query in queries) / len(queries)
    assert 0.1 < share < 0.22


def test_a_near_miss_is_near():
    for scene, queries in asked("shapes", 60):
        for query in queries:
            if query.kind == "near-miss":
                words = [word for word in query.text.split() if word not in ARTICLES]
                assert NAME_OF[words[-1]] in {thing.name for thing in scene.things}


def test_what_passes_for_a_thing_there_is_not_called_absent():
    for kind in ("emoji", "grains"):
        for scene, queries in asked(kind, 60):
            present = {thing.name for thing in scene.things}
            for query in queries:
                if query.kind == "absent":
                    name = NAME_OF[query.text.split()[-1]]
                    assert not LOOK_ALIKES.get(name, frozenset()) & present


def test_greyscale_scenes_are_asked_no_colour():
    grey = [
        query
        for scene, queries in asked("shapes", 60)
        if scene.things and not any(thing.colour for thing in scene.things)
        for query in queries
    ]
    assert len(grey) >= 5
    assert not any(set(query.text.split()) & set(COLOUR_OF) for query in grey)


def test_questions_of_a_scene_differ_and_repeat_with_the_same_numbers():
    for seed in range(20):
        scene = generate_scene(seed, "train")
        queries = ask_about(scene, random_of("train", seed, 1), 6)
        assert len({query.text for query in queries}) == len(queries) <= 6
        assert queries == ask_about(scene, random_of("train", seed, 1), 6)


def test_small_counts_are_all_asked_for():
    counts = [len(query.targets) for _, queries in asked() for query in queries]
    for number in range(7):
        assert counts.count(number) / len(counts) > 0.03, number


def test_vocabulary_covers_every_question():
    known = set(vocabulary())
    for kind in (None, *KINDS):
        for _, queries in asked(kind, 60 if kind else 150):
            for query in queries:
                assert set(query.text.split()) <= known
                assert query.text == query.text.lower().strip()
                assert all(word.isalpha() for word in query.text.split())


def test_vocabulary_is_sorted_and_once():
    words = vocabulary()
    assert list(words) == sorted(set(words))


def test_a_word_names_one_kind_of_thing():
    seen = [
        (word, name)
        for name, forms in KNOWN_NAMES.items()
        for word in {*forms.words(many=False), *forms.words(many=True)}
    ]
    assert len({word for word, _ in seen}) == len(seen)


def test_what_is_there_is_never_asked_as_absent_even_if_nothing_else_is_left():
    image = np.zeros((60, 90, 3), np.uint8)
    names = ("pen", "valve", "banana")
    things = tuple(
        Thing(name, 10 + 20 * n, 10, (5 + 20 * n, 5, 15 + 20 * n, 15))
        for n, name in enumerate(names)
    )
    full = replace(TABLETOP, kinds={"tabletop": names})
    for seed in range(100):
        scene = Scene(image, things, "tabletop")
        for query in ask_about(scene, random_of("dev", seed, 1), 6, TABLETOP):
            assert query.targets or not any(name in query.text for name in names)
        assert all(query.targets for query in ask_about(scene, random_of("dev", seed, 1), 6, full))
