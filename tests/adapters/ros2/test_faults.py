"""What cannot be used is counted and told, at most once a second, and never ends the node."""

import time

import pytest
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from molmo_point import Point, Points
from molmo_point_adapters.ros2.locator import Locator
from tests.adapters.ros2 import scene
from tests.adapters.ros2.graph import Process, wait_for

GARBAGE = ("short", "empty", "encoding", "sizes", "step", "zero")


@pytest.fixture(autouse=True)
def _red(tiny, listener):
    listener.set("tiny", query="red")


def shoot_until_seen(camera, listener, **shot):
    """What the node says of an image that the tiny pointer looks at."""

    def seen(stamp):
        found = [listener.at("tiny", topic, stamp) for topic in ("pixels", "poses", "markers")]
        return found if all(found) else None

    return camera.shoot_until(seen, **shot)


def count_faults(listener, kind):
    return listener.counts("tiny").get(f"faults: {kind}", 0)


def test_images_that_cannot_be_read(camera, listener):
    before = count_faults(listener, "image")
    for broken in GARBAGE:
        for _ in range(3):  # best effort: one may be lost, or give way to the next
            camera.shoot(broken=broken)
            time.sleep(0.05)
    wait_for(lambda: count_faults(listener, "image") >= before + len(GARBAGE), what="six faults")
    pixels, poses, _ = shoot_until_seen(camera, listener)
    assert len(pixels.points) == len(poses.poses) == 2


def test_depth_that_does_not_fit_leaves_rays(camera, listener):
    before = count_faults(listener, "depth")
    for depth in ("small", "rgb8", "frame"):
        pixels, poses, markers = shoot_until_seen(camera, listener, depth=depth)
        assert len(pixels.points) == 2
        assert poses.poses == []
        assert [marker.ns for marker in markers.markers] == ["", "rays", "rays"]
    assert count_faults(listener, "depth") >= before + 3


def test_a_camera_that_cannot_be_used_leaves_pixels(camera, listener):
    before = count_faults(listener, "camera_info")
    for info in ("zero", "unknown"):
        pixels, poses, markers = shoot_until_seen(camera, listener, info=info)
        assert len(pixels.points) == 2
        assert (poses.poses, len(markers.markers)) == ([], 1)
    assert count_faults(listener, "camera_info") >= before + 2


def test_depth_without_a_calibration_is_said():
    said = []
    locator = Locator(lambda kind, sentence: said.append((kind, sentence)))
    points = Points((Point(3, 4),), (64, 48), "red")
    for message in (None, Image()):
        if message is not None:
            locator.put_depth(message)
        locator.expect(Header())
        assert locator.locate(points, Header(), tolerance_s=0.01, rectified=False) is None
        assert bool(said) == (message is not None)  # a camera alone is no fault
    assert said[0][0] == "camera_info"
    assert "remap camera_info" in said[0][1]


def test_depth_without_values_is_no_fault_and_leaves_rays(camera, listener):
    before = count_faults(listener, "depth")
    _, poses, markers = shoot_until_seen(camera, listener, depth="nan")
    assert poses.poses == []
    assert [marker.ns for marker in markers.markers] == ["", "rays", "rays"]
    assert count_faults(listener, "depth") == before


def test_stamps_that_are_too_far_apart(camera, listener):
    before = count_faults(listener, "camera_info")
    _, poses, _ = shoot_until_seen(camera, listener, late_s=0.5)
    assert poses.poses == []
    assert count_faults(listener, "camera_info") > before
    _, poses, _ = shoot_until_seen(camera, listener, late_s=0.015)  # within the tolerance
    assert len(poses.poses) == 2


def test_a_flood_is_counted_and_logged_once_a_second(tiny, camera, listener):
    before = count_faults(listener, "image")
    logged = tiny.text.count("[WARN]")
    began = time.monotonic()
    camera.stream(count=60, rate=40.0, encoding="mono8", broken="encoding", depth=None)()
    wait_for(lambda: count_faults(listener, "image") >= before + 10, what="10 faults")
    wait_for(lambda: tiny.text.count("[WARN]") > logged, what="a warning")
    assert tiny.text.count("[WARN]") - logged <= time.monotonic() - began + 1
    reports = listener.diagnostics["tiny"][-5:]
    assert any(level == b"\x01" and "rgb9" in message for level, message, _ in reports)


def test_a_camera_that_stops_and_returns(camera, listener):
    listener.set("tiny", patience=0.3)
    try:
        wait_for(lambda: listener.status("tiny")[0] == b"\x02")
        assert listener.status("tiny")[1].startswith("no image for ")
        with camera.shooting():
            wait_for(lambda: listener.status("tiny")[0] == b"\x00")
            _, _, values = listener.status("tiny")
        assert float(values["rate"].split()[0]) > 0
    finally:
        listener.set("tiny", patience=5.0)


def test_a_fault_of_the_program_ends_it_loudly(camera, listener):
    command = ("-m", "tests.adapters.ros2.tiny_node")
    with Process(*command, name="faulty") as process, camera.shooting():
        wait_for(lambda: listener.is_active("faulty"), 60, process.text)
        listener.set("faulty", query="crash")
        assert process.end(20) == 1
    assert "RuntimeError: a fault of the program" in process.text


def test_the_tiny_pointer_sees_the_red_discs(camera, listener):
    pixels, _, _ = shoot_until_seen(camera, listener)
    _, which = scene.surface_at([(point.x, point.y) for point in pixels.points])
    assert sorted(which) == [0, 1]
