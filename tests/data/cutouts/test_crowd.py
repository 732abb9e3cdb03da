"""Crowds: many names at once, each thing where its box says."""

import numpy as np
import pytest

from molmo_point.data.cutouts import crowd
from molmo_point.data.cutouts.crowd import generate_crowd
from molmo_point.data.cutouts.taught import TAUGHT
from tests.data.cutouts.recorded import Recorded

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


def test_a_box_holds_what_stands_out(atlas, monkeypatch):
    blend, laid = crowd._blend, []

    def watched(picture, *sprite):
        before = picture.copy()
        thing = blend(picture, *sprite)
        changed = np.abs(picture - before).max(-1) > 16
        if thing is None:
            assert np.array_equal(picture, before)
        else:
            rows, columns = np.nonzero(changed)
            extents = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
            assert thing.box == pytest.approx(extents, abs=2)  # its outline is soft
            laid.append(thing)
        return thing

    monkeypatch.setattr(crowd, "_blend", watched)
    for seed in range(12):
        laid.clear()
        scene = generate_crowd(seed, "train", SIZE, atlas=atlas)
        assert scene.things == tuple(laid)
        for thing in scene.things:
            left, top, right, bottom = thing.box
            assert 0 <= left < right <= SIZE[0]
            assert 0 <= top < bottom <= SIZE[1]
            assert (thing.x, thing.y) == ((left + right) / 2, (top + bottom) / 2)


@pytest.mark.parametrize(("split", "own"), [("train", False), ("dev", False), ("heldout", True)])
def test_held_out_pictures_stay_apart(atlas, split, own):
    recorded = Recorded(atlas)
    for seed in range(12):
        generate_crowd(seed, split, SIZE, atlas=recorded)
    used = [atlas.entries[number] for number in recorded.used]
    assert {entry.held_out for entry in used if entry.name} == {own, None}
    assert {entry.held_out for entry in used if not entry.name} == {own}  # grounds
