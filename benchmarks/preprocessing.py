"""Preparing one image: plain reference-style code against molmo_point, on one thread.

The plain form restates the published processors step by step, with as many copies as they make and
no more: two float images scaled by torch, as torchvision's Resize does it, normalised in place by
numpy, cut crop by crop, put together, then into patches; the tests hold it, too, to the reference
vectors. Time is the process's own, so that others on the machine
count less. Prints a markdown table; stops if the two differ.
"""

import time

import cv2
import numpy as np
import torch

from molmo_point.preprocessing.crops import CropConfig, crop_image, select_tiling
from molmo_point.preprocessing.padded import MOLMO_CROPS, crop_padded_image

CONFIG = CropConfig(
    crop_size=(378, 378),
    patch_size=14,
    max_crops=8,
    overlap_margins=(4, 4),
    pooling_size=(2, 2),
    image_mean=(0.5, 0.5, 0.5),
    image_std=(0.5, 0.5, 0.5),
)
"""Molmo2-8B's and MolmoPoint-8B's."""

SIZES = ((640, 480), (1920, 1080), (3840, 2160))
REPEATS = 9


def stretch(image, height, width):
    """Float32 [height, width, 3], normalised."""
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float()
    pixels = torch.nn.functional.interpolate(
        pixels, size=(height, width), mode="bilinear", align_corners=False
    )
    pixels = pixels.round().to(torch.uint8)[0].clip(0, 255).float()
    pixels = ((pixels - 0.0) / 255.0).permute(1, 2, 0).numpy()
    pixels -= np.array(CONFIG.image_mean, dtype=np.float32)
    pixels /= np.array(CONFIG.image_std, dtype=np.float32)
    return pixels


