"""The fused crop path: as the preprocessing says, and the kernel as its reference."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch

from molmo_point.kernels.crop_patches import crop_patches, crop_patches_reference, launch
from molmo_point.preprocessing.crops import CropConfig, crop_image, select_tiling
from molmo_point.preprocessing.planned import plan_crops

SMALL = CropConfig(
    crop_size=(28, 28), patch_size=7, max_crops=6, overlap_margins=(1, 1),
    pooling_size=(2, 2), image_mean=(0.5, 0.4, 0.3), image_std=(0.5, 0.6, 0.7),
)  # fmt: skip
CPU = torch.device("cpu")


def picture(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def same_rounding(ours, theirs):
    """A value halfway between two bytes may fall to either side in another order of arithmetic."""
    off = np.abs(np.asarray(ours) - np.asarray(theirs))
    assert off.shape == theirs.shape
    assert (off > 1e-5).mean() < 1e-4
    assert off.max() < 2 / 255 + 1e-5


def as_its_reference(ours, plain, most, *, rounds):
    """Within `most`; where values are rounded to bytes, one in 1,000 may be the next byte."""
    off = (ours.float() - plain.float()).abs()
    assert torch.isfinite(ours).all()
    if rounds:
        assert (off > most).float().mean() < 1e-3
        most += 1 / 255 / min(SMALL.image_std)
    assert off.max() <= most


def plan_of(height, width, *, padded):
    return plan_crops(height, width, (2, 3), SMALL, device=CPU, padded=padded)


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (37, 53), (131, 90)])
def test_the_kernel_is_its_reference(height, width, padded):
    """In Triton's interpreter (`tests/conftest.py`)."""
    plan = plan_of(height, width, padded=padded)
    images = torch.from_numpy(np.stack([picture(height, width, seed) for seed in range(2)]))
    ours = launch(images, plan, torch.float32)
    plain = torch.cat([crop_patches_reference(image, plan, torch.float32) for image in images])
    assert ours.shape == plain.shape == (14, 16, 147)
    as_its_reference(ours, plain, 1e-5, rounds=not padded)


def test_the_kernel_rounds_as_the_preprocessing_does():
    image = picture(61, 83)
    theirs = crop_image(image, SMALL)
    plan = plan_crops(61, 83, select_tiling(61, 83, SMALL), SMALL, device=CPU)
    assert len(theirs.pixel_values) == len(plan.crops) == 7
    ours = launch(torch.from_numpy(image)[None], plan, torch.float32)
    same_rounding(ours, theirs.pixel_values)


def test_the_kernel_takes_any_strides_and_types():
    plan = plan_of(40, 31, padded=False)
    image = torch.from_numpy(picture(31, 40)).transpose(0, 1)  # not contiguous
    for dtype, most in ((torch.float32, 1e-5), (torch.bfloat16, 2e-2), (torch.float16, 2e-3)):
        ours = launch(image[None], plan, dtype)
        plain = crop_patches_reference(image, plan, dtype)
        assert ours.dtype == dtype
        as_its_reference(ours, plain, most, rounds=True)
    none = launch(image[None][:0], plan, torch.float32)
    assert none.shape == (0, 16, 147)


def test_without_a_gpu_the_reference_runs():
    plan = plan_of(40, 31, padded=False)
    image = torch.from_numpy(picture(40, 31))
    assert torch.equal(
        crop_patches(image, plan), crop_patches_reference(image, plan, torch.float32)
    )


COMPILE = """
import json, triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from molmo_point.kernels.crop_kernel import crop_kernel

found = {}
names = crop_kernel.arg_names
for target in (80, 89, 90):
    for rounds in (True, False):
        kinds = {name: "i32" for name in names}
        kinds |= {"image": "*u8", "row_first": "*i32", "row_weight": "*fp32", "col_first": "*i32",
                  "col_weight": "*fp32", "table": "*i32", "scale": "*fp32", "out": "*bf16"}
        fixed = {"PATCH": 14, "SIDE": 27, "ROUNDS": rounds, "WIDE": False, "BLOCK": 256}
        signature = {**kinds, **dict.fromkeys(fixed, "constexpr")}
        source = ASTSource(crop_kernel, signature, fixed)
        built = triton.compile(source, GPUTarget("cuda", target, 32))
        found[f"{target}/{rounds}"] = [len(built.asm["cubin"]), built.asm["ptx"].count(".local ")]
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
    assert set(found) == {
        f"{target}/{rounds}" for target in (80, 89, 90) for rounds in (True, False)
    }
    for size, spilled in found.values():
        assert size > 1000
        assert spilled == 0
