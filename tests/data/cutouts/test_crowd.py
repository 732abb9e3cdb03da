"""Crowds: many names at once, each thing where its box says."""

import numpy as np

from molmo_point.data.cutouts.crowd import generate_crowd
from molmo_point.data.cutouts.taught import TAUGHT

SIZE = (192, 192)


def test_a_crowd_is_a_function_of_its_seed(atlas):
    first, again, other = (generate_crowd(seed, "train", SIZE, atlas=atlas) for seed in (4, 4, 5))
    assert np.array_equal(first.image, again.image)
    assert first.things == again.things
    assert not np.array_equal(first.image, other.image)


def test_things_are_taught_names_in_cells_of_their_own(atlas):
    scenes = [generate_crowd(seed, "train", SIZE, atlas=atlas) for seed in range(30)]
    things = [thing for scene in scenes for thing in scene.things]
    assert len(things) > 60
    assert {thing.name for thing in things} <= set(TAUGHT)
    assert max(len(scene.things) for scene in scenes) >= 9
    for scene in scenes:
        middles = np.array([(thing.x, thing.y) for thing in scene.things]).reshape(-1, 2)
        apart = np.linalg.norm(middles[:, None] - middles[None], axis=-1)
        assert (apart[~np.eye(len(middles), dtype=bool)] > 15).all()


def test_a_box_holds_what_stands_out(atlas):
    for seed in range(12):
        scene = generate_crowd(seed, "train", SIZE, atlas=atlas)
        for thing in scene.things:
            left, top, right, bottom = thing.box
            assert 0 <= left < right <= SIZE[0]
            assert 0 <= top < bottom <= SIZE[1]
            assert (thing.x, thing.y) == ((left + right) / 2, (top + bottom) / 2)


def test_held_out_pictures_stay_apart(atlas):
    train = {number for name in TAUGHT for number in atlas.of(name, held_out=False)}
    apart = {number for name in TAUGHT for number in atlas.of(name, held_out=True)}
    assert any(atlas.entries[number].held_out for number in apart - train)
