"""True aim: the event lands on the element that was named, whatever lies between it and a pixel."""

import numpy as np
import pytest

from molmo_point import Points
from molmo_point_adapters.browser.browser_pointer import BrowserPointer
from molmo_point_adapters.screen.policy import Policy
from tests.adapters.browsing import Truth, events, new_page, open_browser

POLICY = Policy(act=True, min_interval=0, per_minute=1000)


@pytest.fixture(scope="module")
def browser():
    with open_browser() as running:
        yield running


def click_all(page, ratio, *, only=None, scroll_to=True):
    """Click each case once; the names of those that another element, or none, was hit for."""
    truth = Truth(page, ratio)
    pointer = BrowserPointer(page, truth, policy=POLICY)
    missed, clicked = [], 0
    for case, frame in truth.frames.items():
        if only is not None and case not in only:
            continue
        locator = frame.locator(f'[data-case="{case}"]')
        if scroll_to:
            locator.scroll_into_view_if_needed()
        page.keyboard.press("Escape")  # the list that a select opened
        events(page)
        outcome = pointer.click(case)
        clicked += 1
        hits = {name for kind, name in events(page) if kind == "pointerdown"}
        found = pointer.locate(outcome.element)
        same = found.count() == 1 and found.get_attribute("data-case") == case
        if not (outcome.done and outcome.landed and hits == {case} and same):
            missed.append((case, str(outcome), hits, outcome.element))
    return clicked, missed


@pytest.mark.parametrize(
    ("name", "ratio", "least"),
    [("toolbar", 1.0, 19), ("form", 1.5, 23), ("framed", 2.0, 13), ("tall", 1.5, 18)],
)
def test_events_land_on_the_element_that_was_named(browser, name, ratio, least):
    page = new_page(browser, name, ratio=ratio)
    clicked, missed = click_all(page, ratio)
    assert missed == []
    assert clicked >= least
    page.context.close()


MARK = "#ff00ff"


class ColourFinder:
    """Points at the middle of what is magenta: the truth of pixels alone."""

    def point(self, image, query):
        rows, columns = np.nonzero((image == (255, 0, 255)).all(axis=2))
        at = [[columns.mean() + 0.5, rows.mean() + 0.5]]
        return Points.from_xy(at, (image.shape[1], image.shape[0]), query=query)


def marked(zoom):
    buttons = "".join(
        f'<button data-case="b{i}" style="margin:9px;width:40px;height:22px">{i}</button>'
        for i in range(60)
    )
    return (
        f"<style>html{{zoom:{zoom}}} .mark{{background:{MARK};border:0;color:{MARK}}}</style>"
        f'<body style="width:1500px">{buttons}<div style="height:2000px">'
    )


@pytest.mark.parametrize("ratio", [1.0, 1.25, 2.0])
@pytest.mark.parametrize(
    ("zoom", "pinch", "scroll"),
    [(1.0, 1.0, (260, 30)), (1.5, 1.0, (330, 47)), (1.0, 1.7, (90, 21))],
    ids=["scrolled", "css-zoom", "pinch"],
)
def test_scroll_zoom_and_pinch(browser, ratio, zoom, pinch, scroll):
    page = new_page(browser, ratio=ratio, html=marked(zoom))
    page.evaluate("([x, y]) => scrollTo(x, y)", list(scroll))
    if pinch != 1.0:
        page.context.new_cdp_session(page).send(
            "Emulation.setPageScaleFactor", {"pageScaleFactor": pinch}
        )
        page.wait_for_function(f"() => Math.abs(visualViewport.scale - {pinch}) < 0.01")
    case = page.evaluate("""() => {
      const view = visualViewport, all = [...document.querySelectorAll("button")];
      const right = view.offsetLeft + view.width;
      const shown = all.filter((one) => {
        const box = one.getBoundingClientRect();
        return box.left > right - view.width / 2 && box.right < right
          && box.top > view.offsetTop + 10 && box.bottom < view.offsetTop + view.height;
      });
      shown[0].classList.add("mark");
      return shown[0].dataset.case;
    }""")
    outcome = BrowserPointer(page, ColourFinder(), policy=POLICY).click("the magenta one")
    assert outcome.done, outcome
    assert ("click", case) in events(page)
    assert outcome.element.selector
    page.context.close()
