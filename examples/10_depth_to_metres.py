"""Points of an image, its depth and its calibration: places in metres; no ROS is needed."""

from pathlib import Path

import numpy as np

from molmo_point import Pointer, load_image
from molmo_point_adapters.camera_model import CameraModel
from molmo_point_adapters.depth import deproject

IMAGE = Path(__file__).parent / "shapes.png"


def main() -> None:
    image = load_image(IMAGE)  # [H, W, 3]
    height, width, _ = image.shape
    depth_m = np.full((height, width), 1.5, np.float32)  # of a depth camera; here a wall
    camera = CameraModel.from_intrinsics(
        fx=600.0, fy=600.0, cx=width / 2 - 0.5, cy=height / 2 - 0.5, image_size=(width, height)
    )  # or CameraModel.from_camera_info(info): lens, rectification, binning, region
    points = Pointer().point(image, "red circles")
    placed = deproject(points, depth_m, camera)
    for (x, y, z), sigma_m in zip(placed.xyz, placed.sigma_m, strict=True):
        print(f"x {x:+.3f} m right, y {y:+.3f} m down, z {z:.3f} m ahead, +- {sigma_m:.4f} m")


if __name__ == "__main__":
    main()
