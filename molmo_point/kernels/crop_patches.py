"""From the bytes of an image straight to the patches that a vision encoder reads, in one launch.

Resampling, padding, normalising, overlapping crops and patches in one pass: every value of the
result gathers its few source pixels. Without fusing, the canvas is written and read four times.
Weights along both axes are tables, so that the bilinear stretch of Molmo2 and MolmoPoint (two taps,
rounded to bytes) and the antialiased one of Molmo's first generation (more taps, kept as floats)
are the same kernel, and so that the crops of the canvas and the one of the whole image, which
is scaled differently, are the same launch. Sources: torch's `upsample_bilinear2d` and
`_upsample_bilinear2d_aa`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

__all__ = ["AxisTaps", "CropPlan", "crop_patches", "crop_patches_reference", "make_taps"]

_BLOCK = 256


@dataclass(frozen=True, slots=True)
class AxisTaps:
    """How each place along one axis is made from source pixels.

    Attributes:
        first: int32 [T], the first source pixel; places outside of the image have none.
        weights: float32 [T, K], of the pixels from there on; zero beyond the last.
    """

    first: Tensor
    weights: Tensor

    @classmethod
    def join(cls, axes: Sequence[AxisTaps]) -> AxisTaps:
        """Places of several axes one after the other."""
        most = max(axis.weights.shape[1] for axis in axes)
        weights = [
            torch.nn.functional.pad(axis.weights, (0, most - axis.weights.shape[1]))
            for axis in axes
        ]
        return cls(torch.cat([axis.first for axis in axes]), torch.cat(weights))


@dataclass(frozen=True, slots=True)
class CropPlan:
    """Which crops are cut from images of one size, on the device where they will be.

    Attributes:
        rows: taps of all places along the height that a crop shows.
        cols: the same along the width.
        crops: int32 [C, 4], where each crop begins among `rows` and `cols`, and how many of their
            taps count there.
        crop: pixels of a crop a side.
        patch: pixels of a patch a side.
        rounds: whether resampled values are rounded to bytes, as torchvision does for byte images;
            for two taps along each axis.
        scale: float32 [6], what each colour of 0-255 is multiplied by, then what is added to it.
    """

    rows: AxisTaps
    cols: AxisTaps
    crops: Tensor
    crop: int
    patch: int
    rounds: bool
    scale: Tensor

    @property
    def shape(self) -> tuple[int, int, int]:
        """Of the result for one image: crops, patches, values."""
        return len(self.crops), (self.crop // self.patch) ** 2, self.patch**2 * 3

    def to(self, device: torch.device | str) -> CropPlan:
        """The same on another device."""
        rows, cols = (
            AxisTaps(axis.first.to(device), axis.weights.to(device))
            for axis in (self.rows, self.cols)
        )
        crops, scale = self.crops.to(device), self.scale.to(device)
        return CropPlan(rows, cols, crops, self.crop, self.patch, self.rounds, scale)


def make_taps(
    source: int, inner: int, *, size: int | None = None, antialias: bool = False
) -> AxisTaps:
    """Taps of an axis of `source` pixels that becomes `inner` pixels in the middle of `size`.

    Args:
        source: pixels of the image.
        inner: pixels that it is scaled to.
        size: pixels of the canvas; `inner` if None. The rest is padding, with weight zero.
        antialias: widen the filter where the image shrinks.
    """
    size = inner if size is None else size
    scale = torch.tensor(source, dtype=torch.float32) / torch.tensor(inner, dtype=torch.float32)
    place = torch.arange(inner, dtype=torch.float64)
    if antialias:
        support = scale.clamp(min=1.0)
        middle = scale * (place.float() + 0.5)  # float32 throughout, as torch
        first = (middle - support + 0.5).long().clamp(min=0)
        last = (middle + support + 0.5).long().clamp(max=source)
        taps = int((last - first).max())
        at = first[:, None] + torch.arange(taps)
        weights = (1 - ((at - middle[:, None] + 0.5) * (1 / support)).abs()).clamp(min=0)
        weights = weights.masked_fill(at >= last[:, None], 0)
        weights = weights / weights.sum(1, keepdim=True)
    else:
        middle = (scale.double() * (place + 0.5) - 0.5).float().clamp(min=0)
        first = middle.long().clamp(max=source - 1)
        far = (middle - first).clamp(0, 1)
        weights = torch.stack([1 - far, far], dim=1)
    before = (size - inner) // 2
    padded = torch.zeros(size, weights.shape[1])
    padded[before : before + inner] = weights
    start = torch.zeros(size, dtype=torch.int32)
    start[before : before + inner] = first.int()
    return AxisTaps(start, padded)


def crop_patches_reference(image: Tensor, plan: CropPlan, dtype: torch.dtype) -> Tensor:
    """Plain form, float32 inside.

    Args:
        image: uint8 [H, W, 3].
        plan: of the crops.
        dtype: of the result.

    Returns:
        [C, P, patch * patch * 3], patches row by row, values by dy, dx, colour.
    """
    pixels = image.float()
    side, patch = plan.crop // plan.patch, plan.patch
    crops = []
    for top, left, *_ in plan.crops.tolist():
        across = _resample(pixels.transpose(0, 1), plan.cols, left, plan.crop).transpose(0, 1)
        crop = _resample(across, plan.rows, top, plan.crop)  # [crop, crop, 3]
        crop = (crop.round() if plan.rounds else crop).clamp(0, 255)
        crop = crop * plan.scale[:3] + plan.scale[3:]
        patches = crop.reshape(side, patch, side, patch, 3).transpose(1, 2)
        crops.append(patches.reshape(side * side, patch * patch * 3))
    return torch.stack(crops).to(dtype)


def _resample(pixels: Tensor, taps: AxisTaps, start: int, count: int) -> Tensor:
    """[N, ...] -> [count, ...] along the first axis."""
    first, weights = taps.first[start : start + count], taps.weights[start : start + count]
    out = pixels.new_zeros(count, *pixels.shape[1:])
    for tap in range(weights.shape[1]):
        at = (first.long() + tap).clamp(max=len(pixels) - 1)
        out = out + weights[:, tap].reshape(-1, *[1] * (pixels.ndim - 1)) * pixels[at]
    return out


def crop_patches(images: Tensor, plan: CropPlan, dtype: torch.dtype = torch.float32) -> Tensor:
    """`crop_patches_reference` of images of one size, in one launch on CUDA.

    Args:
        images: uint8 [N, H, W, 3] or [H, W, 3], on the plan's device.
        plan: of the crops.
        dtype: of the result.

    Returns:
        [N * C, P, patch * patch * 3].
    """
    images = images if images.ndim == 4 else images[None]
    if not images.is_cuda:
        return torch.cat([crop_patches_reference(image, plan, dtype) for image in images])
    with torch.cuda.device(images.device):
        return launch(images, plan, dtype)


def launch(images: Tensor, plan: CropPlan, dtype: torch.dtype) -> Tensor:
    """Run the kernel; images uint8 [N, H, W, 3] of any strides."""
    crops, patches, width = plan.shape
    out = torch.empty(len(images) * crops, patches, width, dtype=dtype, device=images.device)
    total = out.numel()
    if not total:
        return out
    from molmo_point.kernels.crop_kernel import crop_kernel

    crop_kernel[((total + _BLOCK - 1) // _BLOCK,)](
        images, plan.rows.first, plan.rows.weights, plan.cols.first, plan.cols.weights,
        plan.crops, plan.scale, out,
        total, images.shape[1], images.shape[2], *images.stride(), crops,
        plan.rows.weights.shape[1], plan.cols.weights.shape[1],
        PATCH=plan.patch, SIDE=plan.crop // plan.patch, ROUNDS=plan.rounds,
        WIDE=total + _BLOCK >= 2**31, BLOCK=_BLOCK,
    )  # fmt: skip
    return out
