"""molmo_point_msgs: built, and spoken on the graph beside the standard interfaces."""

import json
import sys
from xml.etree import ElementTree

import numpy as np
import pytest
from action_msgs.msg import GoalStatus

from molmo_point import Point
from molmo_point_adapters.ros2 import messages
from tests.adapters.ros2 import scene
from tests.adapters.ros2.conftest import running
from tests.adapters.ros2.graph import ROOT, SPACE, wait_for
from tests.adapters.ros2.interface_build import build
from tests.adapters.ros2.test_messages import HEADER, sighting

PACKAGE = ROOT / "adapters" / "molmo_point_msgs"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """The folder that the package can be imported from."""
    folder = tmp_path_factory.mktemp("interfaces")
    build(PACKAGE, folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "path", [str(folder), *sys.path])
        patch.setenv("PYTHONPATH", str(folder))
        yield folder


@pytest.fixture(scope="module")
def speaker(own, listener, camera):
    """The node with the tiny pointer, where the package was built; it shows what is seen."""
    from molmo_point_msgs.msg import Sighting

    with running(listener, "-m", "tests.adapters.ros2.tiny_node", name="speaker") as process:
        listener.follow("speaker", sighting=Sighting)
        yield process


@pytest.fixture
def streaming(own, speaker, listener):
    """Asks by the action; the goal, and the list that feedback goes into."""
    from molmo_point_msgs.action import Stream

    def ask(**goal):
        return listener.sending("speaker/stream", Stream, Stream.Goal(**goal))

    return ask


def test_a_sighting_holds_everything(own):
    from molmo_point_msgs import msg

    seen = messages.to_sighting(sighting(), msg)
    assert (seen.header, seen.image_frame_id) == (HEADER, "camera_optical")
    assert (seen.query, seen.state, seen.width, seen.height) == (
        "cups",
        msg.Sighting.POINTS,
        64,
        64,
    )
    assert [(p.x, p.y, p.label) for p in seen.points] == [
        (10.5, 20.5, "cup"),
        (30.0, 40.0, ""),
        (50.0, 60.0, "mug"),
    ]
    np.testing.assert_equal([p.confidence for p in seen.points], [0.9, np.nan, 0.4])
    np.testing.assert_equal([p.place.z for p in seen.points], [np.nan, 1.0, 2.0])
    np.testing.assert_equal([p.sigma_m for p in seen.points], [np.nan, 0.001, 0.02])
    np.testing.assert_equal([p.ray.z for p in seen.points], [0.8, 1.0, np.nan])


def test_without_a_camera_there_are_pixels_alone(own):
    from molmo_point_msgs import msg

    for seen in messages.to_sighting(sighting(space=False), msg).points:
        assert np.isfinite([seen.x, seen.y]).all()
        assert np.isnan([seen.place.x, seen.sigma_m, seen.ray.z]).all()
    assert np.isnan(messages.to_found_point(Point(1, 2), msg).confidence)


def test_every_file_is_in_the_build_and_what_it_needs_is_named():
    recipe = (PACKAGE / "CMakeLists.txt").read_text("utf-8")
    files = [path.relative_to(PACKAGE) for path in PACKAGE.glob("*/*")]
    assert len(files) == 4
    assert all(f'"{path.as_posix()}"' in recipe for path in files)
    manifest = ElementTree.parse(PACKAGE / "package.xml").getroot()
    named = {element.text for element in manifest.iter("depend")}
    assert named == {"action_msgs", "geometry_msgs", "std_msgs"}
    node = ElementTree.parse(ROOT / "adapters/molmo_point_ros/package.xml").getroot()
    assert manifest.findtext("version") == node.findtext("version")


