"""From points in an image to places: with the depth and the camera that belong to its stamp."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CameraInfo, Image
from std_msgs.msg import Header

from molmo_point import Points
from molmo_point.errors import MolmoPointError
from molmo_point_adapters.camera_model import CameraModel
from molmo_point_adapters.depth import Deprojected, deproject
from molmo_point_adapters.encodings import decode_depth
from molmo_point_adapters.ros2.messages import to_nanoseconds
from molmo_point_adapters.ros2.nearest import Nearest

__all__ = ["Locator", "UnmatchedError"]


class UnmatchedError(MolmoPointError):
    """Depth or CameraInfo that belongs to no image."""


@dataclass(slots=True)
class Locator:
    """Holds what came on `depth` and `camera_info`, and deprojects with what fits.

    Attributes:
        fault: is told the kind and the sentence of what could not be used.
    """

    fault: Callable[[str, str], None]
    _depths: Nearest[Image] = field(default_factory=Nearest)
    _infos: Nearest[CameraInfo] = field(default_factory=Nearest)

    def put_depth(self, message: Image) -> None:
        """Take a depth image."""
        self._depths.put(to_nanoseconds(message.header.stamp), message)

    def put_camera_info(self, message: CameraInfo) -> None:
        """Take a calibration."""
        self._infos.put(to_nanoseconds(message.header.stamp), message)

    def expect(self, header: Header) -> None:
        """An image is being looked at: keep what belongs to it."""
        stamp = to_nanoseconds(header.stamp)
        self._depths.expect(stamp)
        self._infos.expect(stamp)

    def locate(
        self, points: Points, header: Header, *, tolerance_s: float, rectified: bool
    ) -> Deprojected | None:
        """Places of points in the expected image.

        Without usable depth they are rays; without a usable CameraInfo there is nothing, None. What
        came and cannot be used is told to `fault`.

        Args:
            points: of the image that `expect` named.
            header: of that image.
            tolerance_s: how far stamps may be apart.
            rectified: see `CameraModel.from_camera_info`.
        """
        try:
            info = _matched(self._infos, "CameraInfo", tolerance_s)
            if info is None:
                if self._depths.has_any:
                    self.fault(
                        "camera_info",
                        "Depth comes, but no CameraInfo, so there are no places: remap "
                        "camera_info to the topic beside the images.",
                    )
                return None
            camera = CameraModel.from_camera_info(info, rectified=rectified)
            camera.require_size(points.image_size, "its image is")
        except MolmoPointError as error:
            self.fault("camera_info", str(error))
            return None
        try:
            return deproject(points, self._read_depth(header, tolerance_s), camera)
        except MolmoPointError as error:
            self.fault("depth", str(error))
            return deproject(points, None, camera)

    def _read_depth(self, header: Header, tolerance_s: float) -> NDArray[np.float32] | None:
        message = _matched(self._depths, "depth", tolerance_s)
        if message is None:
            return None
        if message.header.frame_id != header.frame_id:
            raise UnmatchedError(
                f'Depth is in the frame "{message.header.frame_id}", its image in '
                f'"{header.frame_id}": give depth that is registered to the image.'
            )
        return decode_depth(message)


def _matched(nearest: Nearest[Image], name: str, tolerance_s: float) -> Image | None:
    """What belongs to the image; None if nothing of the kind has ever come."""
    message = nearest.get(tolerance_s)
    if message is None and nearest.has_any:
        raise UnmatchedError(
            f"No {name} lies within {tolerance_s:g} s of its image: check the stamps, or set "
            '"sync_tolerance".'
        )
    return message
