"""How a lens bends rays: directions to the distorted image plane, and back, for ROS's three models.

The plane is that of K: a pixel is `K @ (x, y, 1)`. Names of the models as in
`sensor_msgs/distortion_models.hpp`; formulas as in OpenCV's documentation of `calib3d` and of its
`fisheye` namespace, which ROS's calibration writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import MolmoPointError

__all__ = ["MODELS", "BrownConrady", "CameraError", "Equidistant", "Lens", "make_lens"]

Array = NDArray[np.float64]

MODELS = ("plumb_bob", "rational_polynomial", "equidistant")

_STEPS = 100  # of Newton's method, which needs 3-8 on real cameras; the rest is for odd ones
_PATH = np.linspace(0.0, 1.0, 33)[1:]  # where a lens is asked if it is still one to one


class CameraError(MolmoPointError, ValueError):
    """A calibration that is missing, impossible, or of an unknown kind."""


class Lens(Protocol):
    """A map between directions and the image plane that is one to one where the lens sees."""

    def to_plane(self, directions: Array) -> Array:
        """[N, 3] directions of any length -> [N, 2] on the plane; NaN where it does not see."""
        ...

    def to_directions(self, plane: Array) -> Array:
        """[N, 2] on the plane -> [N, 3] unit vectors; NaN where no direction leads there."""
        ...


def make_lens(model: str, coefficients: Sequence[float]) -> Lens:
    """The lens of a CameraInfo.

    Args:
        model: one of `MODELS`; "" with coefficients that are all zero is no distortion.
        coefficients: k1, k2, p1, p2[, k3[, k4, k5, k6[, s1, s2, s3, s4[, tx, ty]]]] of the first
            two, k1, k2, k3, k4 of the third, or none at all for no distortion.

    Raises:
        CameraError: the model is unknown, or the coefficients do not fit it.
    """
    values = tuple(float(value) for value in coefficients)
    if not np.isfinite(values).all():
        raise CameraError(f"Distortion coefficients are finite numbers, got {list(values)}.")
    if model == "equidistant":
        if len(values) not in (0, 4):
            raise CameraError(f'"equidistant" has 4 distortion coefficients, got {len(values)}.')
        return Equidistant(values or (0.0,) * 4)
    if model in MODELS or (not model and not any(values)):
        if len(values) not in (0, 4, 5, 8, 12, 14):
            raise CameraError(
                f'"{model}" has 4, 5, 8, 12 or 14 distortion coefficients, got {len(values)}.'
            )
        return BrownConrady(values + (0.0,) * (14 - len(values)))
    raise CameraError(
        f"The distortion model {model!r:.60} is not known: use {', '.join(MODELS)}, or give the "
        "rectified image."
    )


@dataclass(frozen=True, slots=True)
class BrownConrady:
    """Radial (polynomial or rational), tangential and thin-prism distortion, and a tilted sensor.

    Attributes:
        coefficients: k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4, tilt about x and y (radians).
    """

    coefficients: tuple[float, ...]

    def to_plane(self, directions: Array) -> Array:
        """See `Lens`; nothing behind the camera or beyond where the polynomial folds is seen."""
        ahead = directions[:, 2] > 0
        depth = np.where(ahead, directions[:, 2], np.nan)
        ideal = directions[:, :2] / depth[:, None]  # [N, 2]
        ideal[~self._one_to_one(ideal)] = np.nan
        return _apply(self._tilt(), self._bend(ideal)[0])

    def to_directions(self, plane: Array) -> Array:
        """See `Lens`; by Newton's method, to the last bits of a float64."""
        bent = _apply(np.asarray(np.linalg.inv(self._tilt()), np.float64), plane)
        sound, ideal = np.zeros_like(bent), bent  # the centre is always sound
        for _ in range(_STEPS):
            found, jacobian = self._bend(ideal)
            folded = ~(_determinant(jacobian) > 0)
            step = _solve(jacobian, bent - found)
            # No further than the point is from the centre: far out, a polynomial sends it anywhere.
            reach, length = np.hypot(*ideal.T) + np.hypot(*bent.T), np.hypot(*step.T)
            step *= np.minimum(1.0, 0.5 * reach / np.maximum(length, 1e-300))[:, None]
            step[folded] = (sound - ideal)[folded] / 2
            sound = np.where(folded[:, None], sound, ideal)
            ideal = ideal + step
            if not (folded | (length > 2e-16 * (1 + reach))).any():
                break
        left = np.hypot(*(self._bend(ideal)[0] - bent).T)
        ideal[~((left <= 1e-12 * (1 + np.hypot(*bent.T))) & self._one_to_one(ideal))] = np.nan
        return _unit(np.column_stack([ideal, np.ones(len(ideal))]))

    def _bend(self, ideal: Array) -> tuple[Array, Array]:
        """[N, 2] without distortion -> [N, 2] with it, before the tilt; and the Jacobian [N, 2, 2].

        The Jacobian is NaN where the rational part has passed a pole.
        """
        k1, k2, p1, p2, k3, k4, k5, k6, s1, s2, s3, s4, _, _ = self.coefficients
        x, y = ideal.T
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            r2 = x * x + y * y
            above = 1 + r2 * (k1 + r2 * (k2 + r2 * k3))
            below = 1 + r2 * (k4 + r2 * (k5 + r2 * k6))
            below = np.where(below > 0, below, np.nan)
            radial = above / below
            # d(radial) / d(r2), then by the chain rule d(r2) = 2x dx + 2y dy
            grows = (
                k1 + r2 * (2 * k2 + r2 * 3 * k3) - radial * (k4 + r2 * (2 * k5 + r2 * 3 * k6))
            ) / below
            bent = np.column_stack(
                [
                    x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x * x) + r2 * (s1 + s2 * r2),
                    y * radial + p1 * (r2 + 2 * y * y) + 2 * p2 * x * y + r2 * (s3 + s4 * r2),
                ]
            )
            prism_x, prism_y = s1 + 2 * s2 * r2, s3 + 2 * s4 * r2
            cross = 2 * x * y * grows + 2 * p1 * x + 2 * p2 * y
            jacobian = np.empty((len(x), 2, 2))
            jacobian[:, 0, 0] = (
                radial + 2 * x * x * grows + 2 * p1 * y + 6 * p2 * x + 2 * x * prism_x
            )
            jacobian[:, 0, 1] = cross + 2 * y * prism_x
            jacobian[:, 1, 0] = cross + 2 * x * prism_y
            jacobian[:, 1, 1] = (
                radial + 2 * y * y * grows + 6 * p1 * y + 2 * p2 * x + 2 * y * prism_y
            )
        return bent, jacobian

    def _one_to_one(self, ideal: Array) -> NDArray[np.bool_]:
        """[N] whether the way from the centre to there neither folds nor meets a pole."""
        path = (ideal[:, None, :] * _PATH[:, None]).reshape(-1, 2)
        keeps = _determinant(self._bend(path)[1]) > 0
        return np.asarray(keeps.reshape(-1, len(_PATH)).all(axis=1))

    def _tilt(self) -> Array:
        """[3, 3] from the plane before the tilted sensor (Scheimpflug) to the plane of K."""
        (sin_x, sin_y), (cos_x, cos_y) = (f(self.coefficients[12:]) for f in (np.sin, np.cos))
        about_x = np.array([[1, 0, 0], [0, cos_x, sin_x], [0, -sin_x, cos_x]])
        about_y = np.array([[cos_y, 0, -sin_y], [0, 1, 0], [sin_y, 0, cos_y]])
        turn = about_y @ about_x
        onto = np.array([[turn[2, 2], 0, -turn[0, 2]], [0, turn[2, 2], -turn[1, 2]], [0, 0, 1]])
        tilt: Array = onto @ turn
        return tilt


