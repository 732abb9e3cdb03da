"""Full-size models with random weights, and tiny ones to try the benchmarks on."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from clock import default_device
from decoding import make_tokenizer, write_answer
from transformers import AutoTokenizer

from molmo_point.dialects.grounded import GroundedDialect
from molmo_point.dialects.written import WrittenDialect
from molmo_point.models.joined import join_projections
from molmo_point.models.molmo.config import MolmoConfig
from molmo_point.models.molmo.model import MolmoForCausalLM
from molmo_point.models.molmo.processor import MolmoProcessor
from molmo_point.models.molmo_point.config import MolmoPointConfig
from molmo_point.models.molmo_point.crop_memory import CropMemory
from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.preprocessing.crops import CropConfig
from molmo_point.preprocessing.planned import cuts_crops
from molmo_point.preprocessing.tokens import TokenLayout

TOKENIZER = Path(__file__).parents[1] / "tests" / "vectors" / "data" / "molmo_point" / "tokenizer"
FIRST = 384  # id of that tokenizer's first image token
MOLMO = {
    "Molmo-7B-D": {},
    "tiny-Molmo": {
        "hidden_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
        "num_key_value_heads": 2, "intermediate_size": 256, "vocab_size": 1024,
        "embedding_size": 1024, "vit_layers": [-2, -3],
        "vision_backbone": {"image_emb_dim": 64, "image_mlp_dim": 128, "image_num_heads": 4,
                            "image_num_layers": 3},
    },
}  # fmt: skip
DENSE = {
    "model_type": "molmo", "hidden_size": 3584, "num_hidden_layers": 28, "num_attention_heads": 28,
    "num_key_value_heads": 4, "intermediate_size": 37888, "vocab_size": 152064,
    "embedding_size": 152064, "qkv_bias": True,
}  # fmt: skip
MOLMO_POINT = {  # text: width, layers, heads, key-value heads, head, inner, rows; vision; points
    "MolmoPoint-8B": ((4096, 36, 32, 8, 128, 12288, 151936), (1152, 4304, 27, 16, 72), 512),
    "small-MolmoPoint": ((512, 8, 8, 2, 64, 2048, FIRST), (64, 96, 4, 4, 16), 128),
    "tiny-MolmoPoint": ((64, 2, 4, 2, 16, 128, FIRST), (64, 96, 4, 4, 16), 32),
}
MODELS = (*MOLMO, *MOLMO_POINT)


def model_arguments(description):
    """Which model on which device: a full one on a GPU, else a tiny one."""
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    device = default_device()
    tiny = device == "cpu"
    parser.add_argument("--model", choices=MODELS, default="tiny-Molmo" if tiny else "Molmo-7B-D")
    parser.add_argument("--device", default=device)
    parser.add_argument("--dtype", default="float32" if tiny else "bfloat16")
    return parser


class Subject:
    """A model, its processor, and how it is asked.

    Args:
        name: one of `MODELS`.
        device: where it is.
        dtype: of its weights.
    """

    def __init__(self, name, device, dtype):
        self.name, self.device, self.grounded = name, device, name in MOLMO_POINT
        torch.manual_seed(0)
        torch.set_default_dtype(dtype)
        with torch.device(device):
            made = (_molmo_point if self.grounded else _molmo)(name)
        torch.set_default_dtype(torch.float32)
        self.model = made.eval().requires_grad_(requires_grad=False)
        if device.type == "cuda" and not self.grounded:
            join_projections(self.model.model.language_model)  # as when a checkpoint is loaded
        self.processor = (_grounding_processor if self.grounded else _processor)()
        if device.type == "cuda" and cuts_crops(self.processor.crop_config):
            self.processor = replace(self.processor, device=device)

    def encode(self, inputs):
        """The vision encoder and the connector alone."""
        if self.grounded:
            crops = CropMemory.encode(self.model.model.encode_crops, inputs.pixel_values)
            return self.model.model.pool_features(crops.features, inputs.image_token_pooling)
        return self.model.model.vision_backbone(
            inputs.pixel_values, inputs.image_masks, inputs.image_token_pooling
        )

    def look(self, image):
        """One image, read."""
        if self.grounded:
            return GroundedDialect.read(self.model, self.processor, [image])
        return WrittenDialect.read(self.model, self.processor, [image], [], '<point x="')

    def look_at_each(self, images):
        """Several, read together, and what that was filled up with."""
        if self.grounded:
            return GroundedDialect.read_each(self.model, self.processor, images)
        return WrittenDialect.read_each(self.model, self.processor, images, '<point x="')

    def answer(self, dialect, points):
        """Ids of an answer with so many points, the last of which ends it."""
        tokenizer = self.processor.tokenizer
        end = int(tokenizer.eos_token_id)
        if not self.grounded:
            return [*tokenizer(write_answer(points)).input_ids, end]
        ids = dialect._ids
        words = list(self.processor.opening_ids)
        for number in range(1, points + 1):
            patch = ids.text + self._selectable(dialect)[number * 3]
            words += [patch, ids.first_subpatch, ids.first_location + 4]
            words += self.processor.number_ids(number)
        closing = tokenizer('">bottles</points>', add_special_tokens=False).input_ids
        return [*words, ids.no_more_points, *closing, end]

    def _selectable(self, dialect):
        return dialect._session.keys.table.selectable[0].nonzero()[:, 0].tolist()

    def weights(self):
        """Bytes of the decoder, all of which a step reads."""
        layers = self.model.model.language_model.layers.parameters()
        return sum(value.nbytes for value in (*layers, *self.model.lm_head.parameters()))


def _molmo(name):
    return MolmoForCausalLM(MolmoConfig.from_dict(DENSE | MOLMO[name]))


def _molmo_point(name):
    text, (width, inner, layers, heads, head), dim = MOLMO_POINT[name]
    hidden, depth, queries, keys, each, wide, rows = text
    far = [-3, -9] if layers > 9 else [-2, -4]
    config = {
        "text_config": {
            "model_type": "molmo2_text", "additional_vocab_size": 128, "head_dim": each,
            "hidden_size": hidden, "intermediate_size": wide, "num_attention_heads": queries,
            "num_hidden_layers": depth, "num_key_value_heads": keys, "qk_norm_type": "qwen3",
            "qkv_bias": False, "use_qk_norm": True, "vocab_size": rows, "rope_theta": 1000000.0,
        },
        "adapter_config": {
            "model_type": "molmo2", "head_dim": head, "hidden_size": width,
            "intermediate_size": wide, "num_attention_heads": heads, "num_key_value_heads": heads,
            "pooling_attention_mask": True, "text_hidden_size": hidden, "vit_layers": far,
            "attention_pooling_out_layer": False,
        },
        "vit_config": {
            "model_type": "molmo2", "head_dim": head, "hidden_size": width,
            "image_default_input_size": [378, 378], "image_num_pos": 729, "image_patch_size": 14,
            "intermediate_size": inner, "num_attention_heads": heads, "num_hidden_layers": layers,
            "num_key_value_heads": heads,
        },
        "image_start_token_id": FIRST, "image_end_token_id": FIRST + 1,
        "image_patch_id": FIRST + 2, "image_col_id": FIRST + 3, "image_low_res_id": FIRST + 6,
        "image_non_indexable_patch_id": FIRST + 6, "low_res_image_start_token_id": None,
        "frame_start_token_id": FIRST + 7, "frame_end_token_id": FIRST + 8,
        "patch_token_id": FIRST + 11, "subpatch_token_id": FIRST + 12,
        "location_token_id": FIRST + 13, "patch_embed_dim": dim, "use_frame_special_tokens": True,
    }  # fmt: skip
    return MolmoPointForConditionalGeneration(MolmoPointConfig.from_dict(config))


def _processor():
    return MolmoProcessor(make_tokenizer())


def _grounding_processor():
    crops = CropConfig((378, 378), 14, 8, (4, 4), (2, 2), (0.5,) * 3, (0.5,) * 3)
    layout = TokenLayout(
        use_single_crop_col_tokens=False,
        use_frame_special_tokens=True,
        use_low_res_token_for_global_crops=True,
    )
    return MolmoPointProcessor(AutoTokenizer.from_pretrained(TOKENIZER), crops, layout)
