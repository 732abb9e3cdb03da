"""What one query found in one image: in pixels, and in metres where depth and camera are known."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from std_msgs.msg import Header

from molmo_point import Point, Points
from molmo_point_adapters.depth import Deprojected

__all__ = ["Sighting", "keep_confident"]


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """One answer, with the header of its image.

    Attributes:
        points: pixels of the image.
        header: the image's stamp and frame.
        space: the same points in metres, in `frame_id`; None without a CameraInfo.
        frame_id: the tf frame of `space`: the image's own optical frame, or the one asked for.
    """

    points: Points
    header: Header
    space: Deprojected | None
    frame_id: str

    @property
    def space_header(self) -> Header:
        """The image's stamp and the frame of `space`."""
        return Header(stamp=self.header.stamp, frame_id=self.frame_id)

    @property
    def placed(self) -> list[int]:
        """Which points have a place in metres: their indices."""
        return [] if self.space is None else np.flatnonzero(self.space.known).tolist()

    @property
    def best_placed(self) -> int | None:
        """The index of the point of highest confidence among those that have a place."""
        return max(self.placed, key=lambda i: self.points[i].confidence or 0.0, default=None)

    def to_json(self) -> str:
        """`Points.to_json` with stamp and frames, and xyz, sigma_m, ray for each point.

        All that is not known is null; the numbers are those of `Deprojected`.
        """
        data = self.points.to_dict()
        stamp = self.header.stamp
        data["stamp"] = {"sec": stamp.sec, "nanosec": stamp.nanosec}
        data["frame_id"] = self.frame_id
        data["image_frame_id"] = self.header.frame_id
        for index, point in enumerate(data["points"]):
            point.update(self._in_space(index))
        return json.dumps(data, ensure_ascii=False, allow_nan=False)

    def _in_space(self, index: int) -> dict[str, Any]:
        if self.space is None:
            return {"xyz": None, "sigma_m": None, "ray": None}
        xyz, ray = self.space.xyz[index], self.space.rays[index]
        known = bool(self.space.known[index])
        return {
            "xyz": xyz.tolist() if known else None,
            "sigma_m": float(self.space.sigma_m[index]) if known else None,
            "ray": ray.tolist() if np.isfinite(ray).all() else None,
        }


def keep_confident(points: Points, confidence: float) -> Points:
    """The points that the model believes in at least so much, or says nothing about."""
    items = tuple(point for point in points if _is_confident(point, confidence))
    if len(items) == len(points):
        return points
    return replace(points, items=items, state="points" if items else "none")


def _is_confident(point: Point, confidence: float) -> bool:
    return point.confidence is None or point.confidence >= confidence
