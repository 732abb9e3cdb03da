"""What was seen, as ROS messages: a pure mapping, without node or topic."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point as PointMessage
from geometry_msgs.msg import PointStamped, Pose, PoseArray, Quaternion, Vector3
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import ColorRGBA, Header, Int32
from visualization_msgs.msg import ImageMarker, Marker, MarkerArray

from molmo_point import Point
from molmo_point_adapters.encodings import to_fields
from molmo_point_adapters.ros2.sighting import Sighting

__all__ = [
    "to_best",
    "to_count",
    "to_detections",
    "to_found_point",
    "to_image",
    "to_markers",
    "to_nanoseconds",
    "to_pixels",
    "to_poses",
    "to_sighting",
]

_MARKER_M = 0.03  # the diameter of a point's sphere, and ten times that of a ray
_RAY_M = 2.0
_LIFETIME = Duration(sec=2)  # a marker that is not renewed is out of date
_PIXEL_MARK = 6.0  # the diameter of a point on the image, pixels
_COLOUR = ColorRGBA(r=0.94, g=0.32, b=0.61, a=1.0)  # the pink of `draw_points`


def to_nanoseconds(stamp: Time) -> int:
    """A stamp as one number."""
    return int(stamp.sec) * 1_000_000_000 + int(stamp.nanosec)


def to_best(sighting: Sighting) -> PointStamped | None:
    """The surest point that has a place, metres; None if none has."""
    index = sighting.best_placed
    if index is None or sighting.space is None:
        return None
    return PointStamped(header=sighting.space_header, point=_xyz(sighting.space.xyz[index]))


def to_poses(sighting: Sighting) -> PoseArray:
    """All points that have a place, metres; nothing is known of their orientation."""
    poses = PoseArray(header=sighting.space_header)
    if sighting.space is not None:
        poses.poses = [
            Pose(position=_xyz(sighting.space.xyz[i]), orientation=Quaternion(w=1.0))
            for i in sighting.placed
        ]
    return poses


def to_pixels(sighting: Sighting) -> ImageMarker:
    """All points in pixels, origin at the corner of the top-left pixel; z is the confidence.

    A confidence that the model does not give is 0.
    """
    return ImageMarker(
        header=sighting.header,
        ns=sighting.points.query,
        type=ImageMarker.POINTS,
        action=ImageMarker.ADD,
        scale=_PIXEL_MARK,
        outline_color=_COLOUR,
        lifetime=_LIFETIME,
        points=[PointMessage(x=p.x, y=p.y, z=p.confidence or 0.0) for p in sighting.points],
    )


def to_count(sighting: Sighting) -> Int32:
    """How many points there are."""
    return Int32(data=len(sighting.points))


def to_markers(sighting: Sighting) -> MarkerArray:
    """For RViz and Foxglove: a sphere at each place, a line along each ray without depth, names."""
    clear = Marker(header=sighting.space_header, action=Marker.DELETEALL)
    markers = [clear]
    if sighting.space is not None:
        for index, known in enumerate(sighting.space.known):
            if known:
                markers += _sphere(sighting, index)
            elif np.isfinite(sighting.space.rays[index]).all():
                markers.append(_ray(sighting, index))
    return MarkerArray(markers=markers)


def to_image(header: Header, picture: NDArray[np.uint8]) -> Image:
    """[H, W, 3] uint8 RGB as a message."""
    values = to_fields(picture)
    data = array("B")  # rclpy takes over an array without looking at each byte
    data.frombytes(values.pop("data").data)
    return Image(header=header, **values, data=data)


def to_detections(sighting: Sighting, module: Any) -> Any:
    """The points as `Detection2DArray`: boxes without a size, in pixels, with label and confidence.

    Args:
        sighting: what was seen.
        module: `vision_msgs.msg`.
    """
    array_message = module.Detection2DArray(header=sighting.header)
    for point in sighting.points:
        hypothesis = module.ObjectHypothesisWithPose()
        hypothesis.hypothesis.class_id = point.label or sighting.points.query
        hypothesis.hypothesis.score = point.confidence or 0.0
        detection = module.Detection2D(header=sighting.header, results=[hypothesis])
        detection.bbox.center.position.x = point.x
        detection.bbox.center.position.y = point.y
        array_message.detections.append(detection)
    return array_message


def to_sighting(sighting: Sighting, module: Any) -> Any:
    """Everything in one `Sighting` of our own.

    Args:
        sighting: what was seen.
        module: `molmo_point_msgs.msg`.
    """
    width, height = sighting.points.image_size
    message = module.Sighting(
        header=sighting.space_header,
        image_frame_id=sighting.header.frame_id,
        width=width,
        height=height,
        query=sighting.points.query,
        state=sighting.points.state,
        truncated=sighting.points.truncated,
        points=[to_found_point(point, module) for point in sighting.points],
    )
    if sighting.space is not None:
        space = sighting.space
        message.origin = _xyz(space.origin)
        for point, xyz, sigma_m, ray in zip(
            message.points, space.xyz, space.sigma_m, space.rays, strict=True
        ):
            point.place, point.sigma_m = _xyz(xyz), float(sigma_m)
            point.ray.x, point.ray.y, point.ray.z = ray.tolist()
    return message


def to_found_point(point: Point, module: Any) -> Any:
    """One point of our own, in pixels; its place and ray are not known yet.

    Args:
        point: in pixels.
        module: `molmo_point_msgs.msg`.
    """
    return module.FoundPoint(
        x=float(point.x),
        y=float(point.y),
        label=point.label,
        confidence=np.nan if point.confidence is None else float(point.confidence),
        place=PointMessage(x=np.nan, y=np.nan, z=np.nan),
        sigma_m=np.nan,
        ray=Vector3(x=np.nan, y=np.nan, z=np.nan),
    )


def _sphere(sighting: Sighting, index: int) -> list[Marker]:
    """A sphere as large as the point is uncertain (two standard deviations), and its words."""
    assert sighting.space is not None
    place = sighting.space.xyz[index]
    size = max(_MARKER_M, 4 * float(sighting.space.sigma_m[index]))
    sphere = _marker(sighting, index, Marker.SPHERE, "points")
    sphere.pose.position = _xyz(place)
    sphere.scale = Vector3(x=size, y=size, z=size)
    text = _marker(sighting, index, Marker.TEXT_VIEW_FACING, "names")
    text.pose.position = _xyz(place)
    text.scale.z = _MARKER_M
    text.text = sighting.points[index].label or sighting.points.query
    return [sphere, text]


def _ray(sighting: Sighting, index: int) -> Marker:
    assert sighting.space is not None
    start = sighting.space.origin
    line = _marker(sighting, index, Marker.LINE_LIST, "rays")
    line.scale.x = _MARKER_M / 10
    line.points = [_xyz(start), _xyz(start + _RAY_M * sighting.space.rays[index])]
    return line


def _marker(sighting: Sighting, index: int, kind: int, namespace: str) -> Marker:
    marker = Marker(
        header=sighting.space_header,
        ns=namespace,
        id=index,
        type=kind,
        action=Marker.ADD,
        color=_COLOUR,
        lifetime=_LIFETIME,
    )
    marker.pose.orientation.w = 1.0
    return marker


def _xyz(place: NDArray[np.float64]) -> PointMessage:
    x, y, z = place.tolist()
    return PointMessage(x=x, y=y, z=z)
