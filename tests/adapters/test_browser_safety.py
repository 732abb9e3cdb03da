"""What must not be done leaves no event; what changes under the pointer is caught."""

import json

import pytest

from molmo_point import Point, Points
from molmo_point.errors import DeviceError, QueryError
from molmo_point_adapters.browser.browser_pointer import BrowserPointer
from molmo_point_adapters.screen.policy import Policy
from molmo_point_adapters.screen.screen_map import Box
from tests.adapters.browsing import Truth, events, new_page, open_browser

FREE = {"act": True, "min_interval": 0.0}
PAGE = """<style>button{position:absolute;left:50px;width:90px;height:30px}</style>
<button data-case="save" style="top:20px">Save</button>
<button data-case="delete" style="top:80px">Delete all</button>
<button data-case="icon" aria-label="Remove from cart" style="top:140px">x</button>
"""


@pytest.fixture(scope="module")
def browser():
    with open_browser() as running:
        yield running


@pytest.fixture
def page(browser):
    page = new_page(browser, html=PAGE)
    yield page
    page.context.close()


class Says:
    """A finder that gives these points, whatever is asked."""

    def __init__(self, *points):
        self.points = points

    def point(self, image, query):
        size = (image.shape[1], image.shape[0])
        state = "points" if self.points else "none"
        return Points(self.points, size, query, state=state)


def pointer(page, **policy):
    return BrowserPointer(page, Truth(page, 1.0), policy=Policy(**{**FREE, **policy}))


def test_a_dry_run_is_the_default(page):
    outcome = BrowserPointer(page, Truth(page, 1.0)).click("save")
    assert outcome.status == "dry run"
    assert str(outcome.element) == 'button "Save"'
    assert outcome.action.place == pytest.approx((95, 35))
    assert outcome.draw().shape[1] == 720
    assert events(page) == []


@pytest.mark.parametrize(
    ("case", "policy", "words"),
    [
        ("save", {"region": Box(0, 60, 700, 400)}, "outside the region"),
        ("save", {"origins": ("https://example.org",)}, "origin is unknown"),
        ("delete", {}, '"delete" in "delete"'),
        ("icon", {}, '"remove" in "Remove from cart"'),
        ("icon", {"ask": lambda sentence: False}, "The answer is no"),
    ],
)
def test_what_is_refused_leaves_no_event(page, case, policy, words):
    outcome = pointer(page, **policy).click(case)
    assert outcome.status == "refused"
    assert words in outcome.reason
    assert events(page) == []


def test_a_person_who_says_yes(page):
    asked = []
    outcome = pointer(page, ask=lambda sentence: asked.append(sentence) or True).click("icon")
    assert outcome.done
    assert asked == ['"remove" in "Remove from cart" asks for a person: click, on button '
                     '"Remove from cart"?']  # fmt: skip
    assert ("click", "icon") in events(page)


def test_too_many_in_a_minute(page):
    slow = pointer(page, per_minute=1)
    assert slow.click("save").done
    outcome = slow.click("save")
    assert "1 action in a minute is the limit" in outcome.reason
    assert [kind for kind, _ in events(page)].count("click") == 1


def test_low_confidence_shows_candidates(page):
    finder = Says(Point(95, 35, confidence=0.1), Point(95, 95, confidence=0.05))
    outcome = BrowserPointer(page, finder, policy=Policy(**FREE)).click("thing")
    assert outcome.status == "refused"
    assert "below 0.20" in outcome.reason
    assert [target.element.name for target in outcome.aim.candidates] == ["Save", "Delete all"]
    assert events(page) == []


def test_one_of_several_is_chosen_by_its_number(page):
    finder = Says(Point(95, 155, confidence=0.8), Point(95, 35, confidence=0.75))
    chooser = BrowserPointer(page, finder, policy=Policy(**FREE))
    unclear = chooser.click("thing")
    assert "2 places fit" in unclear.reason
    assert chooser.click("thing", number=2).done
    assert ("click", "save") in events(page)
    with pytest.raises(QueryError, match="2 candidates, there is no 3"):
        chooser.click("thing", number=3)
    unclear = chooser.click("thing")
    page.evaluate("document.querySelector('[data-case=save]').style.top = '30px'")
    assert chooser.question("click", "thing", number=2) is None
    for _ in range(2):
        assert "changed since the candidates" in chooser.click("thing", number=2).reason


