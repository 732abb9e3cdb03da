"""Every kind of action on a page, as the page sees it."""

import pytest

from molmo_point import Point, Points
from molmo_point_adapters.browser.browser_pointer import BrowserPointer
from molmo_point_adapters.screen.policy import Policy
from tests.adapters.browsing import Truth, events, new_page, open_browser

POLICY = Policy(act=True, min_interval=0, per_minute=1000)
PAGE = """<style>div{width:60px;height:40px;background:#9bd;margin:10px}
div:hover{background:#357}button{padding:0}</style>
<div data-case="a" onclick="this.textContent='clicked'" ondblclick="this.textContent='twice'"
 oncontextmenu="this.textContent='menu';return false"></div>
<div data-case="from" draggable="true"></div><div data-case="to" ondragover="return false"></div>
<p><label><input type="checkbox" data-case="box"> <span data-case="words">Agree</span></label></p>
<p><input data-case="field" value="now: "></p>
<button data-case="tiny" style="width:12px;height:12px" onclick="this.textContent='+'"></button>
<p><a data-case="away" href="about:blank#away">Away</a>
<a data-case="popup" href="about:blank" target="_blank">Popup</a></p>
<button data-case="alert" onclick="alert(1);this.textContent='told'">Alert</button>
"""


@pytest.fixture(scope="module")
def browser():
    with open_browser() as running:
        yield running


@pytest.fixture
def page(browser):
    page = new_page(browser, html=PAGE, ratio=1.5)
    yield page
    page.context.close()


@pytest.fixture
def pointer(page):
    return BrowserPointer(page, Truth(page, 1.5), policy=POLICY)


def kinds(page, case):
    return [kind for kind, name in events(page) if name == case]


def test_double_and_right_click(page, pointer):
    assert pointer.double_click("a").done
    assert kinds(page, "a").count("dblclick") == 1
    assert page.text_content("[data-case=a]") == "twice"
    outcome = pointer.right_click("a")
    assert "document" in outcome.signs
    assert page.text_content("[data-case=a]") == "menu"


def test_hover_presses_nothing(page, pointer):
    outcome = pointer.hover("a")
    assert outcome.done
    assert outcome.signs == ("picture",)
    colour = "getComputedStyle(document.querySelector('[data-case=a]')).backgroundColor"
    assert page.evaluate(colour) == "rgb(51, 85, 119)"
    assert events(page) == []


def test_drag_from_one_to_another(page, pointer):
    outcome = pointer.drag("from", "to")
    assert outcome.done, outcome
    assert outcome.to_dict()["end"]["query"] == "to"
    assert kinds(page, "to") == ["drop"]


def test_text_is_typed_where_the_click_put_the_caret(page, pointer):
    outcome = pointer.type_into("field", "ähm 12")
    assert outcome.done, outcome
    assert "value" in outcome.signs
    assert "ähm 12" in page.input_value("[data-case=field]")


def test_a_label_stands_for_its_control(page, pointer):
    outcome = pointer.click("words")
    assert outcome.done
    assert outcome.element.role == "label"
    assert page.is_checked("[data-case=box]")


def test_leaving_the_page_and_new_windows_are_signs(page, pointer):
    page.context.pages[0].bring_to_front()
    assert "window" in pointer.click("popup").signs
    page.bring_to_front()
    outcome = pointer.click("away")
    assert outcome.done, outcome
    assert "address" in outcome.signs


def test_a_dialog_does_not_hang(page, pointer):
    assert pointer.click("alert").done
    assert page.text_content("[data-case=alert]") == "told"


def test_a_near_miss_is_drawn_onto_the_element(page):
    left, top, width, height = Truth(page, 1.5).box("tiny")

    class Beside:
        def point(self, image, query):
            at = [[(left - 5) * 1.5, (top + height / 2) * 1.5]]
            return Points.from_xy(at, (image.shape[1], image.shape[0]))

    outcome = BrowserPointer(page, Beside(), policy=POLICY).click("the tiny button")
    assert outcome.done, outcome
    assert left < outcome.action.place[0] < left + width
    assert page.text_content("[data-case=tiny]") == "+"


def test_a_place_of_the_last_picture(page, pointer):
    look = pointer.look()
    left, top, width, height = Truth(page, 1.5).box("a")
    outcome = pointer.click(((left + width / 2) * 1.5, (top + height / 2) * 1.5))
    assert outcome.done
    assert outcome.look is look
    assert page.text_content("[data-case=a]") == "clicked"
    look = pointer.look()
    page.evaluate("document.querySelector('[data-case=a]').style.marginLeft = '200px'")
    outcome = pointer.click(((left + width / 2) * 1.5, (top + height / 2) * 1.5))
    assert outcome.status == "refused"


def test_the_second_look_refines_where_there_is_no_element(browser):
    html = '<canvas width="600" height="400" style="position:absolute;left:0;top:0"></canvas>'
    page = new_page(browser, html=html)

    class Coarse:
        """Sees the spot only roughly, unless it is looked at from near."""

        def point(self, image, query):
            whole = image.shape[1] == 720
            spot = (300.0, 200.0) if whole else (image.shape[1] / 2 + 9, image.shape[0] / 2 + 9)
            point = Point(*spot, confidence=0.5 if whole else 0.7)
            return Points((point,), (image.shape[1], image.shape[0]), query)

    aim = BrowserPointer(page, Coarse()).aim("the spot")
    assert aim.target.xy == pytest.approx((304.5, 204.5))
    assert aim.target.confidence == 0.7
    page.context.close()
