"""Points on pictures: where they are drawn, what they leave in sight, and what is written."""

import numpy as np
import pytest
from PIL import Image

from molmo_point.draw import PALETTE, draw_points
from molmo_point.errors import SizeMismatch
from molmo_point.points import Point, Points

PINK = np.array([int(PALETTE[0][i : i + 2], 16) for i in (1, 3, 5)])
BLUE = np.array([int(PALETTE[1][i : i + 2], 16) for i in (1, 3, 5)])


def plain(size, colour="gray"):
    return np.asarray(Image.new("RGB", size, colour))


def scattered(count, size, label=""):
    xy = np.random.default_rng(0).uniform(0.05, 0.95, (count, 2)) * size
    return Points.from_xy(xy, size, query="things", label=label)


def changed(image, drawn):
    """[H, W] bool: pixels that differ."""
    return (drawn[: len(image)] != image).any(axis=-1)


def coloured(drawn, colour):
    """[H, W] bool: pixels near a colour."""
    return np.abs(drawn.astype(int) - colour).max(axis=-1) < 12


@pytest.mark.parametrize(
    "size", [(64, 64), (640, 480), (1500, 1000), (4000, 3000), (300, 40), (9, 7)]
)
@pytest.mark.parametrize("count", [1, 12, 200])
def test_any_size_and_number(size, count):
    image = plain(size)
    points = scattered(count, size)
    drawn = draw_points(image, points)
    width, height = size
    assert drawn.dtype == np.uint8
    assert drawn.shape[0] > height
    assert drawn.shape[1:] == (width, 3)
    assert changed(image, drawn).any()
    assert draw_points(image, points, caption=False).shape == image.shape


def test_the_image_is_left_alone():
    image = plain((100, 80)).copy()
    before = image.copy()
    drawn = draw_points(image, scattered(5, (100, 80)))
    assert (image == before).all()
    assert not np.shares_memory(image, drawn)


@pytest.mark.parametrize("size", [(64, 64), (640, 480), (3000, 2400)])
def test_a_ring_is_centred_on_the_pixel_that_holds_the_point(size):
    image = plain(size)
    x, y = size[0] // 2, size[1] // 3
    drawn = draw_points(image, Points.from_xy([[x + 0.9, y + 0.1]], size), numbered=False)
    rows, columns = np.nonzero(changed(image, drawn))
    # the marks reach as far to the left as to the right of the pixel, as far up as down
    assert abs((columns.min() + columns.max()) / 2 - x) <= 0.5
    assert abs((rows.min() + rows.max()) / 2 - y) <= 0.5


def test_a_ring_leaves_its_inside_in_sight():
    image = plain((640, 480))
    drawn = draw_points(image, Points.from_xy([[320, 240]], (640, 480)), numbered=False)
    marks = changed(image, drawn)
    columns = np.nonzero(marks)[1]
    radius = (columns.max() - columns.min()) / 2
    grid_y, grid_x = np.mgrid[:480, :640]
    disc = (grid_x - 320) ** 2 + (grid_y - 240) ** 2 <= (0.65 * radius) ** 2
    assert marks[disc].mean() < 0.15


@pytest.mark.parametrize("ground", ["white", "black", "gray", PALETTE[0]])
def test_a_ring_is_seen_on_any_ground(ground):
    image = plain((640, 480), ground)
    drawn = draw_points(image, Points.from_xy([[320, 240]], (640, 480)), numbered=False)
    contrast = np.abs(drawn[:480].astype(int).sum(axis=-1) - image.astype(int).sum(axis=-1))
    assert (contrast > 150).sum() > 60


def test_rings_shrink_where_points_are_many():
    image = plain((640, 480))
    few = changed(image, draw_points(image, scattered(12, (640, 480)), numbered=False))
    many = changed(image, draw_points(image, scattered(300, (640, 480)), numbered=False))
    assert many.mean() < 0.35
    assert few.sum() / 12 > many.sum() / 300


def test_rings_on_one_line_stay_apart():
    size = (800, 600)
    line = Points.from_xy([[20 + 19 * i, 300] for i in range(40)], size)
    marks = changed(plain(size), draw_points(plain(size), line))[300]
    assert (np.diff(marks.astype(int)) == 1).sum() >= 40  # at least a gap between any two


def test_labels_have_colours_of_their_own():
    points = Points((Point(160, 240, "cup"), Point(480, 240, "mug")), (640, 480), "dishes")
    drawn = draw_points(plain((640, 480)), points, caption=False)
    assert coloured(drawn, PINK)[:, :320].any()
    assert not coloured(drawn, PINK)[:, 320:].any()
    assert coloured(drawn, BLUE)[:, 320:].any()
    assert not coloured(drawn, BLUE)[:, :320].any()
    bar = draw_points(plain((640, 480)), points)[480:]
    assert coloured(bar, PINK).any()
    assert coloured(bar, BLUE).any()


