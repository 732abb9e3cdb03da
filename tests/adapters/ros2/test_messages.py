"""Points as messages, and under a change of frame; no node is needed."""

import json
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from builtin_interfaces.msg import Time
from geometry_msgs.msg import PoseWithCovariance
from hypothesis import given
from hypothesis import strategies as st
from std_msgs.msg import Header

from molmo_point import Point, Points
from molmo_point_adapters.depth import Deprojected
from molmo_point_adapters.encodings import decode_image
from molmo_point_adapters.ros2 import messages
from molmo_point_adapters.ros2.sighting import Sighting, keep_confident
from molmo_point_adapters.ros2.target_frame import (
    TransformError,
    move,
    require_tf2,
    rotation_matrix,
)

HEADER = Header(stamp=Time(sec=7, nanosec=5), frame_id="camera_optical")
POINTS = Points(
    (Point(10.5, 20.5, "cup", 0.9), Point(30.0, 40.0), Point(50.0, 60.0, "mug", 0.4)),
    (64, 64),
    "cups",
    state="points",
)
NAN = np.nan


def sighting(space=True):
    if not space:
        return Sighting(POINTS, HEADER, None, "camera_optical")
    place = Deprojected(
        xyz=np.array([[NAN, NAN, NAN], [0.1, 0.2, 1.0], [0.3, 0.4, 2.0]]),
        sigma_m=np.array([NAN, 0.001, 0.02]),
        rays=np.array([[0.0, 0.6, 0.8], [0.0, 0.0, 1.0], [NAN, NAN, NAN]]),
        origin=np.zeros(3),
    )
    return Sighting(POINTS, HEADER, place, "camera_optical")


def test_the_best_is_the_surest_that_has_a_place():
    best = messages.to_best(sighting())
    assert (best.point.x, best.point.y, best.point.z) == (0.3, 0.4, 2.0)
    assert best.header == HEADER
    assert messages.to_best(sighting(space=False)) is None


def test_poses_are_the_places():
    poses = messages.to_poses(sighting())
    assert [pose.position.z for pose in poses.poses] == [1.0, 2.0]
    assert {pose.orientation.w for pose in poses.poses} == {1.0}
    assert messages.to_poses(sighting(space=False)).poses == []


def test_pixels_hold_the_confidence():
    marker = messages.to_pixels(sighting(space=False))
    assert [(p.x, p.y, p.z) for p in marker.points] == [
        (10.5, 20.5, 0.9),
        (30.0, 40.0, 0.0),
        (50.0, 60.0, 0.4),
    ]
    assert (marker.ns, marker.header) == ("cups", HEADER)


def test_markers_are_spheres_names_and_rays():
    clear, ray, *rest = messages.to_markers(sighting()).markers
    assert clear.action == clear.DELETEALL
    assert (ray.ns, ray.id) == ("rays", 0)
    assert [(marker.ns, marker.id) for marker in rest] == [
        ("points", 1),
        ("names", 1),
        ("points", 2),
        ("names", 2),
    ]
    assert [rest[0].scale.x, rest[2].scale.x] == pytest.approx([0.03, 0.08])
    assert [rest[1].text, rest[3].text] == ["cups", "mug"]


def test_a_picture_comes_back_as_it_was():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    message = messages.to_image(HEADER, picture)
    assert (decode_image(message) == picture).all()
    assert message.header == HEADER


def record(**shape):
    """A message type with these fields alone, each of its type, as rclpy's are."""

    class Record:
        def __init__(self, **values):
            for name, value in ({n: make() for n, make in shape.items()} | values).items():
                setattr(self, name, value)

        def __setattr__(self, name, value):
            assert isinstance(value, shape[name]), (name, value)
            super().__setattr__(name, value)

    return Record


def test_detections_are_those_of_vision_msgs_4():
    # vision_msgs has no wheel: its fields by Detection2DArray.msg and those that it names
    place = record(x=float, y=float)
    box = record(center=record(position=place, theta=float), size_x=float, size_y=float)
    module = SimpleNamespace(
        Detection2DArray=record(header=Header, detections=list),
        Detection2D=record(header=Header, results=list, bbox=box, id=str),
        ObjectHypothesisWithPose=record(
            hypothesis=record(class_id=str, score=float), pose=PoseWithCovariance
        ),
    )
    found = messages.to_detections(sighting(), module)
    assert found.header == HEADER
    assert [
        (d.bbox.center.position.x, d.results[0].hypothesis.class_id, d.results[0].hypothesis.score)
        for d in found.detections
    ] == [(10.5, "cup", 0.9), (30.0, "cups", 0.0), (50.0, "mug", 0.4)]


def test_json_has_null_for_what_is_unknown():
    data = json.loads(sighting().to_json())
    assert data["stamp"] == {"sec": 7, "nanosec": 5}
    assert [point["xyz"] for point in data["points"]] == [None, [0.1, 0.2, 1.0], [0.3, 0.4, 2.0]]
    assert [point["sigma_m"] for point in data["points"]] == [None, 0.001, 0.02]
    assert [point["ray"] for point in data["points"]] == [[0.0, 0.6, 0.8], [0.0, 0.0, 1.0], None]
    assert json.loads(sighting(space=False).to_json())["points"][0]["xyz"] is None


def test_points_without_a_confidence_are_kept():
    assert [point.x for point in keep_confident(POINTS, 0.5)] == [10.5, 30.0]
    assert keep_confident(POINTS, 0.0) is POINTS
    none = keep_confident(Points.from_xy([[1.0, 1.0]], (9, 9), query="cups"), 1.0)
    assert len(none) == 1


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.floats(0.1, 5))
def test_a_quaternion_turns_as_its_rotation_vector(vector, length):
    angle = float(np.linalg.norm(vector))
    axis = np.divide(vector, angle) if angle else np.array([1.0, 0, 0])
    quaternion = length * np.array([*(axis * np.sin(angle / 2)), np.cos(angle / 2)])
    np.testing.assert_allclose(
        rotation_matrix(quaternion), cv2.Rodrigues(axis * angle)[0], atol=1e-9
    )


@pytest.mark.parametrize("quaternion", [[0, 0, 0, 0], [NAN, 0, 0, 1]])
def test_what_is_no_rotation(quaternion):
    with pytest.raises(TransformError, match="quaternion that is not zero"):
        rotation_matrix(quaternion)


def test_a_change_of_frame_moves_places_and_turns_rays():
    # a camera 1 m up that looks along x of its base (REP 103: x ahead, y left, z up)
    turn = rotation_matrix([-0.5, 0.5, -0.5, 0.5])
    moved = move(sighting(), turn, [0.0, 0.0, 1.0], "base_link")
    assert (moved.frame_id, moved.space_header.frame_id) == ("base_link", "base_link")
    np.testing.assert_allclose(moved.space.xyz[1:], [[1, -0.1, 0.8], [2, -0.3, 0.6]])
    np.testing.assert_allclose(moved.space.rays[0], [0.8, 0, -0.6])
    np.testing.assert_allclose(moved.space.origin, [0, 0, 1])
    assert moved.header == HEADER  # pixels stay in the image
    assert move(sighting(space=False), turn, [0, 0, 0], "base_link").space is None


def test_tf2_is_asked_for_in_a_sentence():
    with pytest.raises(TransformError, match='Points in the frame "map" need tf2_ros'):
        require_tf2("map")
