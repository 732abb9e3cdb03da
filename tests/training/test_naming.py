"""What every ViT patch is taught is what the scene says lies under it."""

import numpy as np
import torch

from molmo_point.data.names import COLOURS, KNOWN_NAMES, vocabulary
from molmo_point.data.scenes import Scene, Thing, generate_scene
from molmo_point.training.build import build_processor
from molmo_point.training.config import ModelSize
from molmo_point.training.dense import box_overlap
from molmo_point.training.naming import IGNORE, name_patches


def ranks(words):
    return {word: rank for rank, word in enumerate(words)}


def named(things, size=(192, 192), kind="screens", owner=None):
    """A scene of one crop, 16x16 patches of 12 pixels."""
    scene = Scene(np.zeros((size[1], size[0], 3), np.uint8), things, kind, owner=owner)
    inputs = build_processor(ModelSize(), ["x"]).encode_image_prefix([scene.image])
    names = ranks(["button", "icon", "field"])
    shape, metadata = inputs.pixel_values.shape[:2], inputs.metadata[0]
    truth = name_patches(scene, shape, metadata, names, ranks(COLOURS), ranks(["save"]))
    grid = metadata.subpatch_mapping[0]

    def laid_out(values):
        return values.reshape(-1, *values.shape[2:])[grid]

    return {
        name: laid_out(getattr(truth, name)) for name in ("names", "meanings", "centres", "extents")
    }


def test_elements_of_screens_fill_their_boxes_and_stand_for_something():
    truth = named((Thing("button", 36, 30, (12, 24, 60, 36), "", "save"),))
    expected = np.zeros((16, 16), bool)
    expected[2, 1:5] = True
    assert ((truth["names"] == 1) == expected).all()
    assert ((truth["meanings"] == 1) == expected).all()
    assert np.argwhere(truth["centres"]).tolist() == [[2, 3]]


def test_of_an_element_under_an_icon_the_nearest_free_patch_is_the_centre():
    button = Thing("button", 42, 42, (24, 24, 60, 60))
    icon = Thing("icon", 42, 42, (36, 36, 48, 48))
    truth = named((button, icon))
    centres = [
        (tuple(place), truth["names"][tuple(place)]) for place in np.argwhere(truth["centres"])
    ]
    assert [name for _, name in sorted(centres, key=lambda pair: pair[1])] == [1, 2]
    assert ((3, 3), 2) in centres


def test_where_flat_things_overlap_the_one_that_is_seen_is_named():
    below, above = (
        Thing("button", 54, 54, (24, 24, 84, 84)),
        Thing("icon", 54, 78, (12, 48, 96, 108)),
    )
    owner = np.zeros((192, 192), np.int16)
    owner[24:84, 24:84] = 1
    owner[48:108, 12:96] = 2
    seen = named((below, above), kind="cutouts", owner=owner)
    assert set(seen["names"][4:9, 2:7].flatten()) == {2}
    assert seen["names"][3, 4] == 1
    assert np.argwhere(seen["centres"]).tolist() == [[3, 4], [6, 4]]  # not under the icon
    blind = named((below, above), kind="cutouts")
    assert blind["names"][4, 4] == 1  # the smaller is thought to lie above


def test_nothing_is_learnt_from_what_is_doubtful():
    truth = named((Thing("button", 30, 30, (24, 24, 36, 36), doubtful=True),))
    assert truth["names"][2, 2] == IGNORE
    assert (truth["names"] == 0).sum() == 255


def test_a_wide_element_is_placed_by_its_left_end_even_where_the_window_cuts_it():
    wide = Thing("field", 12 + 60, 30, (12, 24, 400, 36))
    truth = named((wide,))
    assert np.argwhere(truth["centres"]).tolist() == [[2, 6]]
    assert (truth["names"][2, 1:] == 3).all()
    assert np.allclose(truth["extents"][2, 2], [1.5, 0.5, 8.5, 0.5])
    assert (truth["extents"][2, 13:] == 0).all()
    gone = named((Thing("field", -20, 30, (-80, 24, 300, 36)),))
    assert not gone["centres"].any()
    assert (gone["names"][2] == 3).all()


def test_extents_rebuild_the_boxes_of_the_things_that_they_belong_to():
    processor = build_processor(ModelSize(), vocabulary())
    scene = generate_scene(3, "dev", size=(300, 200))
    inputs = processor.encode_image_prefix([scene.image])
    metadata = inputs.metadata[0]
    shape = inputs.pixel_values.shape[:2]
    truth = name_patches(scene, shape, metadata, ranks(KNOWN_NAMES), ranks(COLOURS), {})
    grid = metadata.subpatch_mapping[0]
    rows, columns = grid.shape
    boxes = np.array([thing.box for thing in scene.things]) / [300, 200, 300, 200]
    boxes *= [columns, rows, columns, rows]
    names, extents = truth.names.reshape(-1)[grid], truth.extents.reshape(-1, 4)[grid]
    assert (names > 0).any()
    for row, column in zip(*np.nonzero(names > 0), strict=True):
        left, up, right, down = extents[row, column]
        x, y = column + 0.5, row + 0.5
        box = np.array([x - left, y - up, x + right, y + down])
        nearest = np.abs(boxes - box).max(1).min()
        assert nearest <= 0.61  # a middle outside a small thing is reached from 0.1 patches away
    assert (extents[names == 0] == 0).all()


def test_overlap_is_intersection_over_union():
    one = torch.tensor([[1.0, 1.0, 1.0, 1.0]])
    two = torch.tensor([[1.0, 1.0, 3.0, 1.0]])
    assert torch.allclose(box_overlap(one, one), torch.ones(1))
    assert torch.allclose(box_overlap(one, two), torch.tensor([0.5]))


def test_what_is_too_small_in_the_global_view_is_not_learnt_there():
    things = (
        Thing("button", 60, 60, (40, 50, 80, 70)),
        Thing("icon", 300, 300, (200, 200, 400, 400)),
    )
    scene = Scene(np.zeros((576, 576, 3), np.uint8), things, "screens")
    inputs = build_processor(ModelSize(), ["x"]).encode_image_prefix([scene.image])
    truth = name_patches(
        scene, inputs.pixel_values.shape[:2], inputs.metadata[0], ranks(["button", "icon"]), {}, {}
    )
    whole, canvas = truth.names[0], truth.names[1:]
    assert set(np.unique(whole)) == {IGNORE, 0, 2}
    assert set(np.unique(canvas)) - {IGNORE} == {0, 1, 2}


def test_what_is_not_of_a_screen_reaches_to_both_ends_of_its_box():
    thing = Thing("button", 30, 60, (24, 24, 120, 96))  # its point is left of its box's middle
    across = {}
    for kind in ("screens", "tabletop"):
        truth = named((thing,), kind=kind)
        extents = truth["extents"][5, 3]  # a patch inside
        across[kind] = extents[0] + extents[2]
    assert across["tabletop"] == 8  # 96 pixels
    assert across["screens"] < 8
