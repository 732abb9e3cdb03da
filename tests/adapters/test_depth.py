"""Depth at a point: the nearer surface, through holes, noise and edges; and points in space."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from molmo_point import MolmoPointError, Points
from molmo_point.errors import SizeMismatch
from molmo_point_adapters.camera_model import CameraModel
from molmo_point_adapters.depth import deproject, measure_depth

SIZE = (80, 60)
CAMERA = CameraModel.from_intrinsics(400, 410, 39.5, 29.5, SIZE)


def plane_depth(normal, distance, camera=CAMERA):
    """[H, W] metres of the plane `normal . x = distance`, exactly at every pixel's centre."""
    width, height = camera.image_size
    rows, columns = np.mgrid[:height, :width] + 0.5
    rays = camera.to_rays(np.column_stack([columns.ravel(), rows.ravel()]))
    rays /= rays[:, 2:]
    return (distance / (rays @ normal)).reshape(height, width).astype(np.float32)


def at(depth_m, x=40.2, y=30.7, **options):
    depth, sigma = measure_depth(depth_m, [[x, y]], **options)
    return depth[0], sigma[0]


@settings(max_examples=60, deadline=None)
@given(
    tilt=st.tuples(st.floats(-0.8, 0.8), st.floats(-0.8, 0.8)),
    distance=st.floats(0.3, 8),
    place=st.tuples(st.floats(4, 76), st.floats(4, 56)),
)
def test_a_plane_is_read_to_the_millimetre_between_pixels(tilt, distance, place):
    normal = np.array([*tilt, 1.0])
    points = Points.from_xy([place], SIZE)
    placed = deproject(points, plane_depth(normal, distance), CAMERA)
    assert placed.known.all()
    assert placed.xyz[0] @ normal == pytest.approx(distance, rel=2e-4)
    np.testing.assert_allclose(CAMERA.to_pixels(placed.xyz), [place], atol=1e-6)


@pytest.mark.parametrize("distance", [0.4, 1.0, 3.0])
def test_millimetres_and_noise_within_the_stated_uncertainty(distance):
    rng = np.random.default_rng(0)
    noise_m = 0.002 * distance**2
    places = rng.uniform((5, 5), (75, 55), (300, 2))
    errors = []
    for tilt in ((0, 0), (0.3, -0.2)):
        true = plane_depth(np.array([*tilt, 1.0]), distance)
        noisy = true + rng.normal(0, noise_m, true.shape)
        rounded = (np.round(noisy * 1000) / 1000).astype(np.float32)
        depth, sigma = measure_depth(rounded, places)
        exact, _ = measure_depth(true, places)
        errors.append((depth - exact) / sigma)
        assert (sigma < 4 * (noise_m + 0.001)).all()
    errors = np.abs(np.concatenate(errors))
    assert (errors < 2).mean() > 0.95
    assert (errors < 4).all()


def test_the_nearer_surface_at_an_edge():
    depth_m = np.full((60, 80), 2.0, np.float32)
    depth_m[:, :40] = 1.0  # its edge is at x = 40
    assert at(depth_m, x=39)[0] == pytest.approx(1.0)
    assert at(depth_m, x=41)[0] == pytest.approx(1.0)  # a thin handle is pointed at beside it
    assert at(depth_m, x=44)[0] == pytest.approx(2.0)


def test_pixels_that_fly_between_two_surfaces_are_no_surface():
    depth_m = np.full((60, 80), 2.0, np.float32)
    depth_m[:, :40] = 1.0
    depth_m[:, 40] = np.linspace(1.1, 1.9, 60)
    assert at(depth_m, x=43)[0] == pytest.approx(2.0, abs=1e-3)
    assert at(depth_m, x=39)[0] == pytest.approx(1.0, abs=1e-3)


def test_specks_in_front_are_noise():
    depth_m = np.full((60, 80), 2.0, np.float32)
    depth_m[30, 40] = 0.3
    assert at(depth_m, x=40.5, y=30.5)[0] == pytest.approx(2.0, abs=1e-3)


@pytest.mark.parametrize("unknown", [0.0, -1.0, np.nan, np.inf, -np.inf])
def test_a_small_hole_is_read_across(unknown):
    depth_m = plane_depth(np.array([0.3, 0.2, 1.0]), 1.2)
    true = at(depth_m)[0]
    depth_m[30:32, 39:42] = unknown
    assert at(depth_m)[0] == pytest.approx(true, abs=1e-4)


