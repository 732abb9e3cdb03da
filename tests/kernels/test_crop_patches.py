"""The fused crop path: as the preprocessing says, and the kernel as its reference."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from molmo_point.kernels.crop_patches import (
    CropLayout,
    crop_patches,
    crop_patches_reference,
    launch,
    make_taps,
)
from molmo_point.preprocessing.crops import CropConfig, crop_image, select_tiling
from molmo_point.preprocessing.padded import MOLMO_CROPS, crop_padded_image

MOLMO2 = CropConfig(
    crop_size=(378, 378), patch_size=14, max_crops=8, overlap_margins=(4, 4),
    pooling_size=(2, 2), image_mean=(0.5, 0.5, 0.5), image_std=(0.5, 0.5, 0.5),
)  # fmt: skip
SMALL = CropLayout((2, 3), 28, 14, 7, True, (0.5, 0.4, 0.3), (0.5, 0.6, 0.7))


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def layout_of(config, tiling, *, rounds):
    return CropLayout(
        tiling, config.crop_size[0], config.window[0], config.patch_size, rounds,
        config.image_mean, config.image_std,
    )  # fmt: skip


@pytest.mark.parametrize(("height", "width"), [(97, 130), (480, 640), (33, 700)])
def test_the_reference_is_molmo2s_preprocessing(height, width):
    image = picture(height, width)
    tiling = select_tiling(height, width, MOLMO2)
    canvas = [n * MOLMO2.window[0] + MOLMO2.margin for n in tiling]
    rows, cols = make_taps(height, canvas[0]), make_taps(width, canvas[1])
    layout = layout_of(MOLMO2, tiling, rounds=True)
    ours = crop_patches_reference(torch.from_numpy(image), rows, cols, layout, torch.float32)
    theirs = crop_image(image, MOLMO2).pixel_values[1:]
    off = np.abs(ours.numpy() - theirs)
    # a value halfway between two bytes may fall to either side in another order of arithmetic
    assert (off > 1e-5).mean() < 1e-4
    assert off.max() < 2 / 255 + 1e-5


@pytest.mark.parametrize(("height", "width"), [(97, 130), (480, 640), (700, 333)])
def test_the_reference_is_molmos_preprocessing(height, width):
    image = picture(height, width)
    config = MOLMO_CROPS
    tiling = select_tiling(height, width, config)
    canvas = [n * config.window[0] + config.margin for n in tiling]
    ratio = min(
        np.float32(canvas[0]) / np.float32(height), np.float32(canvas[1]) / np.float32(width)
    )
    inner = [max(int(np.float32(side) * ratio), 1) for side in (height, width)]
    rows = make_taps(height, inner[0], size=canvas[0], antialias=True)
    cols = make_taps(width, inner[1], size=canvas[1], antialias=True)
    layout = layout_of(config, tiling, rounds=False)
    ours = crop_patches_reference(torch.from_numpy(image), rows, cols, layout, torch.float32)
    theirs = crop_padded_image(image, config).crops.pixel_values[1:]
    assert np.abs(ours.numpy() - theirs).max() < 1e-5


@pytest.fixture
def interpreted():
    """The kernel on the CPU, in Triton's interpreter (`tests/conftest.py`)."""
    return launch


def taps_of(height, width, *, antialias):
    layout = SMALL
    canvas = [n * layout.window + layout.crop - layout.window for n in layout.tiling]
    inner = [side - 3 if antialias else side for side in canvas]
    return (
        make_taps(height, inner[0], size=canvas[0], antialias=antialias),
        make_taps(width, inner[1], size=canvas[1], antialias=antialias),
    )


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 53), (131, 90)])
def test_the_kernel_is_its_reference(interpreted, height, width, antialias):
    rows, cols = taps_of(height, width, antialias=antialias)
    layout = CropLayout(*(getattr(SMALL, name) for name in ("tiling", "crop", "window", "patch")),
                        not antialias, SMALL.mean, SMALL.std)  # fmt: skip
    images = torch.from_numpy(np.stack([picture(height, width, seed) for seed in range(2)]))
    ours = interpreted(images, rows, cols, layout, torch.float32)
    plain = torch.cat(
        [crop_patches_reference(image, rows, cols, layout, torch.float32) for image in images]
    )
    assert ours.shape == plain.shape == (12, 16, 147)
    off = (ours - plain).abs()
    assert float((off > 1e-5).float().mean()) < (0 if antialias else 1e-3) + 1e-9


def test_the_kernel_takes_any_strides_and_types(interpreted):
    rows, cols = taps_of(40, 31, antialias=False)
    image = torch.from_numpy(picture(31, 40)).transpose(0, 1)  # not contiguous
    for dtype, most in ((torch.float32, 1e-5), (torch.bfloat16, 2e-2), (torch.float16, 2e-3)):
        ours = interpreted(image[None], rows, cols, SMALL, dtype)
        plain = crop_patches_reference(image, rows, cols, SMALL, dtype)
        assert ours.dtype == dtype
        assert float(((ours - plain).abs() > most).float().mean()) < 1e-3
    none = interpreted(image[None][:0], rows, cols, SMALL, torch.float32)
    assert none.shape == (0, 16, 147)


def test_without_a_gpu_the_reference_runs():
    rows, cols = taps_of(40, 31, antialias=False)
    image = torch.from_numpy(picture(40, 31))
    plain = crop_patches_reference(image, rows, cols, SMALL, torch.float32)
    assert torch.equal(crop_patches(image, rows, cols, SMALL, torch.float32), plain)


COMPILE = """
import json, triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from molmo_point.kernels.crop_patches import kernel

found = {}
names = kernel().arg_names
for target in (80, 89, 90):
    for taps in (2, 5):
        kinds = {name: "i32" for name in names}
        kinds |= {"image": "*u8", "row_first": "*i32", "row_weight": "*fp32", "col_first": "*i32",
                  "col_weight": "*fp32", "colours": "*fp32", "out": "*bf16"}
        fixed = {"PATCH": 14, "ROW_TAPS": taps, "COL_TAPS": taps, "ROUNDS": taps == 2, "BLOCK": 256}
        signature = {**kinds, **dict.fromkeys(fixed, "constexpr")}
        built = triton.compile(ASTSource(kernel(), signature, fixed), GPUTarget("cuda", target, 32))
        found[f"{target}/{taps}"] = [len(built.asm["cubin"]), built.asm["ptx"].count(".local ")]
print(json.dumps(found))
"""


def test_it_compiles_for_three_generations_of_gpus_without_one(tmp_path):
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    environment["TRITON_CACHE_DIR"] = str(tmp_path)
    script = tmp_path / "compile_kernel.py"
    script.write_text(COMPILE)
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert set(found) == {f"{target}/{taps}" for target in (80, 89, 90) for taps in (2, 5)}
    for size, spilled in found.values():
        assert size > 1000
        assert spilled == 0
