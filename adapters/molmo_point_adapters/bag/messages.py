"""Points as messages of ROS, written by `rosbags`: what RViz and Foxglove show without ROS here."""

from __future__ import annotations

import io
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from molmo_point import Points, draw_points, load_image
from molmo_point.errors import ImageError, require
from molmo_point_adapters.bag.records import Record
from molmo_point_adapters.depth import Deprojected
from molmo_point_adapters.encodings import decode_image

__all__ = ["CAMERA_INFO", "COMPRESSED", "IMAGE", "TYPES", "Messages", "PointsWriter"]

IMAGE, COMPRESSED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"

# Below the topic of the images, named as the node's: pixels in "pixels", metres in the first three.
TYPES = {
    "best": "geometry_msgs/msg/PointStamped",
    "poses": "geometry_msgs/msg/PoseArray",
    "markers": "visualization_msgs/msg/MarkerArray",
    "pixels": "visualization_msgs/msg/ImageMarker",
    "count": "std_msgs/msg/Int32",
    "annotated/compressed": "sensor_msgs/msg/CompressedImage",
}
# What rosbags lets through, besides its own error, when bytes are not those of a type.
_DAMAGE = (AssertionError, LookupError, MemoryError, TypeError, ValueError, struct.error)
_POINTS = 4  # ImageMarker.POINTS
_SPHERES, _ADD, _DELETE = 7, 0, 2  # Marker.SPHERE_LIST, ADD, DELETE
_SPHERE_M = 0.02  # diameter
_DIAMETER = 0.015  # of a drawn point, of the image's shorter side
_JPEG_QUALITY = 85


class Messages:
    """The message types of ROS 2; their layouts here are the same in every release since Humble."""

    def __init__(self) -> None:
        typesys = require("rosbags.typesys", "bag")
        self.store: Any = typesys.get_typestore(typesys.Stores.ROS2_HUMBLE)

    def read(self, data: bytes, msgtype: str) -> Any:
        """CDR to a message.

        Raises:
            ImageError: the bytes are not those of such a message.
        """
        failures = (*_DAMAGE, require("rosbags.serde", "bag").SerdeError)
        try:
            return self.store.deserialize_cdr(data, msgtype)
        except failures as error:
            raise ImageError(f"The message is damaged ({type(error).__name__}).") from error

    def picture(self, record: Record) -> tuple[Any, NDArray[np.uint8]]:
        """The header of a recorded image, and its pixels [H, W, 3] uint8 RGB.

        Raises:
            ImageError: it cannot be read.
        """
        message = self.read(record.data, record.msgtype)
        if record.msgtype == COMPRESSED:
            return message.header, load_image(bytes(message.data))
        return message.header, decode_image(message)

    def make(self, msgtype: str, **fields: Any) -> Any:
        """A message of these fields."""
        return self.store.types[msgtype](**fields)

    def of_points(
        self,
        points: Points,
        header: Any,
        *,
        image: NDArray[np.uint8] | None = None,
        space: Deprojected | None = None,
    ) -> dict[str, Any]:
        """What goes out for one image, by the names of `TYPES`.

        Args:
            points: what was found in it, pixels.
            header: the image's: its stamp and frame_id are kept.
            image: [H, W, 3] uint8 RGB to draw on; None to leave the drawing out.
            space: the same points in metres; None to leave what is in metres out.
        """
        messages = {
            "pixels": self._marker(points, header),
            "count": self.make(TYPES["count"], data=len(points)),
        }
        if space is not None:
            messages |= self._in_space(points, space, header)
        if image is not None:
            messages["annotated/compressed"] = self.make(
                TYPES["annotated/compressed"],
                header=header,
                format="jpeg",
                data=np.frombuffer(_jpeg(draw_points(image, points)), np.uint8),
            )
        return messages

    def _in_space(self, points: Points, space: Deprojected, header: Any) -> dict[str, Any]:
        """All that have a place, and the surest of them if there is one."""
        upright = self.make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0)
        placed = np.flatnonzero(space.known).tolist()
        places = {index: self._place(*space.xyz[index].tolist()) for index in placed}
        poses = [
            self.make("geometry_msgs/msg/Pose", position=place, orientation=upright)
            for place in places.values()
        ]
        spheres = self._spheres(list(places.values()), points.query, header)
        messages = {
            "poses": self.make(TYPES["poses"], header=header, poses=poses),
            "markers": self.make(TYPES["markers"], markers=[spheres]),
        }
        if placed:
            best = places[max(placed, key=lambda index: points[index].confidence or 0.0)]
            messages["best"] = self.make(TYPES["best"], header=header, point=best)
        return messages

    def _spheres(self, places: list[Any], query: str, header: Any) -> Any:
        """A sphere at each place, instead of those of the image before; gone if there is none."""
        nothing = np.zeros(0, np.uint8)
        make, size = self.make, _SPHERE_M
        return make(
            "visualization_msgs/msg/Marker",
            header=header,
            ns=query,
            id=0,
            type=_SPHERES,
            action=_ADD if places else _DELETE,
            pose=make(
                "geometry_msgs/msg/Pose",
                position=self._place(0.0, 0.0),
                orientation=make("geometry_msgs/msg/Quaternion", x=0.0, y=0.0, z=0.0, w=1.0),
            ),
            scale=make("geometry_msgs/msg/Vector3", x=size, y=size, z=size),
            color=make("std_msgs/msg/ColorRGBA", r=1.0, g=0.1, b=0.1, a=1.0),
            lifetime=make("builtin_interfaces/msg/Duration", sec=0, nanosec=0),
            frame_locked=False,
            points=places,
            colors=[],
            texture_resource="",
            texture=make(COMPRESSED, header=header, format="", data=nothing),
            uv_coordinates=[],
            text="",
            mesh_resource="",
            mesh_file=make("visualization_msgs/msg/MeshFile", filename="", data=nothing),
            mesh_use_embedded_materials=False,
        )

    def _place(self, x: float, y: float, z: float = 0.0) -> Any:
        return self.make("geometry_msgs/msg/Point", x=x, y=y, z=z)

    def _marker(self, points: Points, header: Any) -> Any:
        places = [self._place(point.x, point.y, point.confidence or 0.0) for point in points]
        red = self.make("std_msgs/msg/ColorRGBA", r=1.0, g=0.1, b=0.1, a=1.0)
        return self.make(
            TYPES["pixels"],
            header=header,
            ns=points.query,
            id=0,
            type=_POINTS,
            action=0,  # add, in place of the one before
            position=self._place(0.0, 0.0),
            scale=max(3.0, _DIAMETER * min(points.image_size)),
            outline_color=red,
            filled=1,
            fill_color=red,
            lifetime=self.make("builtin_interfaces/msg/Duration", sec=0, nanosec=0),
            points=places,
            outline_colors=[red] * len(places),
        )