@dataclass(frozen=True, slots=True)
class Equidistant:
    """Fisheye (Kannala-Brandt): the distance from the centre is a polynomial of the angle.

    Attributes:
        coefficients: k1-k4 of `theta * (1 + k1 theta^2 + k2 theta^4 + k3 theta^6 + k4 theta^8)`.
    """

    coefficients: tuple[float, ...]

    def to_plane(self, directions: Array) -> Array:
        """See `Lens`; an angle of 90 degrees and more is seen where the polynomial still grows."""
        x, y, z = directions.T
        side = np.hypot(x, y)
        angle = np.arctan2(side, z)
        angle[~self._one_to_one(angle)] = np.nan
        # On the axis both are zero and any direction will do.
        scale = self._bend(angle)[0] / np.where(side > 0, side, 1.0)
        return directions[:, :2] * scale[:, None]

    def to_directions(self, plane: Array) -> Array:
        """See `Lens`; by Newton's method, to the last bits of a float64."""
        distance = np.hypot(*plane.T)
        angle = np.minimum(distance, np.pi / 2)
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            for _ in range(_STEPS):
                found, slope = self._bend(angle)
                step = (distance - found) / slope
                angle = np.clip(angle + step, 0.0, np.pi)
                if not (np.abs(step) > 2e-16 * (1 + angle)).any():
                    break
            left = np.abs(self._bend(angle)[0] - distance)
        angle[~((left <= 1e-12 * (1 + distance)) & self._one_to_one(angle))] = np.nan
        scale = np.sin(angle) / np.where(distance > 0, distance, 1.0)
        return np.column_stack([plane * scale[:, None], np.cos(angle)])

    def _bend(self, angle: Array) -> tuple[Array, Array]:
        """[N] angles (radians) -> [N] distances from the centre, and their derivative."""
        k1, k2, k3, k4 = self.coefficients
        a2 = angle * angle
        distance = angle * (1 + a2 * (k1 + a2 * (k2 + a2 * (k3 + a2 * k4))))
        slope = 1 + a2 * (3 * k1 + a2 * (5 * k2 + a2 * (7 * k3 + a2 * 9 * k4)))
        return distance, slope

    def _one_to_one(self, angle: Array) -> NDArray[np.bool_]:
        """[N] whether the distance grows all the way up to the angle."""
        slope = self._bend(angle[:, None] * _PATH)[1]
        return np.asarray((slope > 0).all(axis=1))


def _unit(directions: Array) -> Array:
    lengths = np.linalg.norm(directions, axis=1, keepdims=True)
    unit: Array = directions / lengths
    return unit


def _apply(homography: Array, plane: Array) -> Array:
    mapped = np.column_stack([plane, np.ones(len(plane))]) @ homography.T
    flat: Array = mapped[:, :2] / mapped[:, 2:]
    return flat


def _determinant(matrices: Array) -> Array:
    (a, b), (c, d) = matrices.transpose(1, 2, 0)
    value: Array = a * d - b * c
    return value


def _solve(matrices: Array, right: Array) -> Array:
    """[N, 2] solutions of N systems of two equations; NaN where there is none."""
    (a, b), (c, d) = matrices.transpose(1, 2, 0)
    x, y = right.T
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        solved: Array = np.column_stack([d * x - b * y, a * y - c * x])
        solved /= _determinant(matrices)[:, None]
    return solved
