"""Rendered tables: what is said of them is where it is said, in pixels and in metres."""

import numpy as np
import pytest

from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import random_of
from molmo_point.data.tabletop import objects
from molmo_point.data.tabletop.objects import TABLETOP_NAMES, build_object
from molmo_point.data.tabletop.pool import TabletopPool, write_pool
from molmo_point.data.tabletop.scene import render_table
from molmo_point.data.worlds import TABLETOP
from molmo_point.errors import MolmoPointError

SIZE = (240, 180)


@pytest.fixture(scope="module")
def tables():
    return [render_table(seed, "train", SIZE, count=9) for seed in (3, 5)]


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    assert write_pool(folder, "train", 2) == 2
    assert write_pool(folder, "train", 2) == 0
    return TabletopPool(folder, "train")


def in_the_world(table):
    """[H, W, 3] metres: every pixel's place, from depth, intrinsics and pose."""
    height, width = table.depth.shape
    y, x = np.mgrid[0:height, 0:width] + 0.5
    rays = np.stack([x, y, np.ones_like(x)], -1) @ np.linalg.inv(table.intrinsics).T
    camera = rays * table.depth[..., None]
    return camera @ table.pose[:3, :3].T + table.pose[:3, 3]


def test_a_table_is_a_function_of_its_seed(tables):
    again = render_table(3, "train", SIZE, count=9)
    assert np.array_equal(again.image, tables[0].image)
    assert again.things == tables[0].things
    assert not np.array_equal(tables[0].image, tables[1].image)


def test_depth_intrinsics_and_pose_lead_back_to_the_table_top(tables):
    for table in tables:
        world = in_the_world(table)
        top = (table.owner == 0) & (np.abs(world[..., :2]).max(-1) < 0.6)
        assert top.sum() > 1000
        assert np.abs(world[top][:, 2]).max() < 0.002
        things = world[table.owner > 0][:, 2]
        assert (things > -0.001).all()
        assert things.max() < 0.4


def test_half_a_pixel_is_where_it_is_said(tables):
    """With the middles of pixels at whole numbers, as ROS has it, the table would tilt."""
    table = tables[0]
    shifted = table.intrinsics.copy()
    shifted[:2, 2] -= 0.5
    world = in_the_world(
        type(table)(table.image, (), table.owner, table.depth, shifted, table.pose)
    )
    top = (table.owner == 0) & (np.abs(world[..., :2]).max(-1) < 0.6)
    right = in_the_world(table)[top][:, 2]
    assert np.abs(right).mean() < 0.3 * np.abs(world[top][:, 2]).mean()


def test_points_lie_on_their_things(tables):
    seen = 0
    for table in tables:
        for number, thing in enumerate(table.things):
            if thing.doubtful:
                continue
            seen += 1
            assert table.owner[int(thing.y), int(thing.x)] == number + 1
            rows, columns = np.nonzero(table.owner == number + 1)
            assert thing.box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert seen >= 6


def test_what_is_hidden_is_doubtful_and_not_asked_about(tables):
    for table in tables:
        scene = table.to_scene()
        for query in ask_about(scene, random_of("train", 3, 1), 12, TABLETOP):
            assert not any(scene.things[index].doubtful for index in query.targets)
            if query.kind == "name":
                names = {scene.things[index].name for index in query.targets}
                assert len(names) == 1


@pytest.mark.parametrize("name", TABLETOP_NAMES)
def test_held_out_things_have_proportions_of_their_own(name, monkeypatch):
    shares = {False: [], True: []}

    class Recorded(objects._Shape):
        def __call__(self, low, high):
            value = super().__call__(low, high)
            shares[self.apart].append((value - low) / (high - low))
            return value

    monkeypatch.setattr(objects, "_Shape", Recorded)
    reaches = {
        apart: [
            build_object(name, np.random.default_rng(seed), apart=apart).reach for seed in range(40)
        ]
        for apart in (False, True)
    }
    assert len(shares[False]) == len(shares[True]) >= 40
    assert max(shares[False]) <= objects._OTHERS[1] + 1e-9
    assert min(shares[True]) >= objects._HELD_OUT_FROM - 1e-9
    assert objects._OTHERS[1] < objects._HELD_OUT_FROM
    assert max(reaches[False]) < min(reaches[True])  # which grows with every proportion


def test_a_window_keeps_boxes_beyond_it_and_its_geometry(pool):
    table = pool.table(0)
    for seed in range(12):
        window = pool.window(seed, (96, 96))
        assert window.image.shape == (96, 96, 3)
        world = in_the_world(window)
        top = (window.owner == 0) & (np.abs(world[..., :2]).max(-1) < 0.5)
        if top.sum() > 200:
            assert np.median(np.abs(world[top][:, 2])) < 0.004
    assert table.owner.max() <= len(table.things)
    assert table.depth.dtype == np.float32


def test_an_empty_pool_says_how_to_fill_it(tmp_path):
    with pytest.raises(MolmoPointError, match=r"tabletop\.pool .* heldout"):
        TabletopPool(tmp_path, "heldout")


def test_a_window_has_the_things_that_it_shows(pool):
    cut = 0
    for seed in range(50):
        scene = pool.window(seed, (96, 96)).to_scene()
        shown = set(np.unique(scene.owner)) - {0}
        assert shown == {number + 1 for number in range(len(scene.things))}
        for thing in scene.things:
            inside = 0 <= thing.x < 96 and 0 <= thing.y < 96
            assert inside or thing.doubtful
            cut += not inside
        for query in ask_about(scene, random_of("train", seed, 1), 4, TABLETOP):
            assert all(0 <= scene.things[index].x < 96 for index in query.targets)
    assert cut > 0
