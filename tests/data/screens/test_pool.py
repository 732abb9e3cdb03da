"""Pools of rendered pages: resumable, and read back as they were."""

import numpy as np
import pytest

from molmo_point.data.screens.elements import Element, Screen
from molmo_point.data.screens.hues import colours_of
from molmo_point.data.screens.pages import generate_page
from molmo_point.data.screens.pool import ScreenPool, write_pool
from molmo_point.data.screens.recolour import recolour
from molmo_point.data.screens.roles import MEANINGS, ROLE_NAMES, name_of
from molmo_point.data.screens.words import screen_words
from molmo_point.errors import MolmoPointError


def test_pages_come_back_as_rendered(pool_folder, packages, renderer):
    pool = ScreenPool(pool_folder, "train")
    assert len(pool) == 5
    page, again = renderer.render(generate_page(2, "train", folder=packages)), pool.page(2)
    assert again.elements == page.elements
    assert (again.language, again.style) == (page.language, page.style)
    apart = np.abs(again.image.astype(int) - page.image)
    assert apart.mean() < 2


def test_writing_goes_on_where_it_stopped(packages, renderer, tmp_path):
    with_them = {"packages": packages, "renderer": renderer}
    assert write_pool(tmp_path, "dev", 1, **with_them) == 1
    first = (tmp_path / "dev/000000.json").read_bytes()
    (tmp_path / "dev/000001.jpg").write_bytes(b"half a picture")
    assert write_pool(tmp_path, "dev", 2, **with_them) == 1
    assert (tmp_path / "dev/000000.json").read_bytes() == first
    assert write_pool(tmp_path, "dev", 2, **with_them) == 0
    assert ScreenPool(tmp_path, "dev").page(1).elements


def test_scenes_are_windows_at_the_scales_of_whole_pages(pool_folder):
    pool = ScreenPool(pool_folder, "train")
    pages = [pool.page(number) for number in range(len(pool))]
    scales = []
    for seed in range(40):
        scene, again = pool.scene(seed, (320, 288)), pool.scene(seed, (320, 288))
        assert scene.screen.image.shape == (288, 320, 3)
        assert scene.queries == again.queries
        assert np.array_equal(scene.screen.image, again.screen.image)
        (page,) = (page for page in pages if page.style == scene.screen.style)
        widths = {(e.role, e.text, e.concept): e.box[2] - e.box[0] for e in page.elements}
        scales += [
            (e.box[2] - e.box[0]) / widths[e.role, e.text, e.concept]
            for e in scene.screen.elements
            if e.whole and e.text
        ]
    assert min(scales) < 0.8
    assert sum(scale == 1 for scale in scales) > len(scales) / 10
    assert max(scales) < 1.3


def test_a_scaled_screen_has_its_elements_where_they_are_drawn():
    image = np.full((90, 120, 3), 255, np.uint8)
    image[30:60, 40:80] = (200, 0, 0)
    one = Element("button", "", "", "", (), ("red",), (40, 30, 80, 60), True, (40, 30, 80, 60))
    small = Screen(image, (one,), "en", {}).resized(60, 45)
    assert small.image.shape == (45, 60, 3)
    assert small.elements[0].box == small.elements[0].reach == (20, 15, 40, 30)
    assert (small.image[15:30, 20:40, 0] == 200).all()
    assert (small.image == 255).all(2).sum() == 45 * 60 - 15 * 20


def test_elements_of_a_window_lie_inside_it(pool_folder):
    pool = ScreenPool(pool_folder, "train")
    for seed in range(40):
        screen = pool.scene(seed, (192, 192)).screen
        for element in screen.elements:
            left, top, right, bottom = element.box
            assert 0 <= left < right <= 192
            assert 0 <= top < bottom <= 192


def test_a_screen_is_a_scene(pool_folder):
    screen = ScreenPool(pool_folder, "train").page(0)
    scene = screen.to_scene()
    assert scene.kind == "screens"
    assert len(scene.things) == len(screen.elements)
    for thing, element in zip(scene.things, screen.elements, strict=True):
        assert thing.name.endswith(element.role) or thing.name in ("", "icon button")
        assert thing.box == element.box
        assert thing.doubtful == (not element.whole)


def test_a_thing_of_a_window_reaches_beyond_it(pool_folder):
    page = ScreenPool(pool_folder, "train").page(0)
    inside = next(e for e in page.elements if e.whole and e.box[2] - e.box[0] > 30)
    left, top, _, bottom = inside.box
    scene = page.window(int(left) + 10, int(top), 40, int(bottom - top) + 1).to_scene()
    begins = left - int(left) - 10
    assert any(thing.box[0] == begins and not thing.doubtful for thing in scene.things)


def element(role, concept, box, text=""):
    return Element(role, concept, text, "", (), (), box, whole=True)


def test_a_button_without_a_label_and_its_icon_are_one_thing():
    parts = (
        element("button", "save", (0, 0, 30, 30)), element("icon", "save", (5, 5, 25, 25)),
        element("button", "edit", (40, 0, 90, 30), "Edit"),
        element("icon", "edit", (42, 5, 60, 25)),
    )  # fmt: skip
    scene = Screen(np.zeros((40, 100, 3), np.uint8), parts, "en", {}).to_scene()
    assert [thing.name for thing in scene.things] == ["icon button", "", "button", "icon"]
    assert [thing.meaning for thing in scene.things] == ["save", "save", "", "edit"]


def test_states_are_part_of_the_name():
    assert name_of("checkbox", ("checked",)) == "checked checkbox"
    assert name_of("link", ("visited",)) == "link"
    assert "check boxes that are not checked" in ROLE_NAMES["unchecked checkbox"]
    for table in (ROLE_NAMES, MEANINGS):
        assert {word for said in table.values() for one in said for word in one.split()} <= {
            *screen_words()
        }


def test_an_empty_pool_says_how_to_fill_it(tmp_path):
    with pytest.raises(MolmoPointError, match=r"screens\.pool .* heldout"):
        ScreenPool(tmp_path, "heldout")


def test_other_colours_leave_elements_where_they_are_and_name_what_is_seen():
    image = np.full((90, 120, 3), 255, np.uint8)
    image[30:60, 40:80] = (200, 20, 20)
    one = Element("button", "", "", "", (), ("red",), (40, 30, 80, 60), True, (40, 30, 80, 60))
    dark, colours = 0, set()
    for seed in range(60):
        other = recolour(np.random.default_rng(seed), Screen(image, (one,), "en", {}))
        assert other.elements[0].box == one.box
        ground, button = other.image[5, 5].astype(int), other.image[45, 60].astype(int)
        assert np.ptp(ground) < 4  # white has no hue to turn
        assert abs(ground - button).max() > 40
        dark += ground.mean() < 128
        colours.update(other.elements[0].colours[:1])
        assert other.elements[0].colours == colours_of(other.image, "button", one.box)
    assert 8 < dark < 35
    assert {"green", "blue"} <= colours


def test_pages_to_measure_with_keep_their_colours(pool_folder, monkeypatch):
    monkeypatch.setattr("molmo_point.data.screens.pool.recolour", None)
    pool = ScreenPool(pool_folder, "train")
    pool.split = "dev"
    for seed in range(20):
        assert pool.scene(seed, (192, 192)).screen.image.any()


def test_whole_pages_come_one_after_another(pool_folder):
    pool = ScreenPool(pool_folder, "train")
    styles = [pool.page(number).style for number in range(len(pool))]
    assert [pool.scene(seed).screen.style for seed in range(len(pool))] == styles
