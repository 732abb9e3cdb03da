"""Points in an image and its depth to points in space, each with its uncertainty.

The optical frame is that of REP 103: x right, y down, z forward, metres.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from molmo_point import Points
from molmo_point.errors import MolmoPointError, SizeMismatch
from molmo_point_adapters.camera_model import CameraModel

__all__ = ["Deprojected", "deproject", "measure_depth"]

Array = NDArray[np.float64]

_GAP_M, _GAP = 0.01, 0.03  # a step in depth that is larger, and by this share, is another surface
_KNOWN = 0.2  # of the pixels around a point; with fewer the point lies in a hole
_SURFACE = 0.25  # of the known pixels; less is noise, or what flies between two surfaces
_PLANE_PIXELS = 6
_FLAT = 1e-3  # pixels^4, where the least of six pixels that make a plane is above 10
_RESOLUTION_M = 0.001 / 12**0.5  # standard deviation of rounding to millimetres


@dataclass(frozen=True, slots=True, eq=False)
class Deprojected:
    """Where N points of an image are in the camera's optical frame.

    Attributes:
        xyz: [N, 3] metres; a row of NaN where no depth is known: there is the ray.
        sigma_m: [N] metres, one standard deviation of the depth along z; NaN where none is known.
        rays: [N, 3] unit vectors that lead to the points.
        origin: [3] metres, where the rays begin: zero, but for the second camera of a stereo pair.
    """

    xyz: Array
    sigma_m: Array
    rays: Array
    origin: Array

    @property
    def known(self) -> NDArray[np.bool_]:
        """[N] whether the point has a place, not a ray alone."""
        return np.asarray(np.isfinite(self.xyz).all(axis=1))


def deproject(
    points: Points,
    depth_m: NDArray[np.float32] | None,
    camera: CameraModel,
    *,
    radius_px: float = 3.0,
) -> Deprojected:
    """Place each point in space.

    Args:
        points: what was found in one image of the camera.
        depth_m: [H, W] metres along the optical axis, registered to that image; 0, negative, NaN
            and infinite mean unknown. None: there is no depth, and rays are all there is.
        camera: of that image.
        radius_px: how far around a point depth is read, pixels.

    Raises:
        SizeMismatch: image, depth and camera do not agree in size.
        MolmoPointError: the radius is not a positive number.
    """
    camera.require_size(points.image_size, "the points lie in one of")
    xy = points.xy()
    if depth_m is None:
        depth, sigma = np.full((2, len(xy)), np.nan)
    else:
        if depth_m.ndim != 2:
            raise SizeMismatch(f"A depth image is [H, W], got {list(depth_m.shape)}.")
        camera.require_size((depth_m.shape[1], depth_m.shape[0]), "the depth image is")
        depth, sigma = measure_depth(depth_m, xy, radius_px=radius_px)
    rays = camera.to_rays(xy)
    return Deprojected(camera.to_depth(rays, depth), sigma, rays, camera.origin)


def measure_depth(
    depth_m: NDArray[np.float32], xy: ArrayLike, *, radius_px: float = 3.0
) -> tuple[Array, Array]:
    """The depth of the nearest surface at each place, and how well it is known.

    Single pixels at edges are often holes, or fly between two surfaces. So the pixels around a
    place are split into surfaces where depth jumps, the nearest that is more than noise is taken,
    and a plane through it is read off at the place: 1 / z of a plane is linear in pixels.

    Args:
        depth_m: [H, W] metres; 0, negative, NaN and infinite mean unknown.
        xy: [N, 2] pixels, the origin at the corner of the top-left pixel.
        radius_px: pixels whose centres are within it are read, and the one that the place is in.

    Returns:
        Depth [N] and its standard deviation [N], metres; NaN where fewer than a fifth of the pixels
        around are known. The deviation is made of the spread about the plane, of the slope over
        half a pixel, and of rounding to millimetres.

    Raises:
        MolmoPointError: the radius is not a positive number.
    """
    if not 0 < radius_px < np.inf:
        raise MolmoPointError(f"A radius is a positive number of pixels, got {radius_px}.")
    places = np.asarray(xy, np.float64).reshape(-1, 2)
    found = np.full((2, len(places)), np.nan)
    for number, place in enumerate(places):
        offsets, depths = _around(depth_m, place, radius_px)
        known = np.isfinite(depths) & (depths > 0)
        if known.any() and known.mean() >= _KNOWN:
            offsets, depths = _nearest_surface(offsets[known], depths[known])
            found[:, number] = _read_plane(offsets, depths)
    return found[0], found[1]


def _around(depth_m: NDArray[np.float32], place: Array, radius_px: float) -> tuple[Array, Array]:
    """Offsets [M, 2] (pixels, from the place to pixel centres) and depths [M] within the radius."""
    height, width = depth_m.shape
    reach = radius_px + 1
    low = np.clip(np.floor(place - reach), 0, (width, height)).astype(int)
    high = np.clip(np.ceil(place + reach), 0, (width, height)).astype(int)
    rows, columns = np.mgrid[low[1] : high[1], low[0] : high[0]]
    offsets = np.column_stack([columns.ravel(), rows.ravel()]) + 0.5 - place
    own = (np.abs(offsets) <= 0.5).all(axis=1)
    near = own | (np.hypot(*offsets.T) <= radius_px)
    window = depth_m[low[1] : high[1], low[0] : high[0]].astype(np.float64).ravel()
    return offsets[near], window[near]


def _nearest_surface(offsets: Array, depths: Array) -> tuple[Array, Array]:
    order = np.argsort(depths)
    ordered = depths[order]
    steps = np.diff(ordered) > np.maximum(_GAP_M, _GAP * ordered[:-1])
    surfaces = np.split(order, np.flatnonzero(steps) + 1)
    enough = [surface for surface in surfaces if len(surface) >= _SURFACE * len(depths)]
    chosen = enough[0] if enough else max(surfaces, key=len)
    return offsets[chosen], depths[chosen]


def _read_plane(offsets: Array, depths: Array) -> tuple[float, float]:
    """Depth and standard deviation at offset zero; the median where no plane can be fitted."""
    columns = np.column_stack([np.ones(len(depths)), offsets])
    kept = np.ones(len(depths), bool)
    for _ in range(2):  # once more without what lies far off the first plane
        used = columns[kept]
        normal = used.T @ used
        if len(used) < _PLANE_PIXELS or np.linalg.det(normal) < _FLAT:  # too few, or on one line
            break
        inverse = np.linalg.inv(normal)
        plane = inverse @ (used.T @ (1 / depths[kept]))
        leverage = float(inverse[0, 0])
        if leverage > 1 or plane[0] <= 0:  # the place lies outside of what is known
            break
        off = 1 / depths - columns @ plane
        spread = _spread(off[kept])
        depth = 1 / float(plane[0])
        slope = depth**2 * float(np.hypot(*plane[1:]))  # metres a pixel
        noise = depth**2 * spread * (1 + leverage) ** 0.5
        fitted = depth, float(np.sqrt(noise**2 + (slope / 2) ** 2 + _RESOLUTION_M**2))
        kept = np.abs(off) <= 3 * spread + 1e-9
    else:
        return fitted
    middle = float(np.median(depths))
    reach = float(np.ptp(depths)) / 2
    return middle, float(np.hypot(reach, _RESOLUTION_M))


def _spread(values: Array) -> float:
    """Standard deviation from the median absolute deviation, which outliers hardly move."""
    return 1.4826 * float(np.median(np.abs(values - np.median(values))))
