"""What can be set on the node: names, defaults, meanings, ranges, and which changes are allowed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.exceptions import ParameterException
from rclpy.node import Node

from molmo_point.errors import MolmoPointError

__all__ = ["FIXED", "SettingError", "Settings", "declare_settings"]

FIXED = frozenset({"device", "dtype", "model", "reliable", "transport"})
"""What the loaded model and its subscriptions were made with: changed while unconfigured only."""

_LONGEST = 1000  # characters of a query

_MEANING: dict[str, tuple[str, tuple[float, float] | None]] = {
    "query": ('What to point at, in words: "the red valve". Empty: wait to be asked.', None),
    "model": ("A name on the hub, a folder, or a server's address. Empty: the embedded one.", None),
    "device": ('"cpu", "cuda", ... Empty: what fits the model.', None),
    "dtype": ('"bfloat16", "int8", "int4", ... Empty: what fits the device.', None),
    "transport": ('Take images from "raw" (image) or "compressed" (image/compressed).', None),
    "reliable": ("Ask again for what was lost (QoS reliable); the camera must offer it.", None),
    "rectified": ("The images are rectified: the camera is P of CameraInfo, not K and D.", None),
    "rate": ("Images to look at in a second, at most. 0: as many as the model can.", (0.0, 240.0)),
    "confidence": ("Leave out points that the model believes in less than this.", (0.0, 1.0)),
    "frame": ("The tf frame that points are given in. Empty: the image's.", None),
    "sync_tolerance": (
        "Seconds that depth and CameraInfo may be away from their image.",
        (0.0, 1.0),
    ),
    "patience": ("Seconds without an image until that is called a fault.", (0.1, 60.0)),
    "autostart": ("Configure and activate without waiting for a lifecycle manager.", None),
}


class SettingError(MolmoPointError, ValueError):
    """A parameter that cannot be set so, or not now."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The node's parameters; each one's meaning is in its ROS description.

    Raises:
        SettingError: a value cannot be.
    """

    query: str = ""
    model: str = ""
    device: str = ""
    dtype: str = ""
    transport: str = "raw"
    reliable: bool = False
    rectified: bool = False
    rate: float = 0.0
    confidence: float = 0.0
    frame: str = ""
    sync_tolerance: float = 0.02
    patience: float = 5.0
    autostart: bool = True

    def __post_init__(self) -> None:
        if self.transport not in ("raw", "compressed"):
            raise SettingError(f'A transport is "raw" or "compressed", got "{self.transport:.40}".')
        if len(self.query) > _LONGEST or not all(c.isprintable() for c in self.query):
            raise SettingError(
                f"A query is one line of at most {_LONGEST} characters, got {self.query!r:.60}."
            )

    def changed(self, changes: Mapping[str, Any], *, configured: bool) -> Settings:
        """The settings after some changes.

        Args:
            changes: values by name; names of others (use_sim_time) are passed over.
            configured: the model is loaded, so that those in `FIXED` keep their values.

        Raises:
            SettingError: a value cannot be, or not now.
        """
        own = {name: changes[name] for name in changes if name in _MEANING}
        fixed = {name for name in own if name in FIXED and own[name] != getattr(self, name)}
        if configured and fixed:
            raise SettingError(
                f'"{min(fixed)}" is fixed once the node is configured: clean it up, set it, and '
                "configure it again."
            )
        return replace(self, **own)


def declare_settings(node: Node) -> Settings:
    """Declare the parameters on a node, and read what they were started with.

    Raises:
        SettingError: it was started with a value that cannot be.
    """
    values = {}
    for field in fields(Settings):
        text, limits = _MEANING[field.name]
        descriptor = ParameterDescriptor(description=text)
        if limits is not None:
            low, high = limits
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
        try:
            values[field.name] = node.declare_parameter(field.name, field.default, descriptor).value
        except ParameterException as error:  # a type or range that does not fit
            raise SettingError(f'The parameter "{field.name}" cannot be set so: {error}') from error
    return Settings(**values)
