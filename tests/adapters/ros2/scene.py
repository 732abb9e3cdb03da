"""RGB-D scenes with exact truth: discs on tilted planes before a wall, and a rendered table."""

from dataclasses import dataclass

import cv2
import numpy as np

from molmo_point.data.tabletop.scene import render_table

SIZE = (480, 360)
K = np.array([[420.0, 0, 236.2], [0, 425.0, 181.7], [0, 0, 1]])  # pixel centres, as OpenCV counts
D = np.array([0.08, -0.05, 0.001, -0.002, 0.01])  # plumb_bob
WALL_M = 1.5


@dataclass(frozen=True)
class View:
    """What a camera delivers: pictures, and its calibration as ROS counts."""

    rgb: np.ndarray  # [H, W, 3] uint8
    depth_m: np.ndarray  # [H, W] float32 along z
    k: np.ndarray
    d: np.ndarray

    @property
    def size(self):
        return self.rgb.shape[1], self.rgb.shape[0]


@dataclass(frozen=True)
class Disc:
    centre: tuple[float, float, float]  # metres in the optical frame
    normal: tuple[float, float, float]
    radius: float
    colour: tuple[int, int, int]


DISCS = (
    Disc((-0.22, -0.12, 0.82), (0.3, 0.1, -1.0), 0.075, (205, 25, 30)),
    Disc((0.25, -0.02, 1.05), (-0.4, 0.2, -1.0), 0.09, (205, 25, 30)),
    Disc((-0.05, 0.21, 0.95), (0.1, -0.3, -1.0), 0.085, (30, 60, 210)),
)


def rays_at(xy):
    """[N, 2] pixels, origin at the corner -> [N, 3] directions with z = 1, by OpenCV."""
    centred = (np.asarray(xy, float).reshape(-1, 1, 2)) - 0.5
    # to float64 convergence, where the default stops after five steps
    criteria = (cv2.TERM_CRITERIA_COUNT + cv2.TERM_CRITERIA_EPS, 100, 1e-14)
    plane = cv2.undistortPoints(centred, K, D, criteria=criteria)[:, 0]
    return np.column_stack([plane, np.ones(len(plane))])


def surface_at(xy):
    """[N, 3] metres of what is seen at pixels, and [N] which disc it is (-1: the wall)."""
    rays = rays_at(xy)
    places, which = rays * WALL_M, np.full(len(rays), -1)
    for number, disc in enumerate(DISCS):
        centre, normal = np.array(disc.centre), np.array(disc.normal)
        hits = rays * ((centre @ normal) / (rays @ normal))[:, None]
        inside = np.linalg.norm(hits - centre, axis=1) < disc.radius
        nearer = inside & (hits[:, 2] < places[:, 2])
        places[nearer], which[nearer] = hits[nearer], number
    return places, which


def draw():
    """RGB [H, W, 3] uint8 and depth [H, W] float32 metres along z."""
    width, height = SIZE
    rows, columns = np.mgrid[:height, :width] + 0.5
    places, which = surface_at(np.column_stack([columns.ravel(), rows.ravel()]))
    colours = np.array([disc.colour for disc in DISCS] + [(236, 234, 228)], np.uint8)
    rgb = cv2.GaussianBlur(colours[which].reshape(height, width, 3), (3, 3), 0.6)
    return rgb, places[:, 2].reshape(height, width).astype(np.float32)


def view_discs(size=SIZE):
    """The discs; in another size than their own only roughly where they are."""
    rgb, depth_m = draw()
    scale = np.diag([size[0] / SIZE[0], size[1] / SIZE[1], 1])
    nearest = cv2.INTER_NEAREST
    rgb, depth_m = (cv2.resize(part, size, interpolation=nearest) for part in (rgb, depth_m))
    return View(rgb, depth_m, scale @ K, D)


def view_table(seed):
    """A table with things on it, rendered, through a lens without distortion."""
    table = render_table(seed, "train")
    k = table.intrinsics - [[0, 0, 0.5], [0, 0, 0.5], [0, 0, 0]]  # to pixel centres
    return View(table.image, table.depth, k, np.zeros(5))