def test_the_service_answers_in_its_own_words(own, speaker, listener, camera):
    from molmo_point_msgs.srv import Point as PointService

    def ask(*queries):
        request = PointService.Request(queries=list(queries))
        return listener.call(PointService, "speaker/point", request).sightings

    with camera.shooting():
        red, blue = ask("red", "blue")
        [unasked] = ask()
        refused = ask(*["red"] * 33)
    assert [red.query, red.state, red.error] == ["red", "points", ""]
    places, which = scene.surface_at([(point.x, point.y) for point in red.points])
    assert sorted(which) == [0, 1]
    found = [[point.place.x, point.place.y, point.place.z] for point in red.points]
    np.testing.assert_allclose(found, places, atol=0.0055)
    assert red.image_frame_id == red.header.frame_id == "camera_optical"
    assert (blue.query, len(blue.points)) == ("blue", 0)
    assert 'got "blue"' in blue.error
    assert unasked.error  # the node points at nothing by itself
    assert [seen.error for seen in refused] == ["At most 32 questions a call, got 33."] * 33


def test_the_action_streams_points(streaming, camera):
    with streaming(query="red") as (goal, feedback), camera.shooting():
        done = goal.get_result_async()
        wait_for(done.done, what="the result")
    assert done.result().status == GoalStatus.STATUS_SUCCEEDED
    seen = done.result().result.sighting
    assert [len(message.points) for message in feedback] == [1, 2]
    assert [p.x for p in feedback[1].points] == [p.x for p in seen.points]
    assert np.isnan(feedback[1].points[0].place.z)
    assert np.isfinite(seen.points[0].place.z)


def test_the_action_ends_at_a_limit_and_when_called_off(streaming, camera):
    with streaming(query="red", limit=1) as (goal, feedback), camera.shooting():
        done = goal.get_result_async()
        wait_for(done.done, what="the result")
    assert len(done.result().result.sighting.points) == len(feedback) == 1
    with streaming(query="slow") as (goal, feedback), camera.shooting():
        wait_for(lambda: len(feedback) > 1, what="feedback")
        goal.cancel_goal_async()
        done = goal.get_result_async()
        wait_for(done.done, what="the result")
    assert done.result().status == GoalStatus.STATUS_CANCELED


def stream_once(streaming, camera, query):
    """What one goal comes to, and the feedback on the way."""
    with streaming(query=query) as (goal, feedback), camera.shooting():
        done = goal.get_result_async()
        wait_for(done.done, what="the result")
    return done.result().result.sighting, feedback


def test_the_action_passes_over_points_of_low_confidence(streaming, speaker, listener, camera):
    listener.set("speaker", confidence=0.5)  # of two, the first has 0.25
    try:
        seen, feedback = stream_once(streaming, camera, "red")
    finally:
        listener.set("speaker", confidence=0.0)
    assert [point.confidence for point in seen.points] == [0.75]
    assert seen.state == "points"
    assert [len(message.points) for message in feedback] == [1]


def test_an_answer_may_take_longer_than_images_are_waited_for(streaming, speaker, listener, camera):
    listener.set("speaker", patience=1.0)
    try:
        seen, _ = stream_once(streaming, camera, "red, at leisure")
    finally:
        listener.set("speaker", patience=5.0)
    assert len(seen.points) == 2


def test_the_action_says_what_was_no_answer(streaming, camera):
    seen, _ = stream_once(streaming, camera, "red?")
    assert (seen.state, seen.truncated) == ("unreadable", True)


def test_what_is_seen_is_published(speaker, listener, camera):
    listener.set("speaker", query="red")
    try:
        seen = camera.shoot_until(lambda stamp: listener.at("speaker", "sighting", stamp))
    finally:
        listener.set("speaker", query="")
    assert len(seen.points) == 2
    names = dict(listener.node.get_topic_names_and_types())
    assert names[f"{SPACE}/speaker/sighting"] == ["molmo_point_msgs/msg/Sighting"]


def test_the_standard_wording_is_still_there(speaker, listener, camera):
    with camera.shooting():
        [answer] = listener.ask("speaker", "red")
    assert answer["count"] == 2
    json.dumps(answer, allow_nan=False)
