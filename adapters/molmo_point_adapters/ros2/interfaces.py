"""Messages, services and actions of packages that are there on some machines only."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

__all__ = ["find_interfaces"]


def find_interfaces(package: str, kind: str) -> ModuleType | None:
    """The interfaces of a package, or None where it was not built.

    Args:
        package: such as "vision_msgs".
        kind: "msg", "srv" or "action".
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:  # without an origin: a folder of that name, no package
        return None
    return import_module(f"{package}.{kind}")
