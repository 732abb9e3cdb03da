"""Questions about scenes of cut-outs and of plain things are answered by exactly what they name."""

from pathlib import Path

import pytest

from molmo_point.data.names import ALSO_CALLED
from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import random_of
from molmo_point.data.worlds import THINGS, find_world
from molmo_point.errors import MolmoPointError


@pytest.fixture
def scenes(atlas, monkeypatch):
    monkeypatch.setattr("molmo_point.data.cutouts.scenes.load_atlas", lambda: atlas)
    return [THINGS.draw(seed, "dev", (220, 200)) for seed in range(60)]


def names_in(text):
    """Names whose words the text holds, longest first, so that "light bulb" is no bulb."""
    spellings = {word: name for name in THINGS.names for word in THINGS.spellings(name)}
    found, rest = set(), f" {text} "
    for word in sorted(spellings, key=len, reverse=True):
        if f" {word} " in rest:
            found.update(n for n in THINGS.names if word in THINGS.spellings(n))
            rest = rest.replace(f" {word} ", "  ")
    return found


def test_questions_are_answered_by_what_they_name(scenes):
    kinds, asked = set(), set()
    for seed, scene in enumerate(scenes):
        kinds.add(scene.kind)
        for query in ask_about(scene, random_of("dev", seed, 1), 4, THINGS):
            asked.add(query.kind)
            assert set(query.text.split()) <= set(THINGS.vocabulary)
            named = names_in(query.text)
            if query.kind in ("name", "absent"):
                assert named
                right = {i for i, thing in enumerate(scene.things) if thing.name in named}
                assert set(query.targets) == right or scene.kind in ("discs", "shapes")
            if query.kind == "colour":
                assert scene.kind == "shapes"
    assert kinds == {"cutouts", "shapes", "discs", "grains"}
    assert {"name", "absent", "everything"} <= asked


def test_look_alikes_of_what_is_there_are_not_asked_as_absent(scenes):
    for seed, scene in enumerate(scenes):
        present = {thing.name for thing in scene.things}
        for query in ask_about(scene, random_of("dev", seed, 1), 6, THINGS):
            if query.kind == "absent" and scene.kind == "cutouts":
                alike = {other for name in present for other in THINGS.look_alikes.get(name, ())}
                assert not names_in(query.text) & (alike | present)


def test_every_spelling_means_one_thing_or_a_declared_pair():
    owners = {}
    for name in THINGS.names:
        for word in THINGS.spellings(name):
            owners.setdefault(word, set()).add(name)
    shared = {frozenset(names) for names in owners.values() if len(names) > 1}
    shapes = frozenset(THINGS.kinds["shapes"])
    general = {
        frozenset(name for name in THINGS.names if word in ALSO_CALLED.get(name, ()))
        for said in ALSO_CALLED.values()
        for word in said
    }
    assert shared <= {frozenset({"circle", "dot"}), shapes, *general}


def test_an_unknown_world_is_one_sentence():
    with pytest.raises(MolmoPointError, match='no world "mars": use one of drawn, things'):
        find_world("mars")


def test_a_world_of_your_own_is_named_by_its_place(tmp_path, monkeypatch):
    page = (Path(__file__).parents[3] / "docs" / "training.md").read_text(encoding="utf-8")
    example = page.split("```python\n")[-1].split("```")[0]
    (tmp_path / "my_gears.py").write_text(example)
    monkeypatch.syspath_prepend(tmp_path)
    world = find_world("my_gears:WORLD")
    assert {thing.name for thing in world.draw(3, "train", None).things} <= set(world.names)
    for name, said in (
        ("my_gears:DISCS", "DISCS"),
        ("gears:WORLD", "gears"),
        ("my_gears:draw", "no World"),
    ):
        with pytest.raises(MolmoPointError, match=said):
            find_world(name)


def test_while_training_a_crop_shows_parts_of_larger_pictures(scenes):
    assert all(scene.image.shape == (200, 220, 3) for scene in scenes)
    boxes = [(thing.box, thing.doubtful) for scene in scenes for thing in scene.things]
    outside = [b[0] < 0 or b[1] < 0 or b[2] > 220 or b[3] > 200 for b, _ in boxes]
    assert 0.02 < sum(outside) / len(boxes) < 0.5
    assert all(out for (_, doubtful), out in zip(boxes, outside, strict=True) if doubtful)


def test_held_out_scenes_are_whole(atlas, monkeypatch):
    monkeypatch.setattr("molmo_point.data.cutouts.scenes.load_atlas", lambda: atlas)
    for seed in range(20):
        for size in (None, (220, 200)):
            scene = THINGS.draw(seed, "heldout", size)
            height, width = scene.image.shape[:2]
            for thing in scene.things:
                assert thing.box[0] >= 0
                assert thing.box[1] >= 0
                assert thing.box[2] <= width
                assert thing.box[3] <= height
