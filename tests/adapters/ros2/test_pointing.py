"""The embedded model on the graph: points in pixels and metres of what a camera sends."""

import cv2
import numpy as np
import pytest
from action_msgs.msg import GoalStatus
from sensor_msgs.msg import Image
from std_msgs.msg import String

from molmo_point.data.tabletop.scene import render_table
from tests.adapters.ros2 import scene
from tests.adapters.ros2.graph import SPACE, wait_for

TABLE = 0  # with two apples
ENCODINGS = {
    "rgb8": {"padding": 5},
    "bgr8": {},
    "rgba8": {},
    "bgra8": {"padding": 3},
    "mono8": {},
    "mono16": {"big": True},
    "yuv422": {},
    "yuv422_yuy2": {"padding": 8},
    "bayer_rggb8": {},
    "bayer_bggr8": {},
    "bayer_gbrg16": {"big": True},
    "bayer_grbg8": {},
}


@pytest.fixture
def look(pointer, camera, listener):
    """Sends images and gives the answers of the node with the embedded model."""

    def look_for(query, topics=("pixels",), **shot):
        assert listener.set("pointer", query=query) == [""]
        return camera.shoot_until(lambda stamp: all_at(listener, topics, stamp, query), **shot)

    yield look_for
    listener.set("pointer", query="")


def all_at(listener, topics, stamp, query):
    found = [listener.at("pointer", topic, stamp) for topic in topics]
    return found if all(found) and found[0].ns == query else None


def which_discs(marker):
    """The discs that the points of a message lie on, in their order."""
    xy = [(point.x, point.y) for point in marker.points]
    return sorted(scene.surface_at(xy)[1].tolist()) if xy else []


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_each_encoding_shows_the_same_things(look, encoding):
    [marker] = look("circles", encoding=encoding, **ENCODINGS[encoding])
    assert which_discs(marker) == [0, 1, 2]
    assert marker.header.frame_id == "camera_optical"
    assert all(0 < point.z <= 1 for point in marker.points)  # confidences


@pytest.mark.parametrize("depth", ["16UC1", "32FC1"])
def test_places_are_on_the_surface_within_5_mm(look, depth):
    pixels, poses, best, markers = look(
        "red circles", ("pixels", "poses", "best", "markers"), depth=depth
    )
    assert which_discs(pixels) == [0, 1]
    places, _ = scene.surface_at([(point.x, point.y) for point in pixels.points])
    found = np.array([[p.position.x, p.position.y, p.position.z] for p in poses.poses])
    errors = np.linalg.norm(found - places, axis=1)
    assert errors.max() < 0.005 + (0.0005 if depth == "16UC1" else 0)
    surest = int(np.argmax([point.z for point in pixels.points]))
    assert [best.point.x, best.point.y, best.point.z] == found[surest].tolist()
    assert {message.header.frame_id for message in (poses, best)} == {"camera_optical"}
    spheres = [marker for marker in markers.markers if marker.ns == "points"]
    assert [m.pose.position.z for m in spheres] == found[:, 2].tolist()


@pytest.mark.parametrize("depth", ["16UC1", "32FC1"])
def test_things_on_a_rendered_table_are_where_they_are(look, camera, depth):
    table = render_table(TABLE, "train")
    with camera.showing(table=TABLE):
        pixels, poses = look("apple", ("pixels", "poses"), depth=depth)
    assert len(poses.poses) == len(pixels.points) >= 1
    for point, pose in zip(pixels.points, poses.poses, strict=True):
        row, column = int(point.y), int(point.x)
        assert table.things[table.owner[row, column] - 1].name == "apple"
        # its surface there, between the middles of pixels
        around = table.depth[row - 1 : row + 2, column - 1 : column + 2]
        where = (np.array([[point.x - column, point.y - row]]) + 0.5).astype(np.float32)
        z = cv2.remap(around, where[None], None, cv2.INTER_LINEAR)[0, 0]
        x, y, _ = np.linalg.solve(table.intrinsics, [point.x, point.y, 1]) * z
        found = np.array([pose.position.x, pose.position.y, pose.position.z])
        assert np.linalg.norm(found - (x, y, z)) < 0.005 + (0.0005 if depth == "16UC1" else 0)
        height = (table.pose @ [*found, 1])[2]
        assert 0.01 < height < 0.12  # metres above the table


