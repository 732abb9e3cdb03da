"""Tilings, crops, patch maps and pooling tables against a slow form written down in loops."""

import itertools

import numpy as np
import pytest

from molmo_point.errors import ImageError, ModelError
from molmo_point.preprocessing.crops import CropConfig, crop_image, select_tiling
from molmo_point.preprocessing.resize import resize_image


def make_config(**changes):
    values = {
        "crop_size": (182, 182),
        "patch_size": 14,
        "max_crops": 4,
        "overlap_margins": (4, 4),
        "pooling_size": (2, 2),
        "image_mean": (0.5, 0.5, 0.5),
        "image_std": (0.5, 0.5, 0.5),
    }
    return CropConfig(**(values | changes))


PUBLISHED = make_config(crop_size=(378, 378), max_crops=8)
SCREEN = make_config(crop_size=(378, 378), max_crops=48)
CONFIGS = {
    "tiny": make_config(),
    "published": PUBLISHED,
    "uneven": make_config(
        crop_size=(84, 112),
        max_crops=6,
        overlap_margins=(1, 2),
        pooling_size=(3, 2),
        image_mean=(0.4, 0.5, 0.6),
        image_std=(0.2, 0.3, 0.25),
    ),
    "no margin": make_config(crop_size=(42, 42), overlap_margins=(0, 0), max_crops=9),
    "one crop": make_config(crop_size=(224, 224), max_crops=1, overlap_margins=(0, 0)),
}


def make_noise(height, width):
    return np.random.default_rng(height + width).integers(
        0, 256, (height, width, 3), dtype=np.uint8
    )


