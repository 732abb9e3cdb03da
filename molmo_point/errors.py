"""What can go wrong, as one small tree.

    MolmoPointError
    +-- InvalidPoint (also ValueError)      a point or image size that cannot be
    +-- SizeMismatch (also ValueError)      two sizes that should agree and do not
    +-- ImageError (also ValueError)        an image that cannot be read
    +-- QueryError (also ValueError)        a query that cannot be asked
    +-- ModelError                          a model that cannot be found, loaded or used that way
    |   +-- WeightsError                    tensors that are missing, unknown or of an odd shape
    +-- ServerError (also ConnectionError)  a server that cannot be reached, or refuses
    +-- DeviceError (also RuntimeError)     a device that is absent or out of memory
    +-- MissingExtra (also ImportError)     an optional package that is not installed

Every message is one sentence or two: what is wrong, with the value, and what to do.
"""

from __future__ import annotations

import importlib
from types import ModuleType

__all__ = [
    "DeviceError",
    "ImageError",
    "InvalidPoint",
    "MissingExtra",
    "ModelError",
    "MolmoPointError",
    "QueryError",
    "ServerError",
    "SizeMismatch",
    "WeightsError",
    "require",
]


class MolmoPointError(Exception):
    """Base of every error that molmo-point raises on purpose."""


class InvalidPoint(MolmoPointError, ValueError):
    """A point, confidence or image size that cannot exist."""


class SizeMismatch(MolmoPointError, ValueError):
    """Two sizes that should agree and do not."""


class ImageError(MolmoPointError, ValueError):
    """Something that was given as an image and cannot be read as one."""


class QueryError(MolmoPointError, ValueError):
    """A query that is empty or that this model cannot be asked."""


class ModelError(MolmoPointError):
    """A model that is unknown, incomplete, or lacks what was asked of it."""


class WeightsError(ModelError):
    """Weights with missing, unknown or odd-shaped tensors."""


class ServerError(MolmoPointError, ConnectionError):
    """A server that cannot be reached, takes too long, or refuses."""


class DeviceError(MolmoPointError, RuntimeError):
    """A device that is absent, or has too little memory."""


class MissingExtra(MolmoPointError, ImportError):
    """An optional package that is not installed."""


def require(module: str, extra: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    Args:
        module: dotted import name, such as `"supervision"`.
        extra: the name of the extra of molmo-point that installs it.

    Raises:
        MissingExtra: the module is not installed; the sentence holds the pip line.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtra(
            f'This needs the package "{module}", which is not installed: '
            f'pip install "molmo-point[{extra}]"'
        ) from error
