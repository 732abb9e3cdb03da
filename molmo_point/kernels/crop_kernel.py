"""The Triton side of `crop_patches.py`, which says what it computes; imported where it is run."""

import triton
import triton.language as tl

__all__ = ["crop_kernel"]


@triton.jit  # type: ignore[untyped-decorator]
def crop_kernel(  # type: ignore[no-untyped-def]
    image, row_first, row_weight, col_first, col_weight, table, scale, out,
    total, height, width, stride_n, stride_h, stride_w, stride_c, crops, row_taps, col_taps,
    PATCH: tl.constexpr, SIDE: tl.constexpr, ROUNDS: tl.constexpr,
    WIDE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """One value of the result a lane; see `crop_patches.launch` for the arguments."""
    number = tl.program_id(0)
    at = (number.to(tl.int64) if WIDE else number) * BLOCK + tl.arange(0, BLOCK)
    inside = at < total
    colour = at % 3
    dx = at // 3 % PATCH
    dy = at // (3 * PATCH) % PATCH
    patch = at // (3 * PATCH * PATCH) % (SIDE * SIDE)
    crop = at // (3 * PATCH * PATCH * SIDE * SIDE)
    entry = table + crop % crops * 4
    y = tl.load(entry, mask=inside, other=0) + patch // SIDE * PATCH + dy
    x = tl.load(entry + 1, mask=inside, other=0) + patch % SIDE * PATCH + dx
    top = tl.load(row_first + y, mask=inside, other=0)
    left = tl.load(col_first + x, mask=inside, other=0)
    base = image + (crop // crops).to(tl.int64) * stride_n + colour * stride_c
    over, beside = row_weight + y * row_taps, col_weight + x * col_taps
    if ROUNDS:
        low = tl.minimum(top + 1, height - 1).to(tl.int64) * stride_h
        far = tl.minimum(left + 1, width - 1) * stride_w
        high = top.to(tl.int64) * stride_h
        value = _stretch(base, high, low, left * stride_w, far, over, beside, inside)
    else:
        rows = tl.max(tl.load(entry + 2, mask=inside, other=0), 0)
        cols = tl.max(tl.load(entry + 3, mask=inside, other=0), 0)
        value = _smooth(base, top, left, over, beside, rows, cols, height, width,
                        stride_h, stride_w, inside, BLOCK)  # fmt: skip
    value = tl.minimum(tl.maximum(value, 0.0), 255.0)
    factor = tl.load(scale + colour, mask=inside, other=0.0)
    shift = tl.load(scale + 3 + colour, mask=inside, other=0.0)
    tl.store(out + at, (value * factor + shift).to(out.dtype.element_ty), mask=inside)


@triton.jit
def _stretch(  # type: ignore[no-untyped-def]
    base, high, low, near, far, over, beside, inside
):
    """Four neighbours in the order of torch's arithmetic, so that halves round to the same byte."""
    north = tl.load(over, mask=inside, other=0.0)
    south = tl.load(over + 1, mask=inside, other=0.0)
    west = tl.load(beside, mask=inside, other=0.0)
    east = tl.load(beside + 1, mask=inside, other=0.0)
    value = north * east * tl.load(base + high + far, mask=inside, other=0).to(tl.float32)
    pixel = tl.load(base + high + near, mask=inside, other=0).to(tl.float32)
    value = tl.fma(north * west, pixel, value)
    pixel = tl.load(base + low + near, mask=inside, other=0).to(tl.float32)
    value = tl.fma(south * west, pixel, value)
    pixel = tl.load(base + low + far, mask=inside, other=0).to(tl.float32)
    value = tl.fma(south * east, pixel, value)
    whole = tl.floor(value)
    half = value - whole
    odd = (whole.to(tl.int32) & 1) == 1  # halves go to the even neighbour, as in torch
    return tl.where((half > 0.5) | ((half == 0.5) & odd), whole + 1.0, whole)


@triton.jit  # type: ignore[untyped-decorator]
def _smooth(  # type: ignore[no-untyped-def]
    base, top, left, over, beside, rows, cols, height, width, stride_h, stride_w, inside,
    BLOCK: tl.constexpr,
):  # fmt: skip
    """As many taps as the block's crops have; those beyond a place's own have weight zero."""
    value = tl.zeros([BLOCK], tl.float32)
    j = 0
    while j < rows:
        line = base + tl.minimum(top + j, height - 1).to(tl.int64) * stride_h
        across = tl.zeros([BLOCK], tl.float32)
        i = 0
        while i < cols:
            pixel = line + tl.minimum(left + i, width - 1) * stride_w
            weight = tl.load(beside + i, mask=inside, other=0.0)
            across += weight * tl.load(pixel, mask=inside, other=0).to(tl.float32)
            i += 1
        value += tl.load(over + j, mask=inside, other=0.0) * across
        j += 1
    return value
