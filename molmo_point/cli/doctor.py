"""`molmo-point doctor`: what is here, and a point on a picture to prove it."""

from __future__ import annotations

import platform
import time
from importlib.metadata import PackageNotFoundError, version

from molmo_point.errors import MolmoPointError

__all__ = ["examine"]

_PACKAGES = (
    "molmo-point", "torch", "transformers", "safetensors", "numpy", "pillow",
    "opencv-python-headless", "supervision", "shapely",
)  # fmt: skip


def examine() -> int:
    """Print what was found; 0 if the embedded model answers, else 2."""
    print(f"python\t{platform.python_version()} on {platform.platform()}")
    for package in _PACKAGES:
        try:
            print(f"{package}\t{version(package)}")
        except PackageNotFoundError:
            print(f'{package}\tmissing: pip install "molmo-point"')
    import torch

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    print(f"gpu\t{', '.join(gpus) or 'none: models run on the CPU'}")
    print(f"cpu threads\t{torch.get_num_threads()}")
    try:
        return _prove()
    except MolmoPointError as error:
        print(f"embedded model\tfails: {error}")
        return 2


def _prove() -> int:
    import numpy as np

    from molmo_point.pointer import Pointer

    began = time.perf_counter()
    pointer = Pointer()
    loaded = time.perf_counter()
    picture = np.full((160, 160, 3), 235, dtype=np.uint8)
    rows, columns = np.mgrid[0:160, 0:160]
    picture[(rows - 60) ** 2 + (columns - 100) ** 2 < 25**2] = (220, 30, 30)
    points = pointer.point(picture, "red circle")
    done = time.perf_counter()
    best = points.best
    right = best is not None and (best.x - 100) ** 2 + (best.y - 60) ** 2 < 25**2
    seen = "nothing" if best is None else f"({best.x:.0f}, {best.y:.0f})"
    print(
        f"embedded model\t{'works' if right else 'is wrong'}: red circle at (100, 60), pointed at "
        f"{seen}; loaded in {loaded - began:.2f} s, answered in {done - loaded:.2f} s"
    )
    return 0 if right else 2