class PointsWriter:
    """A new bag in a folder, MCAP inside.

    Args:
        folder: it must not be there yet.
        messages: the types.
        about: what is noted in the bag's metadata, such as the query.
    """

    def __init__(self, folder: Path, messages: Messages, about: Mapping[str, str]) -> None:
        rosbag2 = require("rosbags.rosbag2", "bag")
        plugin = rosbag2.StoragePlugin.MCAP
        self._writer: Any = rosbag2.Writer(folder, version=9, storage_plugin=plugin)
        for key, value in about.items():
            self._writer.set_custom_data(key, value)
        self._messages = messages
        self._connections: dict[str, Any] = {}

    def __enter__(self) -> PointsWriter:
        """Begin the bag."""
        self._writer.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        """Write its index and metadata, unless something went wrong."""
        self._writer.__exit__(*error)

    def write(self, image_topic: str, timestamp: int, messages: Mapping[str, Any]) -> None:
        """Write messages of `Messages.of_points` below the topic of their image.

        Args:
            image_topic: such as "/camera/image".
            timestamp: nanoseconds, when the image was recorded.
            messages: by the names of `TYPES`.
        """
        for name, message in messages.items():
            topic, msgtype = f"{image_topic}/molmo_point/{name}", TYPES[name]
            if topic not in self._connections:
                self._connections[topic] = self._writer.add_connection(
                    topic, msgtype, typestore=self._messages.store
                )
            data = self._messages.store.serialize_cdr(message, msgtype)
            self._writer.write(self._connections[topic], timestamp, data)


def _jpeg(image: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    target = io.BytesIO()
    Image.fromarray(image).save(target, "JPEG", quality=_JPEG_QUALITY)
    return target.getvalue()
