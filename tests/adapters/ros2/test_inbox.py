"""One image waits, the newest; questions wait for the next one, each until its deadline."""

import math
import threading
import time

import pytest

from molmo_point_adapters.ros2.inbox import Ask, Inbox, NoAnswer


def now():
    return 0.0


def never():
    return math.inf


def soon():
    return time.monotonic() + 30


def test_the_newest_image_wins():
    inbox = Inbox()
    for image in "abc":
        inbox.put(image)
    assert inbox.take(now) == ("c", [])
    assert inbox.dropped == 2


def test_a_question_wants_an_image_that_comes_after_it():
    inbox = Inbox()
    inbox.put("before")
    ask = Ask("cups", soon())
    inbox.ask(ask)
    later = threading.Timer(0.05, inbox.put, ("after",))
    later.start()
    assert inbox.take(never) == ("after", [ask])
    later.join()


def test_an_image_waits_until_it_is_due():
    inbox = Inbox()
    inbox.put("a")
    due = time.monotonic() + 0.1
    assert inbox.take(lambda: due) == ("a", [])
    assert time.monotonic() >= due


@pytest.mark.parametrize("over", ["late", "cancelled"])
def test_a_question_that_is_over_comes_back_without_an_image(over):
    inbox = Inbox()
    late, cancelled = time.monotonic() + 0.1, over == "cancelled"
    ask = Ask("cups", soon() if cancelled else late, is_cancelled=lambda: cancelled)
    inbox.ask(ask)
    assert inbox.take(now) == (None, [ask])


def test_closing_hands_back_the_questions_then_ends():
    inbox = Inbox()
    ask = Ask("cups", soon())
    inbox.ask(ask)
    inbox.put("a")
    inbox.close()
    assert inbox.take(now) == (None, [ask])
    assert inbox.take(now) is None
    with pytest.raises(NoAnswer, match="not active"):
        inbox.ask(ask)


def test_closing_ends_a_wait():
    inbox = Inbox()
    later = threading.Timer(0.05, inbox.close)
    later.start()
    assert inbox.take(never) is None
    later.join()
