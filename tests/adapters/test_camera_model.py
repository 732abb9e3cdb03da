"""Pixels to rays and back: exact against OpenCV on thousands of random cameras and points."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from molmo_point.errors import MolmoPointError, SizeMismatch
from molmo_point_adapters.camera_model import CameraError, CameraModel

CAMERAS = 250  # of each kind, with as many points
CENTRE = 0.5  # of the first pixel: (0, 0) for OpenCV and ROS
SCALES = (0.3, 0.15, 3e-3, 3e-3, 0.05, 0.3, 0.1, 0.02, 3e-3, 3e-3, 3e-3, 3e-3, 0.02, 0.02)
LOOK = (3, 2000, 1e-15)  # how long OpenCV may iterate


def make_info(k=None, d=(), model="plumb_bob", size=(640, 480), **fields):
    """A CameraInfo as plain values."""
    k = np.array([[500.0, 0, 320], [0, 510, 230], [0, 0, 1]]) if k is None else np.asarray(k)
    corner_x, corner_y, width, height = fields.pop("roi", (0, 0, 0, 0))
    binning = fields.pop("binning", (0, 0))
    r = fields.pop("r", np.eye(3))
    p = fields.pop("p", np.column_stack([k, np.zeros(3)]))
    return SimpleNamespace(
        width=size[0],
        height=size[1],
        distortion_model=model,
        d=list(d),
        k=np.ravel(k),
        r=np.ravel(r),
        p=np.ravel(p),
        binning_x=binning[0],
        binning_y=binning[1],
        roi=SimpleNamespace(x_offset=corner_x, y_offset=corner_y, width=width, height=height),
    )


def random_k(rng, low=300, high=900):
    focal = rng.uniform(low, high)
    return np.array(
        [
            [focal, 0, rng.uniform(280, 360)],
            [0, focal * rng.uniform(0.95, 1.05), rng.uniform(200, 280)],
            [0, 0, 1],
        ]
    )


def random_points(rng, width):
    """[CAMERAS, 3] metres, ahead, `width` to each side at a distance of 1."""
    sides = rng.uniform(-width, width, (CAMERAS, 2))
    return np.column_stack([sides, np.ones(CAMERAS)]) * rng.uniform(0.3, 9, (CAMERAS, 1))


def random_rotation(rng, angle=0.2):
    return cv2.Rodrigues(rng.uniform(-angle, angle, 3))[0]


@pytest.mark.parametrize("length", [4, 5, 8, 12, 14])
def test_projection_is_that_of_opencv_and_leads_back(length):
    rng = np.random.default_rng(length)
    seen = 0
    for _ in range(CAMERAS):
        k, d = random_k(rng), rng.uniform(-1, 1, length) * SCALES[:length]
        model = "plumb_bob" if length < 8 else "rational_polynomial"
        camera = CameraModel.from_camera_info(make_info(k, d, model))
        xyz = random_points(rng, 0.7)
        pixels = camera.to_pixels(xyz)
        theirs = cv2.projectPoints(xyz[:, None], np.zeros(3), np.zeros(3), k, d)[0][:, 0]
        known = np.isfinite(pixels[:, 0])  # else beyond what this polynomial can show
        np.testing.assert_allclose(pixels[known], theirs[known] + CENTRE, atol=1e-9)
        back = camera.to_points(pixels[known], xyz[known, 2])
        np.testing.assert_allclose(back, xyz[known], atol=1e-10)
        seen += known.sum()
    assert seen > 0.99 * CAMERAS**2


def test_fisheye_projection_is_that_of_opencv_and_leads_back():
    rng = np.random.default_rng(0)
    seen = 0
    for _ in range(CAMERAS):
        k, d = random_k(rng, 200, 500), rng.uniform(-1, 1, 4) * (0.1, 0.05, 0.02, 0.01)
        camera = CameraModel.from_camera_info(make_info(k, d, "equidistant"))
        xyz = random_points(rng, 3)
        pixels = camera.to_pixels(xyz)
        theirs = cv2.fisheye.projectPoints(xyz[:, None], np.zeros(3), np.zeros(3), k, d)[0][:, 0]
        known = np.isfinite(pixels[:, 0])
        np.testing.assert_allclose(pixels[known], theirs[known] + CENTRE, atol=1e-9)
        back = camera.to_points(pixels[known], xyz[known, 2])
        np.testing.assert_allclose(back, xyz[known], rtol=1e-9, atol=1e-9)
        seen += known.sum()
    assert seen > 0.95 * CAMERAS**2


@pytest.mark.parametrize("length", [5, 8, 14])
def test_rays_are_those_of_opencv(length):
    """Moderate lenses: OpenCV's iteration does not settle on strong ones."""
    rng = np.random.default_rng(length)
    seen = 0
    for _ in range(CAMERAS):
        k, d = random_k(rng, 500), rng.uniform(-0.3, 0.3, length) * SCALES[:length]
        model = "plumb_bob" if length < 8 else "rational_polynomial"
        r = random_rotation(rng)
        camera = CameraModel.from_camera_info(make_info(k, d, model, r=r))
        xy = rng.uniform((0, 0), (640, 480), (CAMERAS, 2))
        plane = cv2.undistortPoints(xy[:, None] - CENTRE, k, d, R=r, criteria=LOOK)[:, 0]
        rays = camera.to_rays(xy)
        known = np.isfinite(rays[:, 0])
        np.testing.assert_allclose(np.linalg.norm(rays[known], axis=1), 1, atol=1e-12)
        np.testing.assert_allclose((rays[:, :2] / rays[:, 2:])[known], plane[known], atol=1e-9)
        seen += known.sum()
    assert seen > 0.99 * CAMERAS**2


