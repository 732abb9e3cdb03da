"""Repainting: what is drawn stays where it is, and what keeps its colours keeps them."""

import numpy as np
import pytest

from molmo_point.data.cutouts.repaint import (
    _bent,
    _coloured_in,
    _flattened,
    _hue_matrix,
    _outlined,
    repaint,
)
from molmo_point.data.sprites import Sprite


@pytest.fixture
def red():
    alpha = np.zeros((50, 60), np.float32)
    alpha[5:45, 5:55] = 1
    return Sprite(alpha[..., None] * np.array((200, 20, 10), np.float32), alpha)


def test_a_photograph_keeps_its_colours(red):
    for seed in range(30):
        painted = repaint(np.random.default_rng(seed), red, "car", "photograph")
        middle = painted.rgb[painted.rgb.shape[0] // 2, painted.rgb.shape[1] // 2]
        assert middle == pytest.approx(red.rgb[25, 30], abs=0.01)


def test_a_silhouette_gets_one_ink_where_it_was(red):
    inks = set()
    for seed in range(30):
        painted = repaint(np.random.default_rng(seed), red, "apple", "silhouette")
        middle = painted.rgb[painted.rgb.shape[0] // 2, painted.rgb.shape[1] // 2]
        inks.add(tuple(middle.round()))
        assert painted.alpha.max() == 1
    assert len(inks) > 20


def test_a_fruit_stays_near_its_colour_and_a_car_may_be_any(red):
    def far(name):
        drawn = (repaint(np.random.default_rng(s), red, name, "drawing") for s in range(200))
        strongest = [p.rgb[p.rgb.shape[0] // 2, p.rgb.shape[1] // 2].argmax() for p in drawn]
        return np.mean(np.array(strongest) != 0)

    assert far("apple") < 0.1
    assert far("car") > 2 * far("apple")
    assert far("fire truck") < 0.1  # which is told from a truck by it


def test_colours_stay_premultiplied(red):
    soft = Sprite(red.rgb * 0.5, red.alpha * 0.5)
    for seed in range(60):
        painted = repaint(np.random.default_rng(seed), soft, "chair", "drawing")
        assert (painted.rgb <= 255 * painted.alpha[..., None] + 1e-3).all()
        assert (painted.rgb >= 0).all()


def test_turning_hues_leaves_greys_and_a_whole_turn_leaves_all():
    grey = np.full(3, 90, np.float32)
    assert _hue_matrix(1.3, 0.6) @ grey == pytest.approx(grey, abs=1e-3)
    assert _hue_matrix(2 * np.pi, 1.0) == pytest.approx(np.eye(3), abs=1e-6)


def test_an_outline_is_around_and_not_inside(red):
    lined = _outlined(red, 2, 255.0)
    assert lined.alpha.shape == (56, 66)
    assert lined.rgb[28, 33] == pytest.approx(red.rgb[25, 30])
    assert lined.rgb[7, 30] == pytest.approx((255, 255, 255))


def test_bending_moves_parts_and_loses_none(red):
    still = _bent(red, np.zeros((2, 3, 3)))
    assert still.alpha.sum() == pytest.approx(red.alpha.sum())
    moved = np.zeros((2, 3, 3))
    moved[1, 0] = 0.08  # the upper part is taken from further right: it comes to lie further left
    bent = _bent(red, moved)
    upper, lower = (np.nonzero(bent.alpha[row] > 0.5)[0].mean() for row in (12, 48))
    assert upper < lower - 3
    assert bent.alpha.sum() == pytest.approx(red.alpha.sum(), rel=0.05)


def test_flat_drawings_have_few_brightnesses_and_keep_their_hue():
    alpha = np.ones((20, 40), np.float32)
    shade = np.linspace(0.2, 1.0, 40, dtype=np.float32)
    shaded = Sprite(alpha[..., None] * shade[:, None] * np.array((200, 20, 10), np.float32), alpha)
    flat = _flattened(shaded, 3)
    assert len(np.unique(flat.rgb[..., 0].round(1))) <= 3
    assert flat.rgb[..., 1] / flat.rgb[..., 0] == pytest.approx(np.full((20, 40), 0.1), rel=1e-3)


def test_colouring_in_fills_what_lines_enclose_and_nothing_around():
    alpha = np.zeros((40, 60), np.float32)
    alpha[5:35, 5:55] = 1
    alpha[9:31, 9:28] = alpha[9:31, 32:51] = 0  # two panes of a window
    alpha[20:, 40] = 0  # the right one is open below
    window = Sprite(np.zeros((40, 60, 3), np.float32), alpha)
    filled = _coloured_in(np.random.default_rng(0), window)
    assert filled.alpha[20, 18] == 1
    assert filled.rgb[20, 18].min() >= 60
    assert filled.alpha[20, 45] == 0
    assert filled.alpha[2, 2] == 0
    assert not filled.rgb[6, 6].any()