def test_more_labels_than_colours():
    items = tuple(Point(20 + 30 * i, 50, f"thing {i}") for i in range(20))
    assert draw_points(plain((640, 480)), Points(items, (640, 480))).shape[1] == 640


def test_few_are_numbered_and_many_are_not():
    image = plain((640, 480))
    for count, numbered in ((12, True), (200, False)):
        points = scattered(count, (640, 480))
        default = draw_points(image, points)
        assert (default == draw_points(image, points, numbered=numbered)).all()
        assert (default != draw_points(image, points, numbered=not numbered)).any()


def test_numbers_hide_no_ring():
    points = Points.from_xy([[x, y] for y in (60, 130, 200) for x in (60, 130, 200)], (260, 260))
    image = plain((260, 260))
    rings = changed(image, draw_points(image, points, numbered=False))
    both = draw_points(image, points, numbered=True)
    without = draw_points(image, points, numbered=False)
    covered = (both != without).any(axis=-1)[:260] & rings
    assert covered.sum() < 0.05 * rings.sum()


def test_points_on_the_edges_are_drawn():
    size = (200, 100)
    image = plain(size)
    corners = Points.from_xy([[0, 0], [200, 0], [0, 100], [200, 100]], size)
    marks = changed(image, draw_points(image, corners, numbered=False))
    assert marks[[0, 0, 99, 99], [0, 199, 0, 199]].all()


@pytest.mark.parametrize("far", [-50.0, 1e6, 1e300])
def test_points_outside_are_out_of_sight(far):
    image = plain((200, 100))
    points = Points.from_xy([[far, 20], [60, far]], (200, 100))
    assert not changed(image, draw_points(image, points, numbered=False)).any()


@pytest.mark.parametrize("state", ["none", "unreadable"])
def test_no_points_leave_the_picture_as_it_is(state):
    image = np.random.default_rng(0).integers(0, 256, (48, 64, 3), dtype=np.uint8)
    drawn = draw_points(image, Points((), (64, 48), "zebra", state=state))
    assert (drawn[:48] == image).all()
    assert (drawn[48:] > 128).any()  # it says so


def test_pixels_without_marks_are_kept():
    image = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    drawn = draw_points(image, Points.from_xy([[100, 100]], (640, 480)))
    assert not changed(image, drawn)[200:, 200:].any()


def test_the_caption_says_that_there_may_be_more():
    whole = Points((Point(5, 5),), (200, 100), "ants")
    cut = Points((Point(5, 5),), (200, 100), "ants", truncated=True)
    image = plain((200, 100))
    assert (draw_points(image, whole)[100:] != draw_points(image, cut)[100:]).any()


@pytest.mark.parametrize(
    "query", ["", "x" * 500, "two\nlines", "größe café", "Ж λ", "杯子", "\x00"]
)
@pytest.mark.parametrize("size", [(20, 20), (640, 480)])
def test_any_query_fits_the_caption(query, size):
    points = Points((Point(5, 5),), size, query)
    bar = draw_points(plain(size), points)[size[1] :]
    assert bar.shape[1] == size[0]
    assert (bar[:, -2:] < 128).all()  # nothing runs over the edge


def test_a_long_query_is_cut_and_the_number_kept():
    image = plain((300, 100))
    one = Points((Point(5, 5),), (300, 100), "red apples on the table near the window " * 3)
    two = Points((Point(5, 5), Point(9, 9)), (300, 100), one.query)
    assert (draw_points(image, one)[100:] != draw_points(image, two)[100:]).any()


def test_pillow_images_are_drawn_on_too():
    image = plain((100, 80))
    points = scattered(3, (100, 80))
    assert (draw_points(Image.fromarray(image), points) == draw_points(image, points)).all()


def test_red_stays_red():
    drawn = draw_points(plain((100, 80), "#C80000"), Points.from_xy([[20, 20]], (100, 80)))
    assert drawn[70, 90].tolist() == [200, 0, 0]


def test_an_image_of_another_size_is_refused():
    with pytest.raises(SizeMismatch, match=r"100x80 .* 80x100"):
        draw_points(plain((80, 100)), Points.from_xy([[1, 1]], (100, 80)))


def test_points_of_several_images_are_refused():
    points = Points((Point(1, 1), Point(2, 2, image_index=1)), (100, 80))
    with pytest.raises(SizeMismatch, match="of_image"):
        draw_points(plain((100, 80)), points)