def test_nothing_found(page):
    outcome = BrowserPointer(page, Says(), policy=Policy(**FREE)).click("thing")
    assert outcome.reason == 'Nothing was found for "thing".'


def test_a_page_that_changes_between_look_and_click_is_looked_at_again(page):
    class Moves(Truth):
        def point(self, image, query):
            found = super().point(image, query)
            if len(self.asked) == 1:
                page.evaluate("document.querySelector('[data-case=save]').style.top = '300px'")
            return found

    truth = Moves(page, 1.0)
    outcome = BrowserPointer(page, truth, policy=Policy(**FREE)).click("save")
    assert outcome.done
    assert len(truth.asked) >= 2
    assert outcome.action.place[1] == pytest.approx(315)
    assert ("click", "save") in events(page)


@pytest.mark.parametrize(
    "change",
    [
        "document.querySelector('[data-case=save]').style.top = (Math.random() * 250 + 200) + 'px'",
        "document.querySelector('[data-case=save]').textContent += 'd'",
        "scrollBy(0, 40)",
        "document.body.insertAdjacentHTML('beforeend', "
        "'<div data-case=lid style=\"position:fixed;inset:0;background:#ccc\"></div>')",
    ],
    ids=["moves", "renamed", "scrolls", "covered"],
)
def test_a_page_that_never_rests_is_refused(page, change):
    page.evaluate("document.body.style.height = '3000px'")

    class Moves(Truth):
        def point(self, image, query):
            found = super().point(image, query)
            self.asked.append(query)
            return found

    class Restless(BrowserPointer):
        def _aim(self, look, where, number=None):
            aim = super()._aim(look, where, number)
            page.evaluate(change)
            return aim

    outcome = Restless(page, Moves(page, 1.0), policy=Policy(**FREE)).click("save")
    assert outcome.status == "refused"
    assert "changed between the look and the click" in outcome.reason
    assert events(page) == []


def test_an_element_that_moves_under_the_mouse_is_not_missed_unseen(page):
    """The last instant: what slides in as the mouse arrives gets no event."""
    page.evaluate("""() => document.addEventListener("mousemove", () => {
      document.querySelector("[data-case=save]").style.top = "200px";
      document.querySelector("[data-case=delete]").style.top = "20px";
    })""")
    page.evaluate("document.addEventListener('mouseup', () => top.events.push(['up', 'up', true]))")
    outcome = pointer(page).click("save")
    assert outcome.status == "refused"
    assert outcome.landed is False
    assert events(page) == []


@pytest.mark.parametrize(
    "shown",
    [
        '<button data-case=it title="Delete">&#128465;</button>',
        '<label>Total 5 <input data-case=it type=submit value="Pay now"></label>',
        '<input data-case=it type=submit aria-label="Continue" value="Place order">',
        '<button data-case=it aria-label="Next">Next<img alt="remove"></button>',
    ],
)
def test_risky_words_are_found_wherever_a_control_shows_them(browser, shown):
    page = new_page(browser, html=shown)
    outcome = pointer(page).click("it")
    assert outcome.status == "refused", outcome
    assert "asks for a person" in outcome.reason
    assert events(page) == []
    page.context.close()


def test_the_second_of_two_clicks_reaches_nothing_that_came_meanwhile(page):
    page.evaluate("""() => document.querySelector("[data-case=save]").onclick = () =>
      document.querySelector("[data-case=delete]").style =
        "position:fixed;inset:0;width:700px;height:500px"
    """)
    outcome = pointer(page).double_click("save")
    assert [case for _, case, *_ in events(page) if case == "delete"] == []
    assert outcome.status == "refused"


def test_nothing_happened_is_said(browser):
    page = new_page(browser, html='<div style="width:80px;height:40px;background:#abc">flat</div>')
    finder = Says(Point(40, 30, confidence=0.9))
    outcome = BrowserPointer(page, finder, policy=Policy(**FREE)).click("box")
    assert outcome.done
    assert outcome.signs == ()
    assert outcome.reason == "Nothing was seen to happen."
    page.context.close()


