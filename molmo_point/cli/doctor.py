"""`molmo-point doctor`: what is here, and a point on a picture to prove it."""

from __future__ import annotations

import os
import platform
import time
from importlib.metadata import PackageNotFoundError, version

from molmo_point.errors import MolmoPointError

__all__ = ["examine"]

_PACKAGES = (
    "molmo-point", "torch", "transformers", "safetensors", "numpy", "pillow",
    "opencv-python-headless", "supervision", "shapely",
)  # fmt: skip
_RADIUS = 20  # of the discs that prove it, pixels


def examine() -> int:
    """Print what was found; 0 if the embedded model answers, else 2."""
    print(f"python\t{platform.python_version()} on {platform.platform()}")
    for package in _PACKAGES:
        try:
            print(f"{package}\t{version(package)}")
        except PackageNotFoundError:
            print(f'{package}\tmissing: pip install "molmo-point"')
    import torch

    from molmo_point.kernels.packed_linear import can_pack
    from molmo_point.preprocessing.crops import CropConfig
    from molmo_point.preprocessing.planned import cuts_crops

    gpus = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    print(f"gpu\t{', '.join(gpus) or 'none: models run on the CPU'}")
    square = CropConfig((378, 378), 14, 8, (4, 4), (2, 2), (0.5,) * 3, (0.5,) * 3)
    cut = "by the CPU"
    if gpus:
        triton = cuts_crops(square)
        cut = "by the GPU, with Triton" if triton else f'{cut}: pip install "molmo-point[gpu]"'
    print(f"images cut\t{cut}")
    print(f"cpu threads\t{torch.get_num_threads()}, of {os.cpu_count()} processors")
    print(f"cpu instructions\t{torch.backends.cpu.get_cpu_capability()}")
    packs = can_pack(torch.empty(1, 1))
    print(f"cpu linear layers\t{'packed by oneDNN' if packs else 'plain: torch lacks oneDNN'}")
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
    picture = np.full((220, 300, 3), 236, dtype=np.uint8)
    rows, columns = np.mgrid[0:220, 0:300] + 0.5
    discs = [(60, 60), (150, 150), (240, 70)]
    for x, y in discs:
        picture[np.hypot(columns - x, rows - y) < _RADIUS] = 60
    points = pointer.point(picture, "objects")
    done = time.perf_counter()
    found = sum(any(np.hypot(p.x - x, p.y - y) < _RADIUS for p in points) for x, y in discs)
    right = found >= 2
    print(
        f"embedded model\t{'works' if right else 'is wrong'}: pointed at {found} of 3 discs; "
        f"loaded in {loaded - began:.2f} s, answered in {done - loaded:.2f} s"
    )
    return 0 if right else 2
