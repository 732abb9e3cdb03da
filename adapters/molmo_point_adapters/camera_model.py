"""A calibrated camera: pixels to rays and points in its optical frame, and back.

Pixels are molmo-point's: the origin is the top-left corner of the top-left pixel. The numbers of a
CameraInfo put (0, 0) at that pixel's centre; they are shifted once, when they are read. The optical
frame is that of REP 103: x right, y down, z forward, metres.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from molmo_point.errors import SizeMismatch
from molmo_point.geometry import from_pixel_centres
from molmo_point_adapters.lens import CameraError, Lens, make_lens

__all__ = ["CameraError", "CameraInfoFields", "CameraModel"]

Array = NDArray[np.float64]


class _Region(Protocol):
    x_offset: int
    y_offset: int
    width: int
    height: int


class CameraInfoFields(Protocol):
    """The fields of a `sensor_msgs/CameraInfo` of ROS 2 that are used here."""

    width: int
    height: int
    distortion_model: str
    d: Sequence[float] | Array
    k: Sequence[float] | Array
    r: Sequence[float] | Array
    p: Sequence[float] | Array
    binning_x: int
    binning_y: int
    roi: _Region


@dataclass(frozen=True, slots=True, eq=False)
class CameraModel:
    """What is needed to go from a pixel of one image to a ray, and back.

    Attributes:
        image_size: (width, height) of the image that the camera delivers, pixels.
        matrix: [3, 3], from the plane of the lens to pixels of that image, origin at the corner.
        lens: what bends the rays, or None for a rectified image.
        rotation: [3, 3], from the camera's own axes to those of the optical frame.
        origin: [3] metres, where the camera's centre is in the optical frame: zero, but for the
            second camera of a stereo pair, whose points ROS gives in the frame of the first.
    """

    image_size: tuple[int, int]
    matrix: Array
    lens: Lens | None
    rotation: Array
    origin: Array

    @classmethod
    def from_camera_info(cls, info: CameraInfoFields, *, rectified: bool = False) -> CameraModel:
        """Read a CameraInfo (`sensor_msgs/CameraInfo.msg` says what its numbers mean).

        Binning is read as joining pixels, so that it scales distances from the image's corner.

        Args:
            info: rclpy's message, one out of a bag, or anything with its fields.
            rectified: the image has been rectified (topics named `image_rect`): its camera is P,
                without distortion. Otherwise it is K and D, and R leads into the optical frame.

        Raises:
            CameraError: the camera is not calibrated (K is zero), the distortion model is unknown,
                or the numbers cannot be those of a camera.
        """
        k, p = _matrix(info.k, (3, 3), "K"), _matrix(info.p, (3, 4), "P")
        if k[0, 0] == 0:
            raise CameraError(
                "The camera is not calibrated (K of its CameraInfo is zero): calibrate it, or set "
                "the calibration in its driver."
            )
        own = _intrinsics(p[:, :3], "P") if rectified or p.any() else None
        full = own if rectified and own is not None else _intrinsics(k, "K")
        origin = np.zeros(3)
        if own is not None:
            origin -= np.linalg.solve(own, p[:, 3])
        size, offset, binning = _window(info)
        matrix = full.copy()
        matrix[:2, 2] = (from_pixel_centres([full[:2, 2]])[0] - offset) / binning
        matrix[:2, :2] /= binning[:, None]
        if rectified:
            return cls(size, matrix, None, np.eye(3), origin)
        lens = make_lens(info.distortion_model, list(info.d))
        return cls(size, matrix, lens, _rotation(_matrix(info.r, (3, 3), "R")), origin)

    @classmethod
    def from_intrinsics(
        cls, fx: float, fy: float, cx: float, cy: float, image_size: tuple[int, int]
    ) -> CameraModel:
        """A pinhole without distortion.

        Args:
            fx: focal length over the width of a pixel.
            fy: focal length over the height of a pixel.
            cx: pixels from the centre of the left column to the optical axis, as OpenCV counts.
            cy: pixels from the centre of the top row to the optical axis.
            image_size: (width, height), pixels.

        Raises:
            CameraError: the numbers cannot be those of a camera.
        """
        matrix = _intrinsics(np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]], float), "K")
        matrix[:2, 2] = from_pixel_centres([matrix[:2, 2]])[0]
        return cls(image_size, matrix, None, np.eye(3), np.zeros(3))

    def require_size(self, image_size: tuple[int, int], what: str) -> None:
        """Refuse an image of another size than the camera's.

        Raises:
            SizeMismatch: the sizes differ; the sentence names both.
        """
        if tuple(image_size) != tuple(self.image_size):
            raise SizeMismatch(
                f"The camera's images are {_by(self.image_size)}, but {what} {_by(image_size)}: "
                "give the CameraInfo of that very image, and depth that is registered to it."
            )

    def to_rays(self, xy: ArrayLike) -> Array:
        """[N, 2] pixels -> [N, 3] unit vectors from `origin`, in the optical frame.

        A row is NaN where the lens model leads no ray to the pixel.
        """
        rays: Array = self._own_directions(xy) @ self.rotation.T
        return rays

    def to_points(self, xy: ArrayLike, depth_m: ArrayLike) -> Array:
        """Put pixels at their depth.

        Args:
            xy: [N, 2] pixels.
            depth_m: [N] metres along the camera's optical axis (not along the ray), as depth images
                hold them (REP 118); NaN where it is unknown.

        Returns:
            [N, 3] metres in the optical frame; NaN where depth or ray is unknown, or the ray does
            not lead ahead.
        """
        return self.to_depth(self.to_rays(xy), depth_m)

    def to_depth(self, rays: Array, depth_m: ArrayLike) -> Array:
        """Go along rays of this camera until a depth: `to_points` of rays that are known.

        Args:
            rays: [N, 3] of `to_rays`.
            depth_m: [N] as of `to_points`.
        """
        along = (rays @ self.rotation[:, 2])[:, None]  # metres of depth for each along the ray
        ahead = np.where(along > 0, along, np.nan)
        reach = np.asarray(depth_m, np.float64).reshape(-1, 1) / ahead
        points: Array = rays * reach + self.origin
        return points

    def to_pixels(self, xyz: ArrayLike) -> Array:
        """[N, 3] metres in the optical frame -> [N, 2] pixels, which may lie outside the image.

        A row is NaN for what the camera cannot see: behind it, or beyond what the lens model holds.
        """
        own = (np.asarray(xyz, np.float64).reshape(-1, 3) - self.origin) @ self.rotation
        if self.lens is None:
            plane = own[:, :2] / np.where(own[:, 2:] > 0, own[:, 2:], np.nan)
        else:
            plane = self.lens.to_plane(own)
        pixels: Array = plane @ self.matrix[:2, :2].T + self.matrix[:2, 2]
        return pixels

    def _own_directions(self, xy: ArrayLike) -> Array:
        """[N, 3] unit vectors in the camera's own axes, before the rotation of rectifying."""
        pixels = np.asarray(xy, np.float64).reshape(-1, 2)
        inverse = np.asarray(np.linalg.inv(self.matrix[:2, :2]), np.float64)
        plane = (pixels - self.matrix[:2, 2]) @ inverse.T
        if self.lens is not None:
            return self.lens.to_directions(plane)
        directions = np.column_stack([plane, np.ones(len(plane))])
        unit: Array = directions / np.linalg.norm(directions, axis=1, keepdims=True)
        return unit


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]}x{size[1]}"