def test_rays_of_a_fisheye_are_those_of_opencv():
    rng = np.random.default_rng(1)
    for _ in range(CAMERAS):
        k, d = random_k(rng, 300, 500), rng.uniform(-1, 1, 4) * (0.05, 0.02, 0.005, 0.002)
        camera = CameraModel.from_camera_info(make_info(k, d, "equidistant"))
        xy = rng.uniform((0, 0), (640, 480), (CAMERAS, 2))
        plane = cv2.fisheye.undistortPoints(xy[:, None] - CENTRE, k, d, criteria=LOOK)[:, 0]
        rays = camera.to_rays(xy)
        given_up = plane[:, 0] < -1e5  # OpenCV's number for that
        assert given_up.mean() < 0.02
        rays, plane = rays[~given_up], plane[~given_up]
        np.testing.assert_allclose(rays[:, :2] / rays[:, 2:], plane, rtol=1e-8, atol=1e-8)


def test_a_fisheye_sees_to_its_side():
    camera = CameraModel.from_camera_info(make_info(d=[0.0] * 4, model="equidistant"))
    behind = [[1.0, 0.0, -0.5]]
    pixel = camera.to_pixels(behind)
    np.testing.assert_allclose(camera.to_rays(pixel), behind / np.linalg.norm(behind), atol=1e-12)
    assert np.isnan(camera.to_points(pixel, [1.0])).all()  # it has no depth along z


def test_a_rectified_image_is_that_which_opencv_rectifies():
    rng = np.random.default_rng(2)
    for _ in range(20):
        k, d, r = random_k(rng), rng.uniform(-0.3, 0.3, 5) * SCALES[:5], random_rotation(rng)
        p = np.column_stack([random_k(rng), np.zeros(3)])
        info = make_info(k, d, r=r, p=p)
        raw = CameraModel.from_camera_info(info)
        flat = CameraModel.from_camera_info(info, rectified=True)
        xy = rng.uniform((0, 0), (640, 480), (50, 2))
        moved = cv2.undistortPoints(xy[:, None] - CENTRE, k, d, R=r, P=p, criteria=LOOK)[:, 0]
        np.testing.assert_allclose(flat.to_rays(moved + CENTRE), raw.to_rays(xy), atol=1e-9)


def test_the_second_camera_of_a_stereo_pair():
    """By CameraInfo.msg: the pixel of a point in the first camera's frame is P (x, y, z, 1)."""
    focal, baseline = 500.0, 0.12
    k = np.array([[focal, 0, 320], [0, focal, 240], [0, 0, 1]])
    p = np.column_stack([k, [-focal * baseline, 0, 0]])
    camera = CameraModel.from_camera_info(make_info(k, p=p), rectified=True)
    np.testing.assert_allclose(camera.origin, [baseline, 0, 0])
    xyz = np.array([[0.2, -0.1, 1.5]])
    u, v, w = p @ [*xyz[0], 1]
    pixel = camera.to_pixels(xyz)
    np.testing.assert_allclose(pixel, [[u / w + CENTRE, v / w + CENTRE]])
    np.testing.assert_allclose(camera.to_points(pixel, [1.5]), xyz)
    np.testing.assert_allclose(
        camera.origin + camera.to_rays(pixel) * np.linalg.norm(xyz - camera.origin), xyz
    )


def test_the_corner_of_the_first_pixel_is_half_a_pixel_from_its_centre():
    camera = CameraModel.from_intrinsics(500, 500, 0, 0, (640, 480))
    np.testing.assert_allclose(camera.to_rays([[0.5, 0.5]]), [[0, 0, 1]])
    np.testing.assert_allclose(camera.to_pixels([[0, 0, 1]]), [[0.5, 0.5]])
    np.testing.assert_allclose(camera.to_points([[0, 0]], [1]), [[-0.001, -0.001, 1]])


