"""A real program on a real X server gets the click where it was asked for."""

import gc
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import pytest

from molmo_point import Points
from molmo_point.errors import DeviceError
from molmo_point_adapters.desktop.capture import Capture
from molmo_point_adapters.desktop.desktop_pointer import DesktopPointer
from molmo_point_adapters.desktop.desktop_surface import DesktopSurface
from molmo_point_adapters.desktop.xtest import XTestHand
from molmo_point_adapters.screen.policy import Policy
from molmo_point_adapters.screen.screen_map import Box
from molmo_point_adapters.screen.screen_pointer import ScreenPointer
from tests.adapters.displays import ColourFinder, open_display, run_program

FREE = Policy(act=True, min_interval=0.0)
MONITORS = ((0, 0, 800, 600), (800, 0, 640, 480))
RED, GREEN, BLUE, PINK = "#c81e1e", "#1e9632", "#2828c8", "#ff69b4"
WINDOWS = [
    {
        "title": "Left window",
        "geometry": "500x300+60+80",
        "buttons": [["small", RED, 33, 41, 9, 7], ["wide", GREEN, 120, 60, 200, 31],
                    ["field", PINK, 20, 150, 300, 30]],
    },
    {
        "title": "Right window",
        "geometry": "400x300+950+120",
        "buttons": [["far", BLUE, 210, 170, 51, 23]],
    },
]  # fmt: skip


@pytest.fixture(scope="module")
def display():
    with open_display(monitors=MONITORS):
        yield


@pytest.fixture
def program(hand):
    with run_program(WINDOWS) as running:
        yield running


def centre(window, button):
    """Of a button, as the program placed it: desktop pixels."""
    _, _, place = WINDOWS[window]["geometry"].partition("+")
    left, top = map(int, place.split("+"))
    _, _, x, y, width, height = WINDOWS[window]["buttons"][button]
    return left + x + width / 2, top + y + height / 2


@pytest.fixture
def pointer(display):
    """Makes pointers, which are closed at the end."""
    with ExitStack() as open_ones:
        yield lambda policy=FREE, **options: open_ones.enter_context(
            DesktopPointer(ColourFinder(), policy=policy, **options)
        )


@pytest.fixture
def hand(display):
    hand = XTestHand()
    hand.move((700, 550))
    yield hand
    hand.close()


@pytest.fixture
def capture(display):
    capture = Capture()
    yield capture
    capture.close()


def test_monitors_are_those_of_the_display(capture):
    assert [monitor.to_tuple() for monitor in capture.monitors] == list(MONITORS)
    assert capture.grab(Box(800, 0, 640, 480)).shape == (480, 640, 3)


@pytest.mark.parametrize(
    ("colour", "name", "window", "button"),
    [(RED, "small", 0, 0), (GREEN, "wide", 0, 1), (BLUE, "far", 1, 0)],
)
def test_the_click_is_where_it_was_asked_for(program, pointer, colour, name, window, button):
    outcome = pointer().click(colour)
    assert outcome.done, outcome
    assert outcome.element.role == "window"
    assert outcome.element.name == WINDOWS[window]["title"]
    press = program.wait_for("press", name)
    program.wait_for("command", name)
    x, y = centre(window, button)
    assert (press["x"], press["y"]) == (int(x), int(y))


def test_one_monitor_or_one_window_is_looked_at(program, pointer):
    second = pointer(monitor=2)
    assert second.look().image_size == (640, 480)
    assert "Nothing was found" in second.click(RED).reason
    assert second.click(BLUE).done
    program.wait_for("command", "far")
    inside = pointer(window="left WINDOW")
    assert inside.look().image_size == (500, 300)
    assert inside.click(GREEN).done
    program.wait_for("command", "wide")


@pytest.mark.parametrize(
    ("action", "kinds"),
    [
        ("double_click", ["press", "release", "command", "double", "release", "command"]),
        ("right_click", ["right"]),
        ("hover", []),
    ],
)
def test_other_buttons(program, pointer, action, kinds):
    assert getattr(pointer(), action)(GREEN).status == "done"
    if kinds:
        program.wait_for(kinds[0], "wide")
    pointer().click(RED)
    program.wait_for("command", "small")
    assert sorted(program.kinds("wide")) == sorted(kinds)


def test_text_of_any_alphabet(program, pointer):
    outcome = pointer().type_into(PINK, "Grüße, 東京 №1!")
    assert outcome.done, outcome
    end = [one for one in program.said if one["kind"] == "text"]
    for _ in range(100):
        if end and end[-1]["text"] == "Grüße, 東京 №1!":
            break
        pointer().look()
        end = [one for one in program.said if one["kind"] == "text"]
    assert end[-1]["text"] == "Grüße, 東京 №1!"


