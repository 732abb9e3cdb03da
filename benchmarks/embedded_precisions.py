"""The embedded model on the CPU in other precisions and on other engines, against how it runs.

Every form answers the same question about the same images, turn by turn, so that all meet the same
load; times are this thread's processor time, or with two threads the clock's. "Moved" is how far
its points are from those of float32, "other" how many of its answers have another number of points.
Exports are of the vision encoder, which takes nine tenths of a first query.

    python benchmarks/embedded_precisions.py
"""

from __future__ import annotations

import copy
import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch
from torch import nn

from molmo_point import Pointer, Points
from molmo_point.data.scenes import generate_scene
from molmo_point.kernels.packed_linear import PackedLinear
from molmo_point.models.registry import OpenModel

SIZES = ((640, 480), (1920, 1080))
QUERY = "objects"
ROUNDS = 5


class OtherLinear(nn.Module):
    """A layer in the place of a `PackedLinear`.

    Args:
        inner: [..., I] -> [..., O].
    """

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner

    def forward(
        self, x: torch.Tensor, activation: str = "none", residual: torch.Tensor | None = None
    ) -> torch.Tensor:
        """See `packed_linear_reference`."""
        out: torch.Tensor = self.inner(x)
        if activation == "gelu":
            return nn.functional.gelu(out, approximate="tanh")
        return out if residual is None else residual + out


def replace_linears(stack: nn.Module, make: Callable[[nn.Linear], nn.Module]) -> None:
    """Put other layers in the place of all packed ones."""
    for part in list(stack.modules()):
        for name, child in list(part.named_children()):
            if isinstance(child, PackedLinear):
                plain = nn.Linear(child.in_features, child.out_features, child.bias is not None)
                plain.weight = child.weight
                if child.bias is not None:
                    plain.bias = child.bias
                setattr(part, name, OtherLinear(make(plain)))


def quantise(model: Any) -> None:
    """Torch's dynamic quantisation of vision encoder and decoder: int8 weights, uint8 inputs."""
    for stack in (model.model.vision_tower, model.model.language_model):
        replace_linears(
            stack,
            lambda plain: torch.ao.quantization.quantize_dynamic(nn.Sequential(plain), {nn.Linear}),
        )


def with_model(change: Callable[[Any], None]) -> Pointer:
    """A pointer whose model was changed in place."""
    pointer = Pointer()
    assert pointer._opened is not None
    model = copy.deepcopy(pointer._opened.model)
    change(model)
    pointer._opened = OpenModel(pointer.spec, model, pointer._opened.processor)
    return pointer


def halve(model: Any) -> None:
    """The vision encoder in bfloat16, the rest in float32."""
    parts = model.model
    encode = parts.encode_crops
    parts.vision_tower.to(torch.bfloat16)
    parts.encode_crops = lambda pixels: encode(pixels).float()


def compile_tower(model: Any) -> None:
    """torch.compile, weights frozen, so that it packs them itself."""
    import torch._inductor.config as inductor

    inductor.freezing = True
    tower = model.model.vision_tower
    replace_linears(tower, lambda plain: plain)
    tower.forward = torch.compile(tower.forward)