def crop_slowly(image, config):
    """Pixels, pooling, grid and patch map, one patch at a time."""
    side, (near, far) = config.patch_size, config.overlap_margins
    size = [length // side for length in config.crop_size]
    window = [length - near - far for length in size]
    tiling = select_tiling(*image.shape[:2], config)
    shape = [count * step + near + far for count, step in zip(tiling, window, strict=True)]
    whole = resize_image(image, *config.crop_size)
    canvas = resize_image(image, shape[0] * side, shape[1] * side)

    def patch(pixels, row, col):
        values = []
        for y in range(row * side, (row + 1) * side):
            for x in range(col * side, (col + 1) * side):
                values += [
                    (
                        np.float32(pixels[y, x, c]) / np.float32(255)
                        - np.float32(config.image_mean[c])
                    )
                    / np.float32(config.image_std[c])
                    for c in range(3)
                ]
        return values

    places = list(itertools.product(range(size[0]), range(size[1])))
    pixels = [[patch(whole, *place) for place in places]]
    patch_map = np.full(shape, -1)
    for i, j in itertools.product(range(tiling[0]), range(tiling[1])):
        for row, col in places:
            inside_rows = (near if i else 0) <= row < size[0] - (far if i < tiling[0] - 1 else 0)
            inside_cols = (near if j else 0) <= col < size[1] - (far if j < tiling[1] - 1 else 0)
            if inside_rows and inside_cols:
                at = i * window[0] + row, j * window[1] + col
                assert patch_map[at] == -1
                patch_map[at] = len(pixels) * len(places) + row * size[1] + col
        pixels.append(
            [patch(canvas, i * window[0] + row, j * window[1] + col) for row, col in places]
        )
    pooling, grid = [], []
    for numbers in (np.arange(len(places)).reshape(size), patch_map):
        down, right = config.pooling_size
        rows, cols = -(-numbers.shape[0] // down), -(-numbers.shape[1] // right)
        top = (rows * down - numbers.shape[0]) // 2
        left = (cols * right - numbers.shape[1]) // 2
        grid += [rows, cols]
        for row, col in itertools.product(range(rows), range(cols)):
            token = []
            for dy, dx in itertools.product(range(down), range(right)):
                y, x = row * down + dy - top, col * right + dx - left
                exists = 0 <= y < numbers.shape[0] and 0 <= x < numbers.shape[1]
                token.append(numbers[y, x] if exists else -1)
            pooling.append(token)
    return np.array(pixels, dtype=np.float32), np.array(pooling), tuple(grid), patch_map


@pytest.mark.parametrize("name", [name for name in CONFIGS if name != "published"])
@pytest.mark.parametrize("size", [(123, 77), (61, 200), (1, 1), (5, 300)], ids=str)
def test_crops_are_those_of_the_slow_form(name, size):
    image = make_noise(*size)
    crops = crop_image(image, CONFIGS[name])
    pixels, pooling, grid, patch_map = crop_slowly(image, CONFIGS[name])
    assert crops.pixel_values.dtype == np.float32
    np.testing.assert_allclose(crops.pixel_values, pixels, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(crops.token_pooling, pooling)
    np.testing.assert_array_equal(crops.patch_map, patch_map)
    assert crops.grid == grid
    assert crops.image_size == (size[1], size[0])


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("size", [(480, 640), (1080, 1920), (20000, 10), (3, 9000)], ids=str)
def test_every_patch_of_the_canvas_is_pooled_once(name, size):
    config = CONFIGS[name]
    crops = crop_image(np.zeros((*size, 3), dtype=np.uint8), config)
    count, patches, _ = crops.pixel_values.shape
    low_rows, low_cols, rows, cols = crops.grid
    assert len(crops.token_pooling) == low_rows * low_cols + rows * cols
    used = crops.token_pooling[crops.token_pooling >= 0]
    assert len(np.unique(used)) == len(used)
    assert used.min() >= 0
    assert used.max() < count * patches
    high = crops.token_pooling[low_rows * low_cols :]
    np.testing.assert_array_equal(np.sort(high[high >= 0]), np.sort(crops.patch_map.reshape(-1)))


@pytest.mark.parametrize(
    ("width", "height", "tiling"),
    [
        (640, 480, (2, 2)),
        (1920, 1080, (2, 4)),
        (3840, 2160, (2, 4)),
        (1080, 1920, (4, 2)),
        (378, 378, (1, 1)),
        (379, 379, (2, 2)),
        (20000, 10, (1, 1)),
        (10, 20000, (1, 1)),
        (1, 1, (1, 1)),
        (112, 112, (1, 1)),
        (20000, 112, (1, 8)),
        (112, 5000, (8, 1)),
    ],
)
def test_tiling(width, height, tiling):
    assert select_tiling(height, width, PUBLISHED) == tiling


def test_more_crops_for_a_screen():
    """(1080 - 112) / 266 = 3.6 rows and (1920 - 112) / 266 = 6.8 columns."""
    assert select_tiling(1080, 1920, SCREEN) == (4, 7)


def test_of_tilings_that_enlarge_alike_the_one_with_fewer_crops_then_fewer_rows_wins():
    tiny = make_config(max_crops=6)  # windows of 70 pixels behind a margin of 112
    assert select_tiling(112 + 35, 112 + 70, tiny) == (1, 1)
    assert select_tiling(5000, 5000, make_config(max_crops=2)) == (1, 1)
    assert select_tiling(112 + 140, 112 + 140, make_config(max_crops=3)) == (1, 1)


def tiling_slowly(height, width, config):
    """Least enlargement, else least shrinking; fewer crops, then fewer rows; float32."""
    best, best_key = None, None
    pairs = itertools.product(range(1, config.max_crops + 1), repeat=2)
    fitting = [pair for pair in pairs if pair[0] * pair[1] <= config.max_crops]
    scales = {}
    for pair in fitting:
        ratios = [
            np.float32(count * window) / np.float32(length - config.margin)
            for count, window, length in zip(pair, config.window, (height, width), strict=True)
        ]
        scales[pair] = min(ratios)
    shrink = all(scale < 1 for scale in scales.values())
    for pair in fitting:
        if not shrink and scales[pair] < 1:
            continue
        size = -scales[pair] if shrink else scales[pair]
        key = (size, pair[0] * pair[1], pair[0])
        if best_key is None or key < best_key:
            best, best_key = pair, key
    return best


@pytest.mark.parametrize(
    "config", [PUBLISHED, SCREEN, CONFIGS["uneven"]], ids=lambda c: c.max_crops
)
def test_tiling_is_that_of_the_slow_form(config):
    rng = np.random.default_rng(3)
    for height, width in rng.integers(113, 4000, (150, 2)):
        expected = tiling_slowly(int(height), int(width), config)
        assert select_tiling(int(height), int(width), config) == expected, (height, width)


def test_results_are_the_callers_own():
    image = make_noise(100, 100)
    first = crop_image(image, PUBLISHED)
    first.token_pooling[:] = 7
    first.patch_map[:] = 7
    second = crop_image(image, PUBLISHED)
    assert second.token_pooling.min() == -1
    assert len(np.unique(second.patch_map)) == second.patch_map.size


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((10, 10), dtype=np.uint8),
        np.zeros((10, 10, 4), dtype=np.uint8),
        np.zeros((10, 10, 3), dtype=np.float32),
        np.zeros((0, 10, 3), dtype=np.uint8),
    ],
    ids=lambda image: f"{image.dtype}-{image.shape}",
)
def test_what_is_no_image(image):
    with pytest.raises(ImageError, match="uint8 array"):
        crop_image(image, PUBLISHED)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"crop_size": (100, 182)}, "multiple"),
        ({"overlap_margins": (7, 6)}, "smaller"),
        ({"max_crops": 0}, "at least 1"),
        ({"image_std": (0.5, 0.0, 0.5)}, "positive"),
    ],
)
def test_configurations_that_cannot_be(changes, word):
    with pytest.raises(ModelError, match=word):
        make_config(**changes)