def test_of_several_things_one_is_dragged(program, pointer):
    class Two:
        def point(self, image, query):
            if query == RED:
                return ColourFinder().point(image, RED)
            found = [ColourFinder().point(image, colour)[0] for colour in (GREEN, PINK)]
            items = tuple(replace(point, confidence=0.8) for point in found)
            return Points(items, (image.shape[1], image.shape[0]), query)

    screen = pointer()
    screen._pointer = Two()
    assert screen.drag("a thing", RED).status == "refused"
    assert screen.drag("a thing", RED, number=1).done


def test_caps_lock_does_not_change_what_is_typed(program, pointer, hand):
    caps = hand._display.keysym_to_keycode(0xFFE5)
    hand._tap(caps, shifted=False)
    try:
        assert pointer().type_into(PINK, "abc 1").done
        assert hand._root.query_pointer().mask & 2  # it is on as before
    finally:
        hand._tap(caps, shifted=False)
    for _ in range(100):
        said = [one["text"] for one in program.said if one["kind"] == "text"]
        if said and said[-1] == "abc 1":
            break
        pointer().look()
    assert said[-1] == "abc 1"


def test_a_part_of_a_wayland_session_is_refused(display, monkeypatch):
    from Xlib.display import Display

    known = Display.has_extension
    monkeypatch.setattr(
        Display, "has_extension", lambda self, name: name == "XWAYLAND" or known(self, name)
    )
    with pytest.raises(DeviceError, match="Wayland session"):
        XTestHand()


def test_drag_goes_from_one_to_another(program, pointer):
    outcome = pointer().drag(GREEN, RED)
    assert outcome.done
    release = program.wait_for("release", "wide")
    x, y = centre(0, 0)
    assert (release["x"], release["y"]) == (int(x), int(y))


def test_a_picture_of_twice_the_size_leads_to_the_same_place(program, capture):
    """As macOS gives it: two pixels of the picture to one of the pointer's."""
    capture = Capture()
    surface = DesktopSurface(
        monitor=2, grab=lambda box: np.repeat(np.repeat(capture.grab(box), 2, 0), 2, 1)
    )
    with ScreenPointer(surface, ColourFinder(), policy=FREE) as twice:
        assert twice.look().image_size == (1280, 960)
        assert twice.click(BLUE).done
    press = program.wait_for("press", "far")
    assert (press["x"], press["y"]) == tuple(map(int, centre(1, 0)))


def test_a_dense_display_draws_larger_and_is_hit_all_the_same():
    with open_display(size=(1600, 1200), dpi=192):
        big = [{"title": "Big", "geometry": "700x500+800+600",
                "buttons": [["large", RED, 101, 201, 333, 77]]}]  # fmt: skip
        with run_program(big) as program:
            assert program.wait_for("ready")["scaling"] == pytest.approx(192 / 72, rel=0.02)
            with DesktopPointer(ColourFinder(), policy=FREE) as pointer:
                assert pointer.click(RED).done
            program.wait_for("command", "large")


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        (Policy(), "dry run"),
        (Policy(act=True, region=Box(0, 0, 50, 50)), "outside the region"),
        (Policy(act=True, risky_words=("left window",)), "asks for a person"),
    ],
)
def test_what_is_refused_moves_nothing(program, pointer, hand, policy, words):
    before = hand.at()
    outcome = pointer(policy).click(RED)
    assert words in outcome.reason
    assert hand.at() == before
    assert program.kinds("small") == []


def test_a_pointer_in_the_corner_stops_everything(program, pointer, hand):
    hand.move((0, 0))
    assert "top-left corner" in pointer().click(RED).reason
    assert program.kinds("small") == []


def test_a_window_that_comes_between_is_caught(program):
    cover = [{"title": "Cover", "geometry": "700x500+0+0", "buttons": []}]

    class Slow(ColourFinder):
        running = None

        def point(self, image, query):
            found = super().point(image, query)
            if self.running is None:
                self.running = run_program(cover)
                self.running.__enter__()
            return found

    finder = Slow()
    try:
        with DesktopPointer(finder, policy=FREE) as pointer:
            outcome = pointer.click(RED)
    finally:
        finder.running.__exit__(None, None, None)
    assert outcome.status == "refused"
    assert program.kinds("small") == []


def test_what_is_not_there_is_said(pointer, monkeypatch):
    with pytest.raises(DeviceError, match="no monitor 3: there are 2"):
        pointer(monitor=3)
    with pytest.raises(DeviceError, match='no window "Nowhere"'):
        pointer(window="Nowhere").look()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("WAYLAND_DISPLAY", "wayland-0")
    with pytest.raises(DeviceError, match="Wayland lets no program click"):
        pointer()


@pytest.mark.filterwarnings("ignore:Exception ignored in. <socket")  # python-xlib forgets them
def test_a_display_that_is_not_there(monkeypatch):
    monkeypatch.setenv("DISPLAY", ":4711")
    with pytest.raises(DeviceError, match="cannot be opened"):
        DesktopPointer(ColourFinder())
    gc.collect()
