"""The topics that answers go out on; what costs time is made only for listeners."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from geometry_msgs.msg import PointStamped, PoseArray
from numpy.typing import NDArray
from rclpy.lifecycle import LifecycleNode, LifecyclePublisher
from sensor_msgs.msg import Image
from std_msgs.msg import Int32
from visualization_msgs.msg import ImageMarker, MarkerArray

from molmo_point import draw_points
from molmo_point_adapters.ros2 import messages
from molmo_point_adapters.ros2.interfaces import find_interfaces
from molmo_point_adapters.ros2.sighting import Sighting

__all__ = ["Outputs"]

_DEPTH = 10


class Outputs:
    """Publishers below the node's own name; silent while the node is not active.

    Args:
        node: publishes.
    """

    def __init__(self, node: LifecycleNode) -> None:
        self._node = node
        self._makers: list[tuple[LifecyclePublisher[Any], Callable[[Sighting], Any]]] = []
        self._add(PointStamped, "~/best", messages.to_best)
        self._add(PoseArray, "~/poses", messages.to_poses)
        self._add(ImageMarker, "~/pixels", messages.to_pixels)
        self._add(Int32, "~/count", messages.to_count)
        self._add(MarkerArray, "~/markers", messages.to_markers)
        if (vision := find_interfaces("vision_msgs", "msg")) is not None:
            make = partial(messages.to_detections, module=vision)
            self._add(vision.Detection2DArray, "~/detections", make)
        if (own := find_interfaces("molmo_point_msgs", "msg")) is not None:
            self._add(own.Sighting, "~/sighting", partial(messages.to_sighting, module=own))
        self._annotated = node.create_lifecycle_publisher(Image, "~/annotated", _DEPTH)

    def _add(self, kind: Any, name: str, make: Callable[[Sighting], Any]) -> None:
        publisher = self._node.create_lifecycle_publisher(kind, name, _DEPTH)
        self._makers.append((publisher, make))

    def publish(self, sighting: Sighting) -> None:
        """Send one answer."""
        for publisher, make in self._makers:
            if publisher.get_subscription_count() and (message := make(sighting)) is not None:
                publisher.publish(message)

    def publish_picture(self, sighting: Sighting, pixels: NDArray[np.uint8]) -> None:
        """Send the image [H, W, 3] with its points drawn, if somebody looks."""
        if self._annotated.get_subscription_count():
            drawn = draw_points(pixels, sighting.points, caption=False)
            self._annotated.publish(messages.to_image(sighting.header, drawn))

    def close(self) -> None:
        """Take the topics down."""
        for publisher in (*(publisher for publisher, _ in self._makers), self._annotated):
            self._node.destroy_lifecycle_publisher(publisher)
