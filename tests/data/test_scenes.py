"""Generated scenes: pure functions of (split, seed), with truth that the pixels bear out."""

import colorsys
from functools import cache

import cv2
import numpy as np
import pytest

from molmo_point.data import canvas as canvas_module
from molmo_point.data import scenes as scenes_module
from molmo_point.data import sprites
from molmo_point.data.canvas import Canvas
from molmo_point.data.names import COLOURS, DISCS, EMOJI, GRAINS, LOOK_ALIKES, SHAPES
from molmo_point.data.scenes import KINDS, Scene, Thing, generate_scene, random_of, renumber
from molmo_point.data.sprites import Sprite
from molmo_point.errors import MolmoPointError

SPLITS = ("train", "dev", "heldout")
NAMES = {"emoji": set(EMOJI), "shapes": set(SHAPES), "discs": set(DISCS), "grains": set(GRAINS)}


@cache
def scenes(kind=None, count=60):
    return tuple(generate_scene(seed, "dev", kind=kind) for seed in range(count))


def square(side, colour):
    alpha = np.ones((side, side), np.float32)
    return Sprite(np.full((side, side, 3), colour, np.float32), alpha)


@pytest.mark.parametrize("split", SPLITS)
def test_scene_is_a_function_of_split_and_seed(split):
    for seed in range(8):
        first, second = generate_scene(seed, split), generate_scene(seed, split)
        assert np.array_equal(first.image, second.image)
        assert first.things == second.things
        assert first.kind == second.kind


def test_scene_does_not_depend_on_those_before_it():
    alone = generate_scene(11, "train", kind="discs")
    for seed in range(11):
        generate_scene(seed, "train")
    assert np.array_equal(generate_scene(11, "train", kind="discs").image, alone.image)


def test_splits_share_no_scene():
    images = [generate_scene(seed, split).image for split in SPLITS for seed in range(40)]
    assert len({(image.shape, image.tobytes()) for image in images}) == len(images)


def test_splits_share_no_random_stream():
    streams = {
        tuple(random_of(split, seed, purpose).integers(0, 2**62, 4))
        for split in SPLITS
        for seed in (0, 1, 2, 2**32, 2**40)
        for purpose in (0, 1)
    }
    assert len(streams) == len(SPLITS) * 5 * 2


@pytest.mark.parametrize("size", [(160, 200), (320, 240), (640, 480)])
def test_size_is_width_then_height(size):
    assert generate_scene(3, "train", size=size).image.shape == (size[1], size[0], 3)


def test_sizes_that_are_drawn_stay_in_range():
    shapes = np.array([scene.image.shape[:2] for scene in scenes()])
    assert shapes.min() >= 160
    assert shapes.max() <= 640
    assert 240 < np.sqrt(shapes.prod(1).mean()) < 360


def test_every_kind_occurs():
    assert {scene.kind for scene in scenes()} == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_things_lie_in_their_boxes_and_the_image(kind):
    for scene in scenes(kind):
        height, width = scene.image.shape[:2]
        assert scene.image.dtype == np.uint8
        assert len(scene.things) <= 60
        for thing in scene.things:
            left, top, right, bottom = thing.box
            assert 0 <= left < thing.x < right <= width
            assert 0 <= top < thing.y < bottom <= height


@pytest.mark.parametrize("kind", KINDS)
def test_names_belong_to_the_kind(kind):
    assert {thing.name for scene in scenes(kind) for thing in scene.things} <= NAMES[kind]


def test_things_that_pass_for_one_another_never_meet():
    for scene in scenes("emoji", 60):
        present = {thing.name for thing in scene.things}
        assert not any(LOOK_ALIKES.get(name, frozenset()) & present for name in present)


def test_few_things_are_as_common_as_any_other_small_number():
    counts = [len(scene.things) for scene in scenes(None, 150)]
    assert all(counts.count(number) >= 3 for number in range(1, 8))


def hue_of(pixels):
    """Hue in degrees, saturation and value of the median pixel."""
    hue, saturation, value = colorsys.rgb_to_hsv(*(np.median(pixels, axis=0) / 255))
    return hue * 360, saturation, value


