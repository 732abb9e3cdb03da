"""Timing, and what a machine can do at best, for the other benchmarks."""

import time

import numpy as np
import torch


def now(device):
    """Seconds, when all earlier work is done; on a CPU its own, as others may be at work."""
    if device.type == "cpu":
        return time.process_time()
    torch.cuda.synchronize()
    return time.perf_counter()


def milliseconds(work, device, repeats=5, warm=2):
    """Median time of one call."""
    times = []
    for number in range(repeats + warm):
        began = now(device)
        work()
        if number >= warm:
            times.append(1e3 * (now(device) - began))
    return float(np.median(times))


def ceilings(device, dtype):
    """Measured: FLOP/s of a large product, bytes a second of a large copy."""
    side, size = (8192, 2**30) if device.type == "cuda" else (1024, 2**26)
    a, b = (torch.randn(side, side, device=device, dtype=dtype) for _ in range(2))
    flops = 2e3 * side**3 / milliseconds(lambda: a @ b, device)
    big = torch.empty(size, dtype=torch.uint8, device=device)
    other = torch.empty_like(big)
    copies = 2e3 * size / milliseconds(lambda: other.copy_(big), device)
    name = torch.cuda.get_device_name() if device.type == "cuda" else "CPU"
    print(f"{name}, {dtype}: {flops / 1e12:.2f} TFLOP/s, copies at {copies / 1e12:.3f} TB/s\n")
    return flops, copies


def default_device():
    """A GPU if there is one."""
    return "cuda" if torch.cuda.is_available() else "cpu"
