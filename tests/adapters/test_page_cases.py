"""Cases made from a page: the targets are where its elements are, in the form of ScreenSpot."""

import doctest

import numpy as np
import pytest

from molmo_point.evaluation.screenspot import evaluate_cases, read_cases
from molmo_point.images import load_image
from molmo_point.points import Point, Points
from molmo_point_adapters.browser import page_cases
from molmo_point_adapters.browser.page_cases import PageCases
from molmo_point_adapters.browser.page_surface import PageSurface
from tests.adapters.browsing import new_page, open_browser

PAGE = """<style>button{position:absolute;border:0}</style>
<button style="left:40px;top:30px;width:60px;height:20px;background:#f0f">Save</button>
<button style="left:40px;top:90px;width:30px;height:30px;background:#0ff"
 aria-label="Gear"></button>
<button style="left:140px;top:90px;width:60px;height:30px">Twice</button>
<button style="left:240px;top:90px;width:60px;height:30px">Twice</button>
<button style="left:340px;top:90px;width:60px;height:30px">Covered</button>
<div style="position:absolute;left:330px;top:80px;width:90px;height:60px;background:#ccc"></div>
<button style="left:40px;top:900px;width:60px;height:30px">Below</button>
<label style="position:absolute;top:160px">Mail <input id="mail"></label>
<label style="position:absolute;top:200px">Land <select><option>Peru<option>Mali</select></label>
"""


@pytest.fixture(scope="module")
def browser():
    with open_browser() as running:
        yield running


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_targets_are_where_the_page_shows_them(browser, tmp_path, ratio):
    page = new_page(browser, html=PAGE, ratio=ratio)
    assert PageCases(tmp_path).add(page, "shop") == 4
    cases = {case.instruction: case for case in read_cases(tmp_path)}
    page.context.close()
    assert set(cases) == {"Save button", "Gear button", "Mail text field", "Land dropdown"}
    for words, colour in (("Save button", (255, 0, 255)), ("Gear button", (0, 255, 255))):
        case = cases[words]
        rows, columns = np.nonzero((load_image(case.image) == colour).all(axis=2))
        drawn = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
        assert case.box == pytest.approx(drawn, abs=1)
    assert [case.kind for case in cases.values()].count("icon") == 1
    assert cases["Gear button"].kind == "icon"
    assert cases["Gear button"].role == "button"


def test_pages_are_added_one_after_another(browser, tmp_path):
    cases = PageCases(tmp_path)
    for name in ("toolbar", "form"):
        page = new_page(browser, name)
        assert cases.add(page, name) >= 10
        page.context.close()
    read = read_cases(tmp_path)
    assert {case.group for case in read} == {"toolbar", "form"}
    assert len({case.image for case in read}) == 2


def test_widgets_of_frames_and_shadow_roots_are_listed(browser):
    page = new_page(browser, "framed", size=(1200, 900))
    names = {element.name for element in PageSurface(page).elements()}
    page.context.close()
    assert {"Outside", "Inside one", "Scaled one", "Middle", "Deep one", "Deep box", "Like",
            "In two shadows"} <= names  # fmt: skip
    assert "Far below" not in names


def test_a_finder_that_knows_the_truth_hits_all(browser, tmp_path):
    page = new_page(browser, html=PAGE)
    PageCases(tmp_path).add(page, "shop")
    page.context.close()
    cases = read_cases(tmp_path)

    class View:
        image_size = (720, 540)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            pass

        def point(self, query, *, single):
            (case,) = (case for case in cases if case.instruction == query)
            left, top, right, bottom = case.box
            at = Point((left + right) / 2, (top + bottom) / 2)
            return Points((at,), self.image_size, query)

    class Truth:
        def look(self, image):
            return View()

    assert evaluate_cases(Truth(), cases).overall.hits == len(cases) == 4


def test_the_example_in_the_docstring():
    assert doctest.testmod(page_cases).failed == 0