def export_tower(model: Any) -> None:
    """The vision encoder by OpenVINO, on one thread."""
    import openvino

    parts = model.model
    replace_linears(parts.vision_tower, lambda plain: plain)  # ours cannot be traced
    depth = len(parts.vision_tower.layers)
    wanted = [layer % depth for layer in parts.config.adapter_config.vision_feature_layer]

    class Tower(nn.Module):
        def __init__(self, tower: nn.Module) -> None:
            super().__init__()
            self.tower = tower

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            features: torch.Tensor = self.tower(pixels, wanted)
            return features

    vision = parts.config.vision_config
    rows, columns = (side // vision.patch_size for side in vision.image_size)
    example = torch.zeros(2, rows * columns, 3 * vision.patch_size**2)
    tower = Tower(parts.vision_tower).eval()
    tower(example)  # the stem folds its norms when first used
    traced = torch.jit.trace(tower, example, check_trace=False)
    exported = openvino.convert_model(traced, example_input=example)
    core = openvino.Core()
    options = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    compiled = core.compile_model(exported, "CPU", options)
    parts.encode_crops = lambda pixels: torch.from_numpy(
        np.concatenate([compiled(some.numpy())[0] for some in torch.split(pixels, 4)])
    )


FORMS: dict[str, Callable[[], Pointer]] = {
    "float32, packed (as it runs)": Pointer,
    "bfloat16": lambda: Pointer(dtype="bfloat16"),
    "bfloat16 vision encoder": lambda: with_model(halve),
    "int8, dynamic": lambda: with_model(quantise),
    "compiled vision encoder": lambda: with_model(compile_tower),
    "OpenVINO vision encoder": lambda: with_model(export_tower),
}


def moved(points: Points, wanted: Points) -> float:
    """Largest distance to the nearest wanted point, pixels."""
    if not len(points) or not len(wanted):
        return 0.0
    return float(max(np.hypot(*(wanted.xy() - place).T).min() for place in points.xy()))


def ask(view: Any, look: Callable[[], Any] | None) -> Points:
    """One point in an image, which is read first if it must be."""
    points: Points = (view if look is None else look()).point("rockets", single=True)
    return points


def clock(work: Callable[[], object], now: Callable[[], float]) -> float:
    """Milliseconds."""
    began = now()
    work()
    return (now() - began) * 1e3


def measure(threads: int, forms: dict[str, Pointer]) -> None:
    """Print a row for each form."""
    torch.set_num_threads(threads)
    now = time.thread_time if threads == 1 else time.perf_counter
    times: dict[tuple[str, int], list[float]] = {}
    found: dict[str, list[Points]] = {name: [] for name in forms}
    for at, size in enumerate(SIZES):
        image = np.ascontiguousarray(generate_scene(1, "dev", size=size, kind="shapes").image)
        views = {name: pointer.look(image) for name, pointer in forms.items()}
        for name, view in views.items():
            found[name].append(view.point(QUERY))
        for _ in range(ROUNDS):
            for name, pointer in forms.items():
                view = views[name]
                for column, look in ((2 * at, partial(pointer.look, image)), (2 * at + 1, None)):
                    taken = clock(partial(ask, view, look), now)
                    times.setdefault((name, column), []).append(taken)
    plain = next(iter(forms))
    medians = {key: statistics.median(taken) for key, taken in times.items()}
    for name in forms:
        cells = [
            f"{medians[name, column]:.0f} ({medians[plain, column] / medians[name, column]:.2f})"
            for column in range(4)
        ]
        pairs = list(zip(found[name], found[plain], strict=True))
        other = sum(len(ours) != len(wanted) for ours, wanted in pairs)
        far = max(moved(ours, wanted) for ours, wanted in pairs)
        print(f"| {name} | {threads} | {' | '.join(cells)} | {far:.1f} | {other} |", flush=True)


def main() -> None:
    """Print the table."""
    forms, made = {}, {}
    for name, make in FORMS.items():
        if "OpenVINO" in name and find_spec("openvino") is None:
            print(f"{name}: openvino is not installed.")
            continue
        began = time.process_time()
        pointer = make()
        pointer.point(np.zeros((64, 64, 3), np.uint8), QUERY)
        made[name], forms[name] = time.process_time() - began, pointer
    columns = ["form", "threads", *(f"{w}x{h}, {q}" for w, h in SIZES for q in ("first", "second"))]
    print("| " + " | ".join([*columns, "moved, px", "other"]) + " |")
    print("| --- " * (len(columns) + 2) + "|")
    for threads in (1, 2):
        measure(threads, forms)
    for name, seconds in made.items():
        print(f"{name}: {seconds:.1f} s of processor time from nothing to a first answer")


if __name__ == "__main__":
    main()
