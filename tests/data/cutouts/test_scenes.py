"""Scenes of cut-outs: the same each time, true, and held out by construction."""

from collections import Counter
from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from molmo_point.data.cutouts.atlas import (
    HELD_OUT_STYLES,
    TRAINING_STYLES,
    Atlas,
    Entry,
    held_out,
)
from molmo_point.data.cutouts.names import LOOK_ALIKES
from molmo_point.data.cutouts.scenes import chances, generate_cutout_scene
from tests.data.cutouts.recorded import Recorded

SPLITS = ("train", "dev", "heldout")


@pytest.fixture(scope="module")
def some(atlas):
    """Scenes of each split, and the entries that they were drawn with."""

    @cache
    def of(split, count=80):
        recorded = Recorded(atlas)
        scenes = [generate_cutout_scene(seed, split, atlas=recorded) for seed in range(count)]
        return scenes, {atlas.entries[number] for number in recorded.used}

    return of


@pytest.mark.parametrize("split", SPLITS)
def test_a_scene_is_a_function_of_split_and_seed(atlas, some, split):
    for seed in (7, 3):
        again = generate_cutout_scene(seed, split, atlas=atlas)
        assert np.array_equal(again.image, some(split)[0][seed].image)
        assert again.things == some(split)[0][seed].things


def test_splits_share_no_scene(some):
    images = [scene.image for split in SPLITS for scene in some(split)[0]]
    assert len({(image.shape, image.tobytes()) for image in images}) == len(images)


def test_held_out_scenes_show_sources_that_the_others_never_show(atlas, some):
    sources: dict[str, set[str]] = {}
    for entry in atlas.entries:
        if entry.source not in TRAINING_STYLES:
            sources.setdefault(entry.name, set()).add(entry.source)
    seen = {(entry.name, entry.source) for split in SPLITS[:2] for entry in some(split)[1]}
    apart = {(entry.name, entry.source) for entry in some("heldout")[1]}
    shared = {name for name, _ in seen & apart}
    assert all(len(sources[name]) < 3 for name in shared)
    assert len({name for name, _ in apart - seen} - {""}) > 30
    assert {source for name, source in apart if not name}
    assert not {source for name, source in apart if not name} & {
        source for name, source in seen if not name
    }


def test_held_out_styles_are_never_seen_in_training(some):
    for split in SPLITS[:2]:
        assert not {entry.source for entry in some(split)[1]} & set(HELD_OUT_STYLES)


def test_every_picture_is_of_a_split_and_every_name_of_both(atlas):
    for name in {entry.name for entry in atlas.entries}:
        train, apart = (set(atlas.of(name, held_out=side)) for side in (False, True))
        own = [entry for entry in atlas.entries if entry.name == name]
        counted = {entry.source for entry in own} - set(TRAINING_STYLES)
        assert train
        assert bool(apart) == bool(counted)
        assert len(train | apart) == len(own)
        assert bool(train & apart) == (0 < len(counted) < 3)
        assert not {atlas.entries[number].source for number in apart} & set(TRAINING_STYLES)


SOURCES = st.lists(
    st.sampled_from(
        (
            "noto",
            "fluent",
            "openmoji",
            *HELD_OUT_STYLES,
            *TRAINING_STYLES[:3],
            *(f"render {n}" for n in range(9)),
        )
    ),
    min_size=1,
)


@given(name=st.text(min_size=1, max_size=8), sources=SOURCES)
def test_with_three_sources_each_side_has_its_own(name, sources):
    sides = held_out(name, sources)
    assert set(sides) == set(sources)
    counted = set(sources) - set(TRAINING_STYLES)
    assert {sides[source] for source in set(sources) - counted} <= {False}
    if len(counted) < 3:
        assert {sides[source] for source in counted} <= {None}
    else:
        assert {sides[source] for source in counted} == {False, True}
    assert held_out(name, reversed(sources)) == sides


