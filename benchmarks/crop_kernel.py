"""The fused crop path on a GPU: against its reference, and against copying as many bytes.

python benchmarks/crop_kernel.py
python benchmarks/crop_kernel.py --device cpu --sizes 320x240 --batch 2   # its plain form
"""

import argparse

import numpy as np
import torch
from clock import default_device, milliseconds

from molmo_point.kernels.crop_patches import crop_patches
from molmo_point.preprocessing.crops import CropConfig, crop_image, select_tiling
from molmo_point.preprocessing.padded import MOLMO_CROPS, crop_padded_image
from molmo_point.preprocessing.planned import plan_crops

MOLMO2_CROPS = CropConfig(
    crop_size=(378, 378), patch_size=14, max_crops=8, overlap_margins=(4, 4),
    pooling_size=(2, 2), image_mean=(0.5, 0.5, 0.5), image_std=(0.5, 0.5, 0.5),
)  # fmt: skip
SIZES = ("640x480", "1920x1080", "3840x2160")
REPEATS = 50
CACHE = 2**27  # bytes, more than a GPU's L2


def microseconds(work, inputs, device):
    """Median time of one call; on a GPU by its own clock, as part of a graph of all of them."""
    if device.type == "cpu":
        return 1e3 * milliseconds(lambda: work(inputs[0]), device, 3, 1)
    work(inputs[0])
    torch.cuda.synchronize()
    graph, times = torch.cuda.CUDAGraph(), []
    with torch.cuda.graph(graph):
        for one in inputs:
            work(one)
    for number in range(REPEATS + 5):
        begin, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        begin.record()
        graph.replay()
        end.record()
        torch.cuda.synchronize()
        if number >= 5:
            times.append(1e3 * begin.elapsed_time(end) / len(inputs))
    return float(np.median(times))


def some(image, count, device):
    """Batches [count, H, W, 3], as many as no cache holds: else only the first comes from afar."""
    batch = torch.from_numpy(image).to(device).expand(count, -1, -1, -1).contiguous()
    more = CACHE // batch.numel() if device.type == "cuda" else 0
    return [batch, *(batch.clone() for _ in range(more))]


def main():
    """Print the table; stops if the kernel and the CPU's preprocessing do not agree."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default=default_device())
    parser.add_argument("--sizes", nargs="+", default=SIZES)
    parser.add_argument("--batch", type=int, default=64)
    given = parser.parse_args()
    device = torch.device(given.device)
    big = torch.empty(2**30 if device.type == "cuda" else 2**26, dtype=torch.uint8, device=device)
    other = torch.empty_like(big)
    bandwidth = 2 * big.numel() / microseconds(other.copy_, [big], device) / 1e6  # TB/s
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(f"{name}: copies at {bandwidth:.3f} TB/s\n")
    print("| generation | image | images | us | read and written, MB | of copying | values off |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    rng = np.random.default_rng(0)
    for padded, config in ((False, MOLMO2_CROPS), (True, MOLMO_CROPS)):
        for size in given.sizes:
            width, height = map(int, size.split("x"))
            image = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
            tiling = select_tiling(height, width, config)
            plan = plan_crops(height, width, tiling, config, device=device, padded=padded)
            wanted = crop_padded_image(image, config).crops if padded else crop_image(image, config)
            got = crop_patches(torch.from_numpy(image).to(device), plan).cpu().numpy()
            off = np.abs(got - wanted.pixel_values) > 1e-5
            if off.mean() > 1e-4:
                raise SystemExit(f"The kernel is off at {width}x{height}: {off.mean():.1e}.")
            for count in (1, given.batch):
                took = microseconds(
                    lambda i, p=plan: crop_patches(i, p, torch.bfloat16),
                    some(image, count, device),
                    device,
                )
                moved = count * image.nbytes + 2 * count * got.size
                name = "Molmo" if padded else "Molmo2"
                print(
                    f"| {name} | {width}x{height} | {count} | {took:.0f} "
                    f"| {moved / 1e6:.0f} | {moved / took / 1e6 / bandwidth:.2f} | {off.sum()} |"
                )


if __name__ == "__main__":
    main()
