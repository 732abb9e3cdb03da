"""Writes small checkpoints with random weights in each published layout, shards and index included.

`python -m tests.published.small FOLDER` writes one of each kind below FOLDER.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import AutoTokenizer

from molmo_point.models.molmo.processor import MolmoProcessor
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.preprocessing.crops import CropConfig
from molmo_point.preprocessing.tokens import TokenLayout
from molmo_point.preprocessing.video import VideoConfig
from tests.conftest import make_byte_tokenizer
from tests.published import configs, layouts

TOKENIZER = Path(__file__).parents[1] / "vectors" / "data" / "molmo_point" / "tokenizer"
CLIP = {"width": 64, "inner": 128, "layers": 9, "positions": 577, "patch": 588}
SIGLIP = {"width": 64, "inner": 96, "layers": 3, "positions": 169, "patch": 588}
BACKBONE = {
    "vision_backbone": {
        "image_emb_dim": 64, "image_mlp_dim": 128, "image_num_heads": 4, "image_num_layers": 9,
    }
}  # fmt: skip
VISION = (64, 96, 4, 4, 16, 182)
QWEN = (64, 2, 4, 2, 16, 128, 384)
OLMO = (64, 2, 4, 4, 16, 128, 384)
POST_NORM = {"norm_after": True, "attention_layer_norm": True, "qkv_bias": False}
SCALING = {
    "rope_type": "yarn", "factor": 8.0, "attention_factor": 1.2, "beta_fast": 32, "beta_slow": 1,
    "original_max_position_embeddings": 512,
}  # fmt: skip
OLMO3 = {
    "norm_after": True, "qk_norm_type": "olmo", "rope_scaling": SCALING, "rope_scaling_layers": [1],
}  # fmt: skip

KINDS = {
    "molmoe": (
        configs.molmoe(64, 2, 4, 512, 8, 2, vocab_size=500, **BACKBONE),
        layouts.molmo(64, 2, 64, 64, 512, norms=True, experts=8, sizes=CLIP),
    ),
    "molmo-o": (
        configs.dense_molmo(64, 2, 4, 4, 192, 512, vocab_size=500, **POST_NORM, **BACKBONE),
        layouts.molmo(64, 2, 64, 192, 512, norms=True, sizes=CLIP),
    ),
    "molmo-d": (
        configs.dense_molmo(64, 2, 4, 2, 256, 512, **BACKBONE),
        layouts.molmo(64, 2, 32, 256, 512, bias=True, sizes=CLIP),
    ),
    "molmo2": (configs.molmo2(QWEN, VISION, 384), layouts.molmo2(*QWEN, sizes=SIGLIP)),
    "molmo2-o": (
        configs.molmo2(OLMO, VISION, 384, **OLMO3),
        layouts.molmo2(*OLMO, full_norms=True, sizes=SIGLIP),
    ),
    "molmo-point": (
        configs.molmo_point(QWEN, VISION, 384, 32),
        layouts.molmo_point(*QWEN, 32, sizes=SIGLIP),
    ),
    "molmo-point-tied": (
        configs.molmo_point(QWEN, VISION, 384, 32, tie_word_embeddings=True),
        layouts.molmo_point(*QWEN, 32, tied=True, sizes=SIGLIP),
    ),
}
"""Kind -> configuration and tensors."""


def random_tensors(shapes, seed=0):
    """Weights that keep activations sane: norms near one, matrices by their width."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in shapes.items():
        value = torch.randn(shape, generator=generator)
        if len(shape) == 1 and name.endswith("norm.weight"):
            value = 1 + 0.1 * value
        elif len(shape) == 2:
            value *= shape[1] ** -0.5
        tensors[name] = value
    return tensors


def write_shards(folder, tensors, count):
    """Published big checkpoints: several files, and an index that says what is where."""
    names = sorted(tensors)
    index = {"metadata": {"total_size": sum(t.nbytes for t in tensors.values())}, "weight_map": {}}
    for number in range(count):
        file = f"model-{number + 1:05d}-of-{count:05d}.safetensors"
        part = {name: tensors[name].contiguous() for name in names[number::count]}
        save_file(part, folder / file, metadata={"format": "pt"})
        index["weight_map"] |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def write_checkpoint(folder, kind, shards=3):
    """Write one; returns its tensors."""
    config, shapes = KINDS[kind]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    tensors = random_tensors(shapes)
    write_shards(folder, tensors, shards)
    if config["model_type"] == "molmo":
        base = 500 if config["vocab_size"] == 500 else 512
        MolmoProcessor(make_byte_tokenizer(base)).save_pretrained(folder)
        return tensors
    grounded = config["model_type"] == "molmo_point"
    frame = CropConfig((182, 182), 14, 1, (0, 0), (3, 3), (0.5,) * 3, (0.5,) * 3)
    MolmoPointProcessor(
        AutoTokenizer.from_pretrained(TOKENIZER),
        CropConfig((182, 182), 14, 4, (4, 4), (2, 2), (0.5,) * 3, (0.5,) * 3),
        TokenLayout(
            use_single_crop_col_tokens=False,
            use_frame_special_tokens=grounded,
            use_low_res_token_for_global_crops=grounded,
        ),
        VideoConfig(frame, num_frames=6, max_fps=2),
    ).save_pretrained(folder)
    return tensors


if __name__ == "__main__":
    for name in KINDS:
        write_checkpoint(Path(sys.argv[1]) / name, name)