WHAT_PEOPLE_SAY = {  # wider than what is drawn: light and camera shift it
    "red": lambda h, s, v: (h > 345 or h < 15) and s > 0.5 and v > 0.5,
    "orange": lambda h, s, v: 12 < h < 44 and s > 0.6 and v > 0.7,
    "yellow": lambda h, s, v: 40 < h < 72 and s > 0.45 and v > 0.68,
    "green": lambda h, s, v: 80 < h < 170 and s > 0.35,
    "blue": lambda h, s, v: 190 < h < 252 and s > 0.45,
    "purple": lambda h, s, v: 255 < h < 305 and s > 0.35,
    "pink": lambda h, s, v: 305 < h < 358 and 0.15 < s < 0.75 and v > 0.72,
    "brown": lambda h, s, v: 5 < h < 42 and s > 0.4 and v < 0.66,
    "black": lambda h, s, v: v < 0.3,
    "white": lambda h, s, v: s < 0.16 and v > 0.78,
    "gray": lambda h, s, v: s < 0.3 and 0.28 < v < 0.75,
}


def own_pixels(monkeypatch, kind, count):
    """(thing, pixels of the finished image that are its own, pixels around it) for some seeds."""
    laid = []

    class Recorded(Canvas):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            laid.append(self)

    monkeypatch.setattr(scenes_module, "Canvas", Recorded)
    for seed in range(count):
        scene = generate_scene(seed, "dev", kind=kind)
        owner = laid[-1].owner
        for number, thing in enumerate(scene.things, start=1):
            mask = cv2.erode((owner == number).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
            left, top, right, bottom = (int(value) for value in thing.box)
            near = np.zeros_like(mask)
            near[max(0, top - 6) : bottom + 6, max(0, left - 6) : right + 6] = True
            near &= owner == 0
            if mask.sum() >= 12 and near.sum() >= 12:  # thinner outlines blend with what is behind
                yield thing, scene.image[mask].astype(float), scene.image[near].astype(float)


def test_colour_words_agree_with_the_pixels(monkeypatch):
    seen = dict.fromkeys(COLOURS, 0)
    for thing, own, _ in own_pixels(monkeypatch, "shapes", 250):
        if thing.colour:
            assert WHAT_PEOPLE_SAY[thing.colour](*hue_of(own)), (thing, hue_of(own))
            seen[thing.colour] += 1
    assert min(seen.values()) >= 30, seen


def _overlap(first, second):
    return (
        first[0] < second[2]
        and second[0] < first[2]
        and first[1] < second[3]
        and second[1] < first[3]
    )


def test_greyscale_scenes_name_no_colour():
    grey = 0
    for scene in scenes("shapes", 120):
        if (np.ptp(scene.image.astype(int), axis=2) <= 2).all() and scene.things:
            grey += any(thing.colour not in ("black", "white", "gray") for thing in scene.things)
            assert all(thing.colour in ("", "black", "white", "gray") for thing in scene.things)
    assert grey >= 2


@pytest.mark.parametrize("kind", ["discs", "grains", "emoji"])
def test_only_shapes_have_one_colour(kind):
    assert all(thing.colour == "" for scene in scenes(kind) for thing in scene.things)


@pytest.mark.parametrize(("kind", "least"), [("shapes", 20), ("discs", 10), ("grains", 15)])
def test_things_stand_out_from_what_is_around_them(monkeypatch, kind, least):
    differences = [
        np.abs(own.mean(0) - around.mean(0)).max()
        for _, own, around in own_pixels(monkeypatch, kind, 100)
    ]
    assert len(differences) > 300
    assert min(differences) > least


def test_boxes_hold_what_stays_visible():
    canvas = Canvas(np.full((60, 60, 3), 255, np.float32))
    rng = np.random.default_rng(0)
    for colour in ((200, 0, 0), (0, 0, 200), (0, 120, 0), (90, 90, 90)):
        for _ in range(6):
            canvas.place(rng, square(14, colour), "square", "", shadow=0, contrast=20)
    for number, thing in enumerate(canvas.things(), start=1):
        rows, columns = np.nonzero(canvas.owner == number)
        visible = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert thing.box == pytest.approx(visible)
        assert len(rows) >= (1 - canvas_module._MOST_HIDDEN) * 14 * 14
    assert len(canvas.things()) >= 8


def test_a_thing_like_its_background_is_not_placed():
    canvas = Canvas(np.full((80, 80, 3), 120, np.float32))
    rng = np.random.default_rng(0)
    assert not canvas.place(rng, square(20, 130), "square", "gray", shadow=0, contrast=40)
    assert canvas.things() == []


def test_colours_do_not_help_in_greyscale():
    rng, red = np.random.default_rng(0), square(20, (200, 40, 60))
    flat = np.full((80, 80, 3), 100, np.float32)
    assert Canvas(flat.copy()).place(rng, red, "square", "red", shadow=0, contrast=40)
    grey = Canvas(flat.copy(), greyscale=True)
    assert not grey.place(rng, red, "square", "red", shadow=0, contrast=40)


def test_things_of_one_colour_do_not_merge():
    canvas = Canvas(np.full((64, 64, 3), 255, np.float32))
    rng = np.random.default_rng(0)
    for _ in range(30):
        canvas.place(rng, square(12, 20), "dot", "", shadow=0, contrast=40, merges=True)
    boxes = [thing.box for thing in canvas.things()]
    assert len(boxes) >= 4
    assert not any(_overlap(a, b) for i, a in enumerate(boxes) for b in boxes[:i])


def test_absent_font_is_one_sentence_that_names_its_package(monkeypatch, tmp_path):
    monkeypatch.setattr(sprites, "_FONT_FOLDERS", (str(tmp_path),))
    sprites._font.cache_clear()
    try:
        with pytest.raises(MolmoPointError, match="fonts-noto-color-emoji"):
            sprites._font()
    finally:
        sprites._font.cache_clear()


def test_a_part_shows_what_the_whole_shows_there():
    whole = generate_scene(3, "train", size=(300, 240), kind="shapes")
    part = whole.part(60, 40, 120, 100, (240, 200))
    assert part.image.shape == (200, 240, 3)
    halved = cv2.resize(part.image, (120, 100), interpolation=cv2.INTER_AREA)
    assert np.abs(halved.astype(int) - whole.image[40:140, 60:180]).mean() < 6
    for thing in part.things:
        back = (thing.x / 2 + 60, thing.y / 2 + 40)
        old = next(t for t in whole.things if (t.x, t.y) == pytest.approx(back))
        assert (old.name, old.colour) == (thing.name, thing.colour)
        if not thing.doubtful:
            assert 0 <= thing.x < 240
            assert 0 <= thing.y < 200


def test_what_a_part_cuts_off_is_doubtful_and_what_it_leaves_out_is_gone():
    names = ("inside", "mostly", "hardly", "outside")
    boxes = [(20, 20, 40, 40), (44, 20, 64, 40), (50, 20, 90, 40), (70, 60, 90, 80)]
    things = [
        Thing(name, (b[0] + b[2]) / 2, (b[1] + b[3]) / 2, b)
        for name, b in zip(names, boxes, strict=True)
    ]
    owner = np.zeros((100, 100), np.int16)
    for number, (left, top, right, bottom) in enumerate(boxes, start=1):
        owner[top:bottom, left:right] = number
    scene = Scene(np.zeros((100, 100, 3), np.uint8), tuple(things), "shapes", owner=owner)
    part = scene.part(10, 10, 50, 50, (50, 50))
    assert [(t.name, t.doubtful) for t in part.things] == [
        ("inside", False), ("mostly", False), ("hardly", True),
    ]  # fmt: skip
    assert part.things[2].box == (40, 10, 80, 30)
    assert part.owner.shape == (50, 50)
    assert [part.owner[20, x] for x in (5, 15, 38, 45)] == [0, 1, 2, 3]
    fewer = scene.part(50, 10, 50, 90, (50, 90))
    assert [thing.name for thing in fewer.things] == ["mostly", "hardly", "outside"]
    assert fewer.owner[55, 30] == 3


@pytest.mark.parametrize("kind", KINDS)
def test_a_scene_and_its_part_know_whose_each_pixel_is(kind):
    whole = generate_scene(4, "dev", size=(240, 200), kind=kind)
    assert whole.things
    for number, thing in enumerate(whole.things, start=1):
        rows, columns = np.nonzero(whole.owner == number)
        assert thing.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    part = whole.part(60, 40, 120, 100, (120, 100))
    for number, thing in enumerate(part.things, start=1):
        old = next(
            rank for rank, other in enumerate(whole.things, start=1)
            if (other.x, other.y) == pytest.approx((thing.x + 60, thing.y + 40))
        )  # fmt: skip
        assert ((part.owner == number) == (whole.owner[40:140, 60:180] == old)).all()


def test_things_left_out_are_nobodys_and_the_others_move_up():
    owner = np.array([[0, 1, 2, 3]], np.int16)
    assert renumber(owner, [0, 2]).tolist() == [[0, 1, 0, 2]]
    assert renumber(owner, []).tolist() == [[0, 0, 0, 0]]