def test_the_log_keeps_pictures_and_no_secrets(browser, tmp_path):
    page = new_page(browser, html="<input type=password data-case=word aria-label=Word>")
    writer = BrowserPointer(page, Truth(page, 1.0), policy=Policy(**FREE), log=tmp_path / "log")
    assert writer.type_into("word", "hunter2").done
    assert page.input_value("input") == "hunter2"
    BrowserPointer(page, Truth(page, 1.0), log=tmp_path / "log").click("word")
    text = (tmp_path / "log" / "actions.jsonl").read_text()
    assert "hunter2" not in text
    first, second = map(json.loads, text.splitlines())
    assert (first["number"], first["status"], first["landed"]) == (1, "done", True)
    assert (second["number"], second["status"]) == (2, "dry run")
    assert first["aim"]["candidates"][0]["element"]["role"] == "textbox"
    assert "after" not in second
    names = {path.name for path in (tmp_path / "log").iterdir()}
    assert names == {"actions.jsonl", "0001-before.png", "0001-after.png", "0002-before.png"}
    page.context.close()


def test_text_goes_into_a_field_or_nowhere(page):
    outcome = pointer(page).type_into("save", "hello")
    assert outcome.status == "refused"
    assert events(page) == []
    with pytest.raises(QueryError, match="line breaks"):
        pointer(page).type_into("save", "hello\n")


@pytest.mark.parametrize(
    "field",
    [
        "<label for=w data-case=word>Password</label><input id=w type=password>",
        '<input data-case=word autocomplete="billing cc-number">',
    ],
)
def test_what_is_typed_by_a_label_or_into_a_card_number_is_a_secret(browser, tmp_path, field):
    page = new_page(browser, html=field)
    writer = BrowserPointer(page, Truth(page, 1.0), policy=Policy(**FREE), log=tmp_path)
    assert writer.type_into("word", "4111").done
    assert page.input_value("input") == "4111"
    assert "4111" not in (tmp_path / "actions.jsonl").read_text()
    page.context.close()


SITES = {
    "https://shop.example/": """<script>var origin = {}</script>
      <iframe srcdoc="<button data-case=inner style='height:40px'>Inner</button>"></iframe>
      <iframe src="https://shop.example/user" sandbox="allow-scripts"></iframe>
      <iframe src="https://evil.example/"></iframe><iframe src="https://evil.example/sealed"
        sandbox="allow-scripts"></iframe>""",
    "https://shop.example/user": """<script>var origin = "https://shop.example"</script>
      <button data-case=user style="height:40px">User</button>""",
    "https://evil.example/": """<script>var origin = "https://shop.example"</script>
      <button data-case=evil style="height:40px">Evil</button>""",
    "https://evil.example/sealed": "<button data-case=sealed style='height:40px'>Sealed</button>",
}


def test_a_page_cannot_give_itself_another_origin(browser):
    context = browser.new_context(viewport={"width": 720, "height": 540})
    context.route(
        "**/*", lambda route: route.fulfill(body=SITES[route.request.url], content_type="text/html")
    )
    page = context.new_page()
    page.goto("https://shop.example/")
    actor = BrowserPointer(
        page, Truth(page, 1.0), policy=Policy(**FREE, origins=("https://shop.example",))
    )
    assert actor.click("inner").done
    evil, sealed = actor.click("evil"), actor.click("sealed")
    assert evil.status == sealed.status == "refused"
    assert '"https://evil.example" is not among' in evil.reason
    assert "origin is unknown" in sealed.reason
    user = actor.click("user")  # of the same site, sealed, and says that it is not
    assert user.status == "refused"
    assert "origin is unknown" in user.reason
    context.close()


def test_an_action_in_which_the_screen_goes_away_is_logged(page, tmp_path):
    actor = BrowserPointer(page, Truth(page, 1.0), policy=Policy(**FREE), log=tmp_path)

    def perform(action, element):
        raise ConnectionError("gone")

    actor.surface.perform = perform
    with pytest.raises(ConnectionError):
        actor.click("save")
    [line] = map(json.loads, (tmp_path / "actions.jsonl").read_text().splitlines())
    assert line["reason"] == "The screen went away before anything was seen."


def test_a_page_that_is_closed_is_said(browser):
    page = new_page(browser, html=PAGE)
    actor = BrowserPointer(page, Truth(page, 1.0))
    page.context.close()
    with pytest.raises(DeviceError, match="cannot be looked at"):
        actor.click("save")
