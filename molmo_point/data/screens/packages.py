"""Where the packages are that pages are made from: styles, icons and fonts."""

from __future__ import annotations

import os
from pathlib import Path

from molmo_point.errors import MolmoPointError

__all__ = ["package_folder", "package_path", "read_package"]

_VARIABLE = "MOLMO_POINT_SCREENS"
_DEFAULT = "~/.cache/molmo-point/screens/node_modules"


def package_folder(folder: Path | None = None) -> Path:
    """The folder of the installed packages, a `node_modules`.

    Args:
        folder: by default that of the environment variable `MOLMO_POINT_SCREENS`, else
            `~/.cache/molmo-point/screens/node_modules`.

    Raises:
        MolmoPointError: there is no such folder.
    """
    found = Path(folder or os.environ.get(_VARIABLE, _DEFAULT)).expanduser().resolve()
    if not found.is_dir():
        raise MolmoPointError(
            f"There are no packages for screens in {found}: install them there with npm "
            f"(docs/data-screens.md), or name another folder in {_VARIABLE}."
        )
    return found


def package_path(folder: Path, file: str) -> Path:
    """A file of a package.

    Raises:
        MolmoPointError: the package is not there.
    """
    path = folder / file
    if not path.is_file():
        parts = file.split("/")
        package = "/".join(parts[: 2 if file.startswith("@") else 1])
        raise MolmoPointError(
            f"{path} is missing: run `npm install {package}` in {folder.parent} "
            "(docs/data-screens.md has the whole list)."
        )
    return path


def read_package(folder: Path, file: str) -> str:
    """The text of a file of a package; raises as `package_path` does."""
    return package_path(folder, file).read_text(encoding="utf-8")
