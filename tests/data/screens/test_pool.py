"""Pools of rendered pages: resumable, and read back as they were."""

import cv2
import numpy as np
import pytest

from molmo_point.data.screens.pages import generate_page
from molmo_point.data.screens.pool import ScreenPool, write_pool
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


def test_scenes_are_windows_at_native_scale(pool_folder):
    pool = ScreenPool(pool_folder, "train")
    pages = [pool.page(number) for number in range(len(pool))]
    for seed in range(6):
        scene, again = pool.scene(seed, (192, 160)), pool.scene(seed, (192, 160))
        image = scene.screen.image
        assert image.shape == (160, 192, 3)
        assert scene.queries == again.queries
        (page,) = (page for page in pages if page.style == scene.screen.style)
        apart = cv2.matchTemplate(page.image, image, cv2.TM_SQDIFF)
        left, top = cv2.minMaxLoc(apart)[2]
        assert np.array_equal(image, page.image[top : top + 160, left : left + 192])


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
    assert [thing.name for thing in scene.things] == [element.role for element in screen.elements]
    assert scene.things[0].box == screen.elements[0].box


def test_an_empty_pool_says_how_to_fill_it(tmp_path):
    with pytest.raises(MolmoPointError, match=r"screens\.pool .* heldout"):
        ScreenPool(tmp_path, "heldout")