@pytest.mark.parametrize("split", SPLITS)
def test_things_lie_in_their_boxes_and_the_image(some, split):
    for scene in some(split)[0]:
        height, width = scene.image.shape[:2]
        assert scene.kind == "cutouts"
        assert scene.image.dtype == np.uint8
        for thing in scene.things:
            left, top, right, bottom = thing.box
            assert 0 <= left < thing.x < right <= width
            assert 0 <= top < thing.y < bottom <= height


def grow(mask, pixels):
    side = 2 * pixels + 1
    return cv2.dilate(mask.astype(np.uint8), np.ones((side, side), np.uint8)) > 0


def test_things_are_where_the_picture_differs_from_the_background(atlas):
    differences = []
    for seed in range(30):
        scene = generate_cutout_scene(seed, "heldout", size=(320, 240), atlas=atlas)
        for number, thing in enumerate(scene.things, start=1):
            own = scene.owner == number
            rows, columns = np.nonzero(own)
            assert thing.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            ring = grow(own, 6) & ~grow(own, 2) & (scene.owner == 0)
            if np.count_nonzero(ring) >= 12:  # else things are all around
                inside = scene.image[~grow(~own, 1)]
                differences.append(np.abs(inside.mean(0) - scene.image[ring].mean(0)).max())
    assert len(differences) > 300
    assert np.mean(np.array(differences) > 20) > 0.98  # by chance a mean is that of the ground


def test_counts_reach_from_none_to_many(some):
    counts = Counter()
    for split in SPLITS:
        for scene in some(split)[0]:
            counts.update(Counter(thing.name for thing in scene.things).values())
    assert all(counts[number] > 3 for number in range(1, 7))
    assert 25 < max(counts) <= 60
    assert any(not scene.things for split in SPLITS for scene in some(split)[0])


def test_things_that_pass_for_one_another_never_meet(some):
    for split in SPLITS:
        for scene in some(split)[0]:
            present = {thing.name for thing in scene.things}
            assert not any(LOOK_ALIKES.get(name, frozenset()) & present for name in present)


def test_of_a_name_all_things_have_a_colour_or_none(some):
    coloured = 0
    for split in SPLITS:
        for scene in some(split)[0]:
            for name in {thing.name for thing in scene.things}:
                colours = [bool(thing.colour) for thing in scene.things if thing.name == name]
                assert len(set(colours)) == 1
                coloured += colours[0]
    assert coloured > 20


def test_greyscale_scenes_name_no_colour(some):
    grey = [
        scene
        for split in SPLITS
        for scene in some(split)[0]
        if (np.ptp(scene.image.astype(int), axis=2) <= 2).all() and scene.things
    ]
    assert grey
    assert not any(thing.colour for scene in grey for thing in scene.things)


@pytest.mark.parametrize("size", [(160, 220), (640, 480)])
def test_size_is_width_then_height(atlas, size):
    scene = generate_cutout_scene(1, "train", size, atlas=atlas)
    assert scene.image.shape == (size[1], size[0], 3)


def entry(source, medium="drawing"):
    return Entry("car", source, medium, "package", "MIT", "", False, hash(source) % 1000, 1)


def test_every_hand_has_the_same_chance_while_training():
    hands = ["noto", "noto", "fluent", "fluent-shaded", "openclipart", "stamp a", "stamp b"]
    atlas = Atlas([entry(source) for source in hands], np.zeros(1, np.uint8))
    numbers = range(len(hands))
    expected = [0.1, 0.1, 0.1, 0.1, 0.2, 0.2, 0.2]
    assert chances(atlas, numbers, apart=False).tolist() == pytest.approx(expected)
    assert chances(atlas, numbers, apart=True).tolist() == pytest.approx([1 / 7] * 7)


def test_what_training_shows_under_another_name_is_not_held_out():
    sources = ["noto", "openmoji", "stamp flags/redflag", "stamp flags/yellowflag"]
    sides = [held_out("flag", [*sources, f"render {n}"]) for n in range(6)]
    assert not any(side["stamp flags/yellowflag"] for side in sides)
    assert all(set(side.values()) == {True, False} for side in sides)