@pytest.mark.parametrize("unknown", [0.0, np.nan])
def test_a_large_hole_leaves_the_ray(unknown):
    depth_m = np.full((60, 80), 1.5, np.float32)
    depth_m[20:40, 30:50] = unknown
    points = Points.from_xy([(40.5, 30.5), (10, 10)], SIZE)
    placed = deproject(points, depth_m, CAMERA)
    assert placed.known.tolist() == [False, True]
    assert np.isnan(placed.sigma_m[0])
    assert np.isfinite(placed.rays).all()
    np.testing.assert_allclose(
        placed.rays[1], placed.xyz[1] / np.linalg.norm(placed.xyz[1]), atol=1e-9
    )


def test_without_a_depth_image_there_are_rays():
    placed = deproject(Points.from_xy([(40, 30)], SIZE), None, CAMERA)
    assert not placed.known.any()
    np.testing.assert_allclose(placed.rays, [[0, 0, 1]], atol=1e-12)


@pytest.mark.parametrize("place", [(0, 0), (80, 60), (0, 60), (79.99, 0.01)])
def test_corners_of_the_image(place):
    depth_m = plane_depth(np.array([0.1, 0.1, 1.0]), 1.0)
    depth, sigma = at(depth_m, *place)
    nearest = depth_m[min(int(place[1]), 59), min(int(place[0]), 79)]
    assert depth == pytest.approx(nearest, abs=2e-3)
    assert sigma < 5e-3


def test_uncertainty_grows_with_slope_noise_and_few_pixels():
    flat = np.full((60, 80), 1.0, np.float32)
    steep = plane_depth(np.array([3.0, 0, 1.0]), 1.0)
    noisy = flat + np.random.default_rng(0).normal(0, 0.01, flat.shape).astype(np.float32)
    assert at(flat)[1] == pytest.approx(0.001 / 12**0.5)
    assert at(steep)[1] > 2 * at(flat)[1]
    assert at(noisy)[1] > 10 * at(flat)[1]


def test_a_ball_within_two_millimetres():
    """Of 4 cm at 60 cm: not flat within the radius."""
    rows, columns = np.mgrid[:60, :80] + 0.5
    rays = CAMERA.to_rays(np.column_stack([columns.ravel(), rows.ravel()]))
    centre, radius = np.array([0.0, 0.0, 0.6]), 0.04
    along = rays @ centre
    inside = along**2 - (centre @ centre - radius**2)
    hit = (along - np.sqrt(np.maximum(inside, 0))) * rays[:, 2]
    depth_m = np.where(inside > 0, hit, 2.0).reshape(60, 80).astype(np.float32)
    for x in (30.0, 40.0, 55.0):
        xyz = deproject(Points.from_xy([(x, 30)], SIZE), depth_m, CAMERA).xyz[0]
        assert np.linalg.norm(xyz - centre) == pytest.approx(radius, abs=0.002)


def test_no_points():
    placed = deproject(Points.from_xy([], SIZE), np.ones((60, 80), np.float32), CAMERA)
    assert placed.xyz.shape == (0, 3)
    assert placed.sigma_m.shape == (0,)


@pytest.mark.parametrize(
    ("points_size", "depth_shape", "words"),
    [
        ((80, 61), (60, 80), "80x60, but the points lie in one of 80x61"),
        (SIZE, (30, 40), "80x60, but the depth image is 40x30"),
        (SIZE, (60, 80, 1), r"\[H, W\], got \[60, 80, 1\]"),
    ],
)
def test_sizes_that_disagree(points_size, depth_shape, words):
    points = Points.from_xy([(1, 1)], points_size)
    with pytest.raises(SizeMismatch, match=words):
        deproject(points, np.ones(depth_shape, np.float32), CAMERA)


@pytest.mark.parametrize("radius", [0, -1, np.nan, np.inf])
def test_a_radius_that_cannot_be(radius):
    with pytest.raises(MolmoPointError, match="positive number of pixels"):
        measure_depth(np.ones((60, 80), np.float32), [[1, 1]], radius_px=radius)


def test_a_radius_of_a_pixel_reads_one_pixel():
    depth_m = np.arange(1, 4801, dtype=np.float32).reshape(60, 80)
    assert at(depth_m, x=10.9, y=2.1, radius_px=0.1)[0] == 2 * 80 + 10 + 1
