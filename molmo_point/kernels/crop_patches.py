"""From the bytes of an image straight to the patches that a vision encoder reads, in one launch.

Resampling, padding, normalising, overlapping crops and patches in one pass: every value of the
result gathers its few source pixels. Without fusing, the canvas is written and read four times.
Weights along both axes are tables, so that the bilinear stretch of Molmo2 and MolmoPoint (two taps,
rounded to bytes) and the antialiased one of Molmo's first generation (more taps, kept as floats)
are the same kernel. Sources: torch's `upsample_bilinear2d` and `_upsample_bilinear2d_aa`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor

__all__ = ["AxisTaps", "CropLayout", "crop_patches", "crop_patches_reference", "make_taps"]

_BLOCK = 256


@dataclass(frozen=True, slots=True)
class AxisTaps:
    """How each place along one axis of the canvas is made from source pixels.

    Attributes:
        first: int32 [T], the first source pixel; places outside of the image have none.
        weights: float32 [T, K], of the pixels from there on; zero beyond the last.
    """

    first: Tensor
    weights: Tensor


@dataclass(frozen=True, slots=True)
class CropLayout:
    """The crops of one canvas.

    Attributes:
        tiling: (rows, cols) of crops.
        crop: pixels a side.
        window: pixels from one crop to the next.
        patch: pixels a side.
        rounds: whether resampled values are rounded to bytes, as torchvision does for byte images.
        mean: of the colours, 0-1.
        std: of the colours.
    """

    tiling: tuple[int, int]
    crop: int
    window: int
    patch: int
    rounds: bool
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


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
        edge = first == source - 1  # its far neighbour is itself
        weights[edge] = torch.tensor([1.0, 0.0])
    before = (size - inner) // 2
    padded = torch.zeros(size, weights.shape[1])
    padded[before : before + inner] = weights
    start = torch.zeros(size, dtype=torch.int32)
    start[before : before + inner] = first.int()
    return AxisTaps(start, padded)


def crop_patches_reference(
    image: Tensor, rows: AxisTaps, cols: AxisTaps, layout: CropLayout, dtype: torch.dtype
) -> Tensor:
    """Plain form, float32 inside.

    Args:
        image: uint8 [H, W, 3].
        rows: taps of the canvas's height.
        cols: taps of its width.
        layout: of the crops.
        dtype: of the result.

    Returns:
        [C, P, patch * patch * 3], crops row by row, patches row by row, values by dy, dx, colour.
    """
    pixels = image.float()
    across = _resample(pixels.transpose(0, 1), cols).transpose(0, 1)  # [H, X, 3]
    canvas = _resample(across, rows)  # [Y, X, 3]
    canvas = canvas.round() if layout.rounds else canvas
    canvas = canvas.clamp(0, 255) / 255
    canvas = (canvas - torch.tensor(layout.mean)) / torch.tensor(layout.std)
    crops = canvas.unfold(0, layout.crop, layout.window).unfold(1, layout.crop, layout.window)
    side, patch = layout.crop // layout.patch, layout.patch
    crops = crops.reshape(-1, 3, side, patch, side, patch)  # [C, 3, side, dy, side, dx]
    patches = crops.permute(0, 2, 4, 3, 5, 1)
    return patches.reshape(len(crops), side * side, patch * patch * 3).to(dtype)


def _resample(pixels: Tensor, taps: AxisTaps) -> Tensor:
    """[N, ...] -> [T, ...] along the first axis."""
    count = taps.weights.shape[1]
    at = (taps.first.long()[:, None] + torch.arange(count)).clamp(max=len(pixels) - 1)
    out = pixels.new_zeros(len(taps.first), *pixels.shape[1:])
    for tap in range(count):
        weight = taps.weights[:, tap].reshape(-1, *[1] * (pixels.ndim - 1))
        out = out + weight * pixels[at[:, tap]]
    return out


def crop_patches(
    images: Tensor,
    rows: AxisTaps,
    cols: AxisTaps,
    layout: CropLayout,
    dtype: torch.dtype = torch.bfloat16,
) -> Tensor:
    """`crop_patches_reference` of images of one size, in one launch on CUDA.

    Args:
        images: uint8 [N, H, W, 3] or [H, W, 3], on the device where the result shall be.
        rows: see `crop_patches_reference`.
        cols: likewise.
        layout: likewise.
        dtype: of the result.

    Returns:
        [N * C, P, patch * patch * 3].
    """
    images = images if images.ndim == 4 else images[None]
    if not images.is_cuda:
        plain = [crop_patches_reference(image, rows, cols, layout, dtype) for image in images]
        return torch.cat(plain)
    return launch(images, rows, cols, layout, dtype)


def launch(
    images: Tensor, rows: AxisTaps, cols: AxisTaps, layout: CropLayout, dtype: torch.dtype
) -> Tensor:
    """Run the kernel; images uint8 [N, H, W, 3] of any strides."""
    device = images.device
    side = layout.crop // layout.patch
    crops, patches = layout.tiling[0] * layout.tiling[1], side * side
    width = layout.patch * layout.patch * 3
    out = torch.empty(len(images) * crops, patches, width, dtype=dtype, device=device)
    total = out.numel()
    if not total:
        return out
    tables = [value.to(device) for value in (rows.first, rows.weights, cols.first, cols.weights)]
    scale = [1 / (255 * std) for std in layout.std]
    shift = [-mean / std for mean, std in zip(layout.mean, layout.std, strict=True)]
    colours = torch.tensor([*scale, *shift], dtype=torch.float32, device=device)
    grid = ((total + _BLOCK - 1) // _BLOCK,)
    kernel()[grid](
        images, *tables, colours, out,
        total, images.shape[1], images.shape[2], *images.stride(),
        layout.tiling[1], crops, patches, side, layout.window,
        PATCH=layout.patch, ROW_TAPS=rows.weights.shape[1], COL_TAPS=cols.weights.shape[1],
        ROUNDS=layout.rounds, BLOCK=_BLOCK,
    )  # fmt: skip
    return out


@cache
def kernel() -> Any:
    """The kernel, compiled when it is first run; Triton is imported here alone."""
    import triton
    import triton.language as tl

    @triton.jit  # type: ignore[untyped-decorator]
    def _crop_patches_kernel(  # type: ignore[no-untyped-def]
        image, row_first, row_weight, col_first, col_weight, colours, out,
        total, height, width, stride_n, stride_h, stride_w, stride_c,
        tiles_across, crops, patches, side, window,
        PATCH: tl.constexpr, ROW_TAPS: tl.constexpr, COL_TAPS: tl.constexpr,
        ROUNDS: tl.constexpr, BLOCK: tl.constexpr,
    ):  # fmt: skip
        at = tl.program_id(0).to(tl.int64) * BLOCK + tl.arange(0, BLOCK)
        inside = at < total
        colour = at % 3
        dx = at // 3 % PATCH
        dy = at // (3 * PATCH) % PATCH
        patch = at // (3 * PATCH * PATCH) % patches
        crop = at // (3 * PATCH * PATCH * patches)
        number, tile = crop // crops, crop % crops
        y = tile // tiles_across * window + patch // side * PATCH + dy
        x = tile % tiles_across * window + patch % side * PATCH + dx
        top = tl.load(row_first + y, mask=inside, other=0)
        left = tl.load(col_first + x, mask=inside, other=0)
        base = image + number * stride_n + colour * stride_c
        value = tl.zeros([BLOCK], tl.float32)
        for j in tl.static_range(ROW_TAPS):
            over = tl.load(row_weight + y * ROW_TAPS + j, mask=inside, other=0.0)
            line = base + tl.minimum(top + j, height - 1).to(tl.int64) * stride_h
            across = tl.zeros([BLOCK], tl.float32)
            for i in tl.static_range(COL_TAPS):
                beside = tl.load(col_weight + x * COL_TAPS + i, mask=inside, other=0.0)
                pixel = line + tl.minimum(left + i, width - 1).to(tl.int64) * stride_w
                across += beside * tl.load(pixel, mask=inside, other=0).to(tl.float32)
            value += over * across
        if ROUNDS:
            whole = tl.floor(value)
            half = value - whole
            odd = (whole.to(tl.int32) & 1) == 1  # halves go to the even neighbour, as in torch
            value = tl.where((half > 0.5) | ((half == 0.5) & odd), whole + 1.0, whole)
        value = tl.minimum(tl.maximum(value, 0.0), 255.0)
        scale = tl.load(colours + colour, mask=inside, other=0.0)
        shift = tl.load(colours + 3 + colour, mask=inside, other=0.0)
        tl.store(out + at, (value * scale + shift).to(out.dtype.element_ty), mask=inside)

    return _crop_patches_kernel