def crop_plainly(image):
    """[C, P, patch * patch * 3] pixels, [N, 4] pooling."""
    size, patch, margin = CONFIG.crop_size[0], CONFIG.patch_size, CONFIG.margin
    side, window = size // patch, size - margin
    rows, cols = select_tiling(*image.shape[:2], CONFIG)
    canvas = stretch(image, rows * window + margin, cols * window + margin)
    crops = np.zeros((rows * cols, size, size, 3), dtype=np.float32)
    ids = np.zeros((rows * cols, side, side), dtype=np.int64)
    near, far = CONFIG.overlap_margins
    for i in range(rows):
        for j in range(cols):
            number = i * cols + j
            y, x = i * window, j * window
            crops[number] = canvas[y : y + size, x : x + size]
            own = np.arange(side * side).reshape(side, side) + number * side * side
            if i:
                own[:near] = -1
            if j:
                own[:, :near] = -1
            if i < rows - 1:
                own[-far:] = -1
            if j < cols - 1:
                own[:, -far:] = -1
            ids[number] = own
    ids = ids.reshape(rows, cols, side, side).transpose(0, 2, 1, 3).reshape(-1)
    crops = np.concatenate([stretch(image, size, size)[None], crops])
    ids = ids[ids >= 0].reshape(canvas.shape[0] // patch, canvas.shape[1] // patch)
    tables = []
    for grid in (np.arange(side * side).reshape(side, side), ids + side * side):
        down, right = grid.shape[0] % 2, grid.shape[1] % 2
        grid = np.pad(grid, ((0, down), (0, right)), constant_values=-1)
        groups = grid.reshape(grid.shape[0] // 2, 2, grid.shape[1] // 2, 2)
        tables.append(groups.transpose(0, 2, 1, 3).reshape(-1, 4))
    patches = crops.reshape(len(crops), side, patch, side, patch, 3).transpose(0, 1, 3, 2, 4, 5)
    return patches.reshape(len(crops), side * side, -1), np.concatenate(tables)


def scale_plainly(image, height, width):
    """Float32 [height, width, 3], normalised, on black: the first generation's canvas."""
    ratio = min(
        np.float32(height) / np.float32(image.shape[0]),
        np.float32(width) / np.float32(image.shape[1]),
    )
    inner = int(np.float32(image.shape[0]) * ratio), int(np.float32(image.shape[1]) * ratio)
    pixels = torch.from_numpy(image).permute(2, 0, 1)[None].float() / 255
    pixels = torch.nn.functional.interpolate(
        pixels, size=inner, mode="bilinear", align_corners=False, antialias=True
    )
    pixels = pixels[0].clamp(0, 1).permute(1, 2, 0).numpy()
    top, left = (height - inner[0]) // 2, (width - inner[1]) // 2
    below, right = height - inner[0] - top, width - inner[1] - left
    canvas = np.pad(pixels, ((top, below), (left, right), (0, 0)))
    real = np.pad(np.ones(inner, dtype=np.float32), ((top, below), (left, right)))
    canvas -= np.array(MOLMO_CROPS.image_mean, dtype=np.float32)
    canvas /= np.array(MOLMO_CROPS.image_std, dtype=np.float32)
    return canvas, real


def crop_padded_plainly(image):
    """[C, P, patch * patch * 3] pixels, [C, P] shares of the first generation."""
    config = MOLMO_CROPS
    size, patch = config.crop_size[0], config.patch_size
    side, window = size // patch, size - config.margin
    rows, cols = select_tiling(*image.shape[:2], config)
    canvas, real = scale_plainly(
        image, rows * window + config.margin, cols * window + config.margin
    )
    whole, _ = scale_plainly(image, size, size)
    crops, masks = [whole], []
    for y in range(0, rows * window, window):
        for x in range(0, cols * window, window):
            crops.append(canvas[y : y + size, x : x + size])
            masks.append(real[y : y + size, x : x + size])
    patches = np.stack(crops).reshape(-1, side, patch, side, patch, 3).transpose(0, 1, 3, 2, 4, 5)
    masks = np.stack(masks).reshape(-1, side, patch, side, patch).mean((2, 4))
    shares = np.full((len(crops), side * side), -1, dtype=np.float32)
    shares[:-1] = masks.reshape(len(masks), -1)
    return patches.reshape(len(crops), side * side, -1), shares


def crop_padded(image):
    """Ours, in the same form."""
    padded = crop_padded_image(image, MOLMO_CROPS)
    return padded.crops.pixel_values, padded.masks


def crop_fast(image):
    """Ours in the named fast mode, which rounds scaled colours to bytes."""
    padded = crop_padded_image(image, MOLMO_CROPS, fast=True)
    return padded.crops.pixel_values, padded.masks


def crop(image):
    """Ours, in the same form."""
    crops = crop_image(image, CONFIG)
    return crops.pixel_values, crops.token_pooling


KINDS = {
    "Molmo2, MolmoPoint": (crop_plainly, crop, 1e-5),
    "Molmo": (crop_padded_plainly, crop_padded, 1e-5),
    "Molmo, fast": (crop_padded_plainly, crop_fast, 1.01 / (255 * min(MOLMO_CROPS.image_std))),
}
"""What is compared, and by how much a value may differ: of the fast mode, one level of a byte."""


def measure(functions, image):
    """Median milliseconds of each, turn by turn, so that all meet the same load."""
    times = [[] for _ in functions]
    for _ in range(REPEATS):
        for function, taken in zip(functions, times, strict=True):
            start = time.process_time()
            function(image)
            taken.append(time.process_time() - start)
    return [1e3 * float(np.median(taken)) for taken in times]


def main():
    """Print the table."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    print("| generation | image | crops | plain, ms | molmo_point, ms | ratio |")
    print("| --- | --- | --- | --- | --- | --- |")
    rng = np.random.default_rng(0)
    for kind, (*functions, allowed) in KINDS.items():
        for width, height in SIZES:
            noise = rng.integers(0, 256, (height // 8, width // 8, 3), dtype=np.uint8)
            image = cv2.resize(noise, (width, height), interpolation=cv2.INTER_CUBIC)
            (pixels, table), (ours, own_table) = (function(image) for function in functions)
            difference = np.abs(pixels - ours).max()
            if difference > allowed or np.abs(table - own_table).max() > 1e-6:
                raise SystemExit(f"The two do not agree at {width}x{height}: {difference}.")
            plain, fast = measure(functions, image)
            print(
                f"| {kind} | {width}x{height} | {len(pixels)} | {plain:.1f} | {fast:.1f} "
                f"| {plain / fast:.1f} |"
            )


if __name__ == "__main__":
    main()
