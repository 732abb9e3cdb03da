"""What scaling in bytes (`Pointer(fast_resize=True)`) changes, as far as it shows without weights.

Colours, in levels of 255; then, for a small Molmo with random weights, its image features and the
logits of the next token after each of some random ones.

    python benchmarks/fast_resize.py
"""

import sys
import tempfile
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))
from molmo_point import Pointer
from molmo_point.data.scenes import generate_scene
from molmo_point.models.text_session import TextSession
from molmo_point.preprocessing.padded import MOLMO_CROPS, crop_padded_image
from tests.published.small import write_checkpoint

SIZES = ((640, 480), (1920, 1080))
ANSWER = 100  # tokens


def scene(seed, size):
    """A picture of shapes, uint8 [H, W, 3]."""
    return np.ascontiguousarray(generate_scene(seed, "dev", size=size, kind="shapes").image)


def relative(ours, wanted):
    """Norm of the difference to the norm."""
    return float((ours - wanted).norm() / wanted.norm())


def read(pointer, image):
    """Image features [N, E], and logits [ANSWER, V]."""
    model, processor = pointer._opened.model, pointer._opened.processor
    inputs = processor.encode_image_prefix([image]).model_inputs()
    seen = model.model.vision_backbone(
        inputs["pixel_values"], inputs["image_masks"], inputs["image_token_pooling"]
    )
    session = TextSession.read_images(model, inputs)
    tokens = np.random.default_rng(0).integers(0, 256, ANSWER).tolist()
    return seen, torch.cat([session.extend([[token]]).text for token in tokens])


@torch.inference_mode()
def main():
    """Print the figures."""
    std = np.array(MOLMO_CROPS.image_std, np.float32)
    for size in SIZES:
        exact, fast = (
            crop_padded_image(scene(0, size), MOLMO_CROPS, fast=fast).crops.pixel_values
            for fast in (False, True)
        )
        off = np.abs(exact - fast).reshape(-1, 3) * 255 * std
        print(f"{size}: colours off by {off.mean():.2f} levels, at most {off.max():.2f}; "
              f"more than half a level: {(off > 0.5).mean():.1%}")  # fmt: skip
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "molmo"
        write_checkpoint(folder, "molmo-d")
        pointers = [Pointer(folder, fast_resize=fast) for fast in (False, True)]
        for size in SIZES:
            (seen, logits), (ours, changed) = (read(one, scene(0, size)) for one in pointers)
            same = (logits.argmax(-1) == changed.argmax(-1)).float().mean()
            print(f"{size}: features {relative(ours, seen):.1e}, logits "
                  f"{relative(changed, logits):.1e}, the same best token: {same:.0%}")  # fmt: skip


if __name__ == "__main__":
    main()
