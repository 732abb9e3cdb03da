"""Patches that speak of one thing speak once, and no others are touched."""

import torch

from molmo_point.models.molmo_point.duplicates import merge_duplicates

ROWS = COLUMNS = 6


def places(images=1):
    """A canvas of 6x6 ViT patches an image, four to a token."""
    spot = [
        (image, 2 * row + down, 2 * column + right)
        for image in range(images)
        for row in range(ROWS // 2)
        for column in range(COLUMNS // 2)
        for down in range(2)
        for right in range(2)
    ]
    return torch.tensor(spot).reshape(-1, 4, 3)


def scene(boxes, heats, spots):
    """Heat and reach: `boxes` [(left, top, right, bottom)] in patches cover whole patches."""
    table = spots.reshape(-1, 3)
    probability = torch.full((len(table),), 0.001)
    reach = torch.full((len(table), 4), 0.5)
    for (left, top, right, bottom), heat in zip(boxes, heats, strict=True):
        for index, (_, row, column) in enumerate(table.tolist()):
            if left <= column < right and top <= row < bottom:
                x, y = column + 0.5, row + 0.5
                probability[index] = heat[row - top][column - left]
                reach[index] = torch.tensor([x - left, y - top, right - x, bottom - y])
    shape = (1, *spots.shape[:2])
    return torch.logit(probability).reshape(shape), reach.reshape(*shape, 4)


def merged(boxes, heats):
    spots = places()
    logits, reach = scene(boxes, heats, spots)
    out = merge_duplicates(logits, reach, spots, torch.ones(logits.shape, dtype=torch.bool))
    grid = torch.zeros(ROWS, COLUMNS)
    for (_, row, column), value in zip(spots.reshape(-1, 3).tolist(), out.reshape(-1), strict=True):
        grid[row, column] = value.sigmoid()
    return grid


def test_a_large_thing_gives_its_heat_to_its_likeliest_patch():
    grid = merged([(0, 0, 3, 3)], [[[0.05, 0.1, 0.05], [0.1, 0.3, 0.1], [0.05, 0.1, 0.05]]])
    assert torch.isclose(grid[1, 1], torch.tensor(0.9), atol=1e-4)
    grid[1, 1] = 0
    assert grid.max() < 0.01


def test_neighbours_with_boxes_of_their_own_stay_apart():
    grid = merged([(0, 0, 1, 1), (1, 0, 2, 1)], [[[0.8]], [[0.7]]])
    assert torch.isclose(grid[0, 0], torch.tensor(0.8), atol=1e-4)
    assert torch.isclose(grid[0, 1], torch.tensor(0.7), atol=1e-4)


def test_a_probability_stays_one_and_faint_patches_stay_as_they_are():
    grid = merged([(2, 2, 4, 4)], [[[0.6, 0.5], [0.01, 0.4]]])
    assert 0.99 < grid[2, 2] < 1
    assert torch.isclose(grid[3, 2], torch.tensor(0.01), atol=1e-4)


def test_the_same_box_in_another_image_is_another_thing():
    spots = places(images=2)
    logits, reach = scene([(0, 0, 2, 2)], [[[0.6, 0.1], [0.1, 0.1]]], spots)
    out = merge_duplicates(logits, reach, spots, torch.ones(logits.shape, dtype=torch.bool))
    assert (out.sigmoid() > 0.5).sum() == 2


def test_what_cannot_be_chosen_takes_no_part():
    spots = places()
    logits, reach = scene([(0, 0, 2, 2)], [[[0.6, 0.3], [0.3, 0.3]]], spots)
    valid = torch.ones(logits.shape, dtype=torch.bool)
    valid[0, 0, 0] = False  # the likeliest
    out = merge_duplicates(logits, reach, spots, valid).sigmoid()
    assert torch.isclose(out[0, 0, 0], torch.tensor(0.6), atol=1e-4)
    assert torch.isclose(out[0, 0, 1:].max(), torch.tensor(0.9), atol=1e-4)