def test_binning_and_region_name_the_same_place_of_the_sensor():
    """A super-pixel is the sum of its pixels: its corner is theirs, and so is its centre."""
    rng = np.random.default_rng(3)
    for binning in ((1, 1), (2, 2), (4, 2)):
        full = make_info(d=[-0.2, 0.05, 1e-3, 1e-3, 0])
        part = make_info(d=full.d, binning=binning, roi=(40, 20, 320, 240))
        camera = CameraModel.from_camera_info(part)
        assert camera.image_size == (320 // binning[0], 240 // binning[1])
        xy = rng.uniform((40, 20), (360, 260), (50, 2))
        here = (xy - (40, 20)) / binning
        whole = CameraModel.from_camera_info(full)
        np.testing.assert_allclose(camera.to_rays(here), whole.to_rays(xy), atol=1e-12)
        np.testing.assert_allclose(camera.to_pixels(camera.to_rays(here)), here, atol=1e-9)


@settings(max_examples=200, deadline=None)
@given(
    xy=st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)),
    d=st.lists(st.floats(-2, 2), min_size=14, max_size=14),
    model=st.sampled_from(["rational_polynomial", "equidistant"]),
)
def test_any_lens_gives_a_ray_that_leads_back_or_none(xy, d, model):
    d = d[:4] if model == "equidistant" else [*d[:12], d[12] / 4, d[13] / 4]
    camera = CameraModel.from_camera_info(make_info(d=d, model=model))
    ray = camera.to_rays([xy])
    if np.isfinite(ray).all():
        np.testing.assert_allclose(np.linalg.norm(ray), 1, atol=1e-9)
        back = camera.to_pixels(ray)
        if np.isfinite(back).all():  # else on the very edge of what the lens sees
            np.testing.assert_allclose(back, [xy], rtol=1e-6, atol=1e-4)


def test_what_is_behind_or_beyond_the_fold_is_not_seen():
    pinhole = CameraModel.from_intrinsics(500, 500, 320, 240, (640, 480))
    assert np.isnan(pinhole.to_pixels([[0, 0, -1], [0, 0, 0], [np.nan, 0, 1]])).all()
    barrel = CameraModel.from_camera_info(make_info(d=[-0.4, 0, 0, 0, 0]))
    # 1 - 3 * 0.4 r^2 = 0: the polynomial turns back at r = 0.913, and shows nothing beyond 0.609
    assert np.isfinite(barrel.to_pixels([[0.9, 0, 1]])).all()
    assert np.isnan(barrel.to_pixels([[0.95, 0, 1]])).all()
    assert np.isfinite(barrel.to_rays([[320.5 + 500 * 0.6, 230.5]])).all()
    assert np.isnan(barrel.to_rays([[320.5 + 500 * 0.62, 230.5]])).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"k": np.zeros((3, 3))}, "not calibrated"),
        ({"k": [[500, 0, 320], [0, -500, 240], [0, 0, 1]]}, "above zero"),
        ({"k": np.full((3, 3), np.nan), "p": np.zeros((3, 4))}, "9 finite numbers"),
        ({"model": "kannala_brandt"}, "'kannala_brandt' is not known"),
        ({"model": "", "d": [0.1, 0, 0, 0]}, "'' is not known"),
        ({"d": [0.1]}, "4, 5, 8, 12 or 14 distortion coefficients, got 1"),
        ({"d": [np.inf] * 5}, "finite numbers"),
        ({"d": [0.1] * 5, "model": "equidistant"}, "4 distortion coefficients, got 5"),
        ({"r": np.full((3, 3), 0.3)}, "R of a CameraInfo is a rotation"),
        ({"size": (0, 0)}, "0x0"),
        ({"roi": (400, 0, 320, 240)}, "(400, 0)"),
        ({"p": [1, 2, 3]}, "12 finite numbers"),
    ],
)
def test_a_calibration_that_cannot_be_is_refused_in_a_sentence(change, words):
    with pytest.raises(CameraError) as caught:
        CameraModel.from_camera_info(make_info(**change))
    assert words in str(caught.value)
    assert isinstance(caught.value, MolmoPointError)


def test_a_rectified_image_needs_p_and_no_lens():
    info = make_info(model="unheard of", d=[1, 2, 3])
    assert CameraModel.from_camera_info(info, rectified=True).lens is None
    with pytest.raises(CameraError, match="P is "):
        CameraModel.from_camera_info(make_info(p=np.zeros((3, 4))), rectified=True)


def test_fields_that_drivers_of_single_cameras_leave_zero():
    info = make_info(r=np.zeros((3, 3)), p=np.zeros((3, 4)), d=[], model="")
    camera = CameraModel.from_camera_info(info)
    np.testing.assert_allclose(camera.to_rays([[320.5, 230.5]]), [[0, 0, 1]])


def test_an_image_of_another_size():
    camera = CameraModel.from_camera_info(make_info())
    with pytest.raises(SizeMismatch, match="640x480, but the depth image is 320x240"):
        camera.require_size((320, 240), "the depth image is")