def test_an_annotated_picture_for_who_looks(look, listener):
    pictures = []
    topic = f"{SPACE}/pointer/annotated"
    subscription = listener.node.create_subscription(Image, topic, pictures.append, 10)
    try:
        look("red circles")
        picture = wait_for(lambda: pictures)[0]
    finally:
        listener.node.destroy_subscription(subscription)
    drawn = np.frombuffer(picture.data, np.uint8).reshape(picture.height, picture.width, 3)
    assert (picture.encoding, drawn.shape[1::-1]) == ("rgb8", scene.SIZE)
    assert (drawn != scene.draw()[0]).any(axis=2).mean() > 0.002


def test_without_depth_there_are_rays(look):
    pixels, markers = look("red circles", ("pixels", "markers"), depth="nan")
    rays = [marker for marker in markers.markers if marker.ns == "rays"]
    assert len(rays) == len(pixels.points) == 2
    truth = scene.rays_at([(point.x, point.y) for point in pixels.points])
    truth /= np.linalg.norm(truth, axis=1, keepdims=True)
    ends = np.array([[r.points[1].x, r.points[1].y, r.points[1].z] for r in rays])
    np.testing.assert_allclose(ends / 2.0, truth, atol=1e-6)


def test_the_query_changes_while_images_come(look, listener, camera):
    [marker] = look("red circles")
    assert which_discs(marker) == [0, 1]
    publisher = listener.node.create_publisher(String, f"{SPACE}/query", 1)
    wait_for(publisher.get_subscription_count)
    publisher.publish(String(data="blue circles"))
    [marker] = camera.shoot_until(lambda stamp: all_at(listener, ["pixels"], stamp, "blue circles"))
    listener.node.destroy_publisher(publisher)
    assert which_discs(marker) == [2]
    [marker] = look("stars")
    assert marker.points == []


def test_the_service_answers_several_questions_about_the_next_image(pointer, listener, camera):
    listener.set("pointer", query="")
    with camera.shooting():
        red, blue, wombat = listener.ask("pointer", "red circles", "blue circles", "wombats")
    assert (red["count"], blue["count"]) == (2, 1)
    assert 'does not know the word "wombats"' in wombat["error"]
    [place] = blue["points"]
    truth, which = scene.surface_at([(place["x"], place["y"])])
    assert which == [2]
    assert np.linalg.norm(np.array(place["xyz"]) - truth[0]) < 0.0055
    assert 0 < place["sigma_m"] < 0.01
    assert red["frame_id"] == red["image_frame_id"] == "camera_optical"
    assert red["stamp"]["sec"] > 0


def test_the_action_tells_each_point(look, listener, camera):
    look("red circles")
    with listener.finding("pointer", order=0) as (goal, feedback), camera.shooting():
        done = goal.get_result_async()
        wait_for(done.done)
    result = done.result()
    assert result.status == GoalStatus.STATUS_SUCCEEDED
    assert [len(message.sequence) for message in feedback] == [2, 4]
    assert list(feedback[-1].sequence) == list(result.result.sequence)
    xy = np.array(result.result.sequence).reshape(-1, 2) + 0.5
    assert sorted(scene.surface_at(xy)[1].tolist()) == [0, 1]


def test_an_unknown_word_is_told_and_the_node_goes_on(pointer, look, listener, camera):
    listener.set("pointer", query="wombats")
    said = "does not know the word"

    def is_told(stamp):
        level, message, _ = listener.diagnostics["pointer"][-1]
        return level == b"\x01" and said in message

    camera.shoot_until(is_told)
    assert said in pointer.text
    [marker] = look("blue circles")
    assert which_discs(marker) == [2]
