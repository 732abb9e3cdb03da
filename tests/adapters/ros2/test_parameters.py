"""Parameters say what they mean, refuse what cannot be, and change a node that runs."""

import time

import pytest
from lifecycle_msgs.msg import Transition

from tests.adapters.ros2.graph import stamp_of, wait_for

NAMES = ("query", "model", "device", "dtype", "transport", "reliable", "rectified", "rate",
         "confidence", "frame", "sync_tolerance", "patience", "autostart")  # fmt: skip


def test_each_is_described_and_numbers_have_a_range(tiny, listener):
    descriptions = listener.describe("tiny", *NAMES)
    assert [d.name for d in descriptions] == list(NAMES)
    assert all(d.description.endswith(".") for d in descriptions)
    ranges = {d.name: d.floating_point_range for d in descriptions if d.floating_point_range}
    assert set(ranges) == {"rate", "confidence", "sync_tolerance", "patience"}
    assert (ranges["confidence"][0].from_value, ranges["confidence"][0].to_value) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rate": -1.0}, "range"),
        ({"confidence": 1.5}, "range"),
        ({"query": 3.0}, "type"),
        ({"query": "two\nlines"}, "A query is one line"),
        ({"query": "x" * 1001}, "at most 1000 characters"),
        ({"model": "another"}, '"model" is fixed'),
        ({"frame": "map"}, "need tf2_ros"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(tiny, listener, change, said):
    [reason] = listener.set("tiny", **change)
    assert said in reason


def test_the_newest_image_wins_and_the_others_are_counted(tiny, camera, listener):
    listener.set("tiny", query="slow")  # 0.3 s an image
    before = listener.counts("tiny")
    heard = len(listener.heard["tiny", "pixels"])
    began = time.monotonic()
    camera.stream(count=40, rate=20.0)()
    last = camera.shoot_until(lambda stamp: listener.at("tiny", "pixels", stamp))
    most = (time.monotonic() - began) / 0.3 + 2
    after = listener.counts("tiny")
    listener.set("tiny", query="")
    answered = listener.heard["tiny", "pixels"][heard:]
    assert len(answered) <= most
    assert answered[-1] is last
    stamps = [stamp_of(message) for message in answered]
    assert stamps == sorted(set(stamps))
    grown = {key: after[key] - before.get(key, 0) for key in ("images", "answered", "dropped")}
    assert grown["answered"] == len(answered)
    assert grown["images"] == grown["answered"] + grown["dropped"] >= 20


def test_the_rate_is_kept(tiny, camera, listener):
    listener.set("tiny", query="red", rate=4.0)
    try:
        heard = len(listener.heard["tiny", "pixels"])
        began = time.monotonic()
        camera.stream(count=40, rate=20.0)()
        most = 4.0 * (time.monotonic() - began) + 2
        assert 2 <= len(listener.heard["tiny", "pixels"]) - heard <= most
    finally:
        listener.set("tiny", rate=0.0)


def test_a_higher_rate_holds_from_the_next_image_on(tiny, camera, listener):
    listener.set("tiny", query="red", rate=0.05)
    try:
        for change in (Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_ACTIVATE):
            assert listener.change("tiny", change)  # no image has been looked at since
        camera.shoot_until(lambda stamp: listener.at("tiny", "pixels", stamp))
    finally:
        listener.set("tiny", rate=0.0)
    began = time.monotonic()
    camera.shoot_until(lambda stamp: listener.at("tiny", "pixels", stamp))
    assert time.monotonic() - began < 10


def test_what_is_believed_in_too_little_is_left_out(tiny, camera, listener):
    def seen(stamp):
        return listener.at("tiny", "pixels", stamp)

    listener.set("tiny", query="red", confidence=0.5)
    try:
        assert [point.z for point in camera.shoot_until(seen).points] == [0.75]
        count = wait_for(lambda: listener.heard["tiny", "count"])[-1]
        assert count.data == 1
    finally:
        listener.set("tiny", confidence=0.0)
    assert len(camera.shoot_until(seen).points) == 2


def test_without_a_query_images_are_let_go(tiny, camera, listener):
    listener.set("tiny", query="")
    heard = len(listener.heard["tiny", "pixels"])
    dropped = listener.counts("tiny")["dropped"]
    camera.stream(count=10, rate=50.0)()
    assert listener.counts("tiny")["dropped"] == dropped
    assert len(listener.heard["tiny", "pixels"]) == heard
