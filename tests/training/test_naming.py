"""What every ViT patch is taught is what the scene says lies under it."""

import numpy as np
import torch

from molmo_point.data.names import COLOURS, all_names, vocabulary
from molmo_point.data.scenes import generate_scene
from molmo_point.training.build import build_processor
from molmo_point.training.config import ModelSize
from molmo_point.training.dense import box_overlap
from molmo_point.training.naming import name_patches


def test_extents_rebuild_the_boxes_of_the_things_that_they_belong_to():
    processor = build_processor(ModelSize(), vocabulary())
    scene = generate_scene(3, "dev", size=(300, 200))
    inputs = processor.encode_image_prefix([scene.image])
    metadata = inputs.metadata[0]
    shape = inputs.pixel_values.shape[:2]
    truth = name_patches(scene, shape, metadata, all_names(), COLOURS)
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
