"""Points in the tf frame that was asked for, where tf2 is: it comes with a ROS install."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rclpy.duration import Duration
from rclpy.node import Node

from molmo_point.errors import MolmoPointError
from molmo_point_adapters.ros2.sighting import Sighting

__all__ = ["TargetFrame", "TransformError", "move", "require_tf2", "rotation_matrix"]


_KEPT_S = 150  # longer than a server may take for an answer


class TransformError(MolmoPointError):
    """A tf frame that cannot be reached."""


class TargetFrame:
    """Listens to tf, and moves what was seen into another frame.

    Args:
        node: whose tf topics are heard.
        frame_id: the frame to move into.

    Raises:
        TransformError: tf2 is not installed.
    """

    def __init__(self, node: Node, frame_id: str) -> None:
        self.frame_id = frame_id
        self._tf2 = require_tf2(frame_id)
        self._buffer = self._tf2.Buffer(cache_time=Duration(seconds=_KEPT_S), node=node)
        self._listener = self._tf2.TransformListener(self._buffer, node)

    def place(self, sighting: Sighting, timeout_s: float) -> Sighting:
        """The same points, in metres of the frame, at the time of their image.

        Raises:
            TransformError: tf does not lead there at that time.
        """
        from rclpy.time import Time

        if sighting.space is None or sighting.frame_id == self.frame_id:
            return sighting
        stamp = Time.from_msg(sighting.header.stamp)
        try:
            found = self._buffer.lookup_transform(
                self.frame_id, sighting.frame_id, stamp, Duration(seconds=timeout_s)
            ).transform
        except self._tf2.TransformException as error:
            raise TransformError(
                f'tf does not lead from "{sighting.frame_id}" to "{self.frame_id}": {error}'
            ) from error
        turn, shift = found.rotation, found.translation
        rotation = rotation_matrix([turn.x, turn.y, turn.z, turn.w])
        return move(sighting, rotation, [shift.x, shift.y, shift.z], self.frame_id)

    def close(self) -> None:
        """Stop listening."""
        self._listener.unregister()


def require_tf2(frame_id: str) -> Any:
    """The module tf2_ros.

    Raises:
        TransformError: it is not installed.
    """
    if find_spec("tf2_ros") is None:
        raise TransformError(
            f'Points in the frame "{frame_id}" need tf2_ros, which has no wheel: install it with '
            'ROS ("apt install ros-$ROS_DISTRO-tf2-ros"), or leave "frame" empty.'
        )
    return import_module("tf2_ros")


def rotation_matrix(quaternion: ArrayLike) -> NDArray[np.float64]:
    """[3, 3] of a quaternion (x, y, z, w), which need not be of length 1.

    Raises:
        TransformError: the quaternion is zero or not finite.
    """
    values = np.asarray(quaternion, np.float64)
    length = float(np.linalg.norm(values))
    if not np.isfinite(length) or length == 0:
        raise TransformError(f"A rotation is a quaternion that is not zero, got {values.tolist()}.")
    x, y, z, w = values / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def move(
    sighting: Sighting, rotation: NDArray[np.float64], translation: ArrayLike, frame_id: str
) -> Sighting:
    """Points, rays and their origin under `rotation @ p + translation`, in the frame named.

    `sigma_m` stays the uncertainty along the camera's z.
    """
    space = sighting.space
    if space is None:
        return sighting
    shift = np.asarray(translation, np.float64)
    moved = replace(
        space,
        xyz=space.xyz @ rotation.T + shift,
        rays=space.rays @ rotation.T,
        origin=rotation @ space.origin + shift,
    )
    return replace(sighting, space=moved, frame_id=frame_id)