def _window(info: CameraInfoFields) -> tuple[tuple[int, int], Array, Array]:
    """The delivered image: its size, its corner on the full image, and the binning."""
    binning = (info.binning_x or 1, info.binning_y or 1)
    roi, full = info.roi, (info.width, info.height)
    region = (roi.width or full[0] - roi.x_offset, roi.height or full[1] - roi.y_offset)
    size = (region[0] // binning[0], region[1] // binning[1])
    if min(size) <= 0 or roi.x_offset + region[0] > full[0] or roi.y_offset + region[1] > full[1]:
        raise CameraError(
            f"A CameraInfo cannot have an image of {_by(full)} pixels, of it a region of "
            f"{_by(region)} at ({roi.x_offset}, {roi.y_offset}), binned by {_by(binning)}."
        )
    return size, np.array([roi.x_offset, roi.y_offset], float), np.array(binning, float)


def _matrix(values: Sequence[float] | Array, shape: tuple[int, int], name: str) -> Array:
    numbers = np.asarray(values, np.float64)
    if numbers.size != shape[0] * shape[1] or not np.isfinite(numbers).all():
        raise CameraError(
            f"{name} of a CameraInfo has {shape[0] * shape[1]} finite numbers, got "
            f"{np.array2string(numbers.reshape(-1), threshold=12)}."
        )
    return numbers.reshape(shape)


def _intrinsics(matrix: Array, name: str) -> Array:
    if not (
        matrix[0, 0] > 0
        and matrix[1, 1] > 0
        and matrix[1, 0] == 0
        and np.array_equal(matrix[2], [0, 0, 1])
        and np.isfinite(matrix).all()
    ):
        raise CameraError(
            f"{name} is [[fx, s, cx], [0, fy, cy], [0, 0, 1]] with fx and fy above zero, got "
            f"{matrix.tolist()}."
        )
    return matrix


def _rotation(matrix: Array) -> Array:
    if not matrix.any():  # left out, as drivers of single cameras do
        return np.eye(3)
    if np.abs(matrix @ matrix.T - np.eye(3)).max() > 1e-3 or np.linalg.det(matrix) < 0:
        raise CameraError(f"R of a CameraInfo is a rotation, got {matrix.tolist()}.")
    return matrix
