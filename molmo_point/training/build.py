"""A new small MolmoPoint: config, tokenizer, processor and random weights from a few sizes."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from tokenizers import AddedToken, Tokenizer, models, normalizers, pre_tokenizers
from torch import nn
from transformers import PreTrainedTokenizerFast
from transformers.models.molmo2.configuration_molmo2 import (
    Molmo2AdapterConfig,
    Molmo2TextConfig,
    Molmo2VisionConfig,
)

from molmo_point.data.names import COLOURS, EVERYTHING
from molmo_point.data.screens.words import PLACE_WORDS
from molmo_point.data.worlds import World
from molmo_point.models.molmo_point.asked import PLACES
from molmo_point.models.molmo_point.config import MolmoPointConfig
from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.preprocessing.crops import CropConfig
from molmo_point.preprocessing.tokens import VISION_TOKENS, TokenLayout
from molmo_point.training.config import ModelSize

__all__ = [
    "begin_overview", "build_config", "build_model", "build_processor", "build_tokenizer",
    "silence_decoder",
]  # fmt: skip

_CHAT = ("<|im_end|>", "<|im_start|>", "[UNK]", '<points coords="', '">', "</points>")
_GROUNDING = ("<|points|>", "<|token_index|>", "<|vit_index|>", "<|vit_loc|>")
_NUMBERS = 64
_FRAME = 2  # "<|im_start|> user": the second is also a word for an icon


def build_tokenizer(words: Sequence[str]) -> PreTrainedTokenizerFast:
    """A tokenizer whose tokens are these lower-case words, small numbers and the special tokens.

    Words that it does not know become `[UNK]`; special tokens come last, as in published models.
    """
    base = ["<|endoftext|>", *_CHAT, *(str(number) for number in range(_NUMBERS)), *words]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys(base))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = ["<|endoftext|>", *_CHAT[:3], *VISION_TOKENS.values(), *_GROUNDING]
    tokenizer.add_special_tokens([AddedToken(word, normalized=False) for word in special])
    tokenizer.add_tokens([AddedToken(word, normalized=False) for word in _CHAT[3:]])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<|im_end|>",
        eos_token="<|im_end|>",
        pad_token="<|endoftext|>",
        unk_token="[UNK]",
        clean_up_tokenization_spaces=False,
    )


def build_processor(size: ModelSize, words: Sequence[str]) -> MolmoPointProcessor:
    """Crops and tokens of a model of this size."""
    crops = CropConfig(
        crop_size=(size.crop, size.crop),
        patch_size=size.patch,
        max_crops=size.max_crops,
        overlap_margins=(size.margin, size.margin),
        pooling_size=(2, 2),
        image_mean=(0.5, 0.5, 0.5),
        image_std=(0.5, 0.5, 0.5),
    )
    layout = TokenLayout(use_low_res_token_for_global_crops=True)
    return MolmoPointProcessor(build_tokenizer(words), crops, layout)


def build_config(
    size: ModelSize, tokenizer: PreTrainedTokenizerFast, world: World
) -> MolmoPointConfig:
    """The published configuration's fields, filled for this size."""
    ids = {name: tokenizer.convert_tokens_to_ids(text) for name, text in VISION_TOKENS.items()}
    patch, subpatch, location = tokenizer.convert_tokens_to_ids(list(_GROUNDING[1:]))
    vision, adapter, text = _part_configs(size, len(tokenizer))
    return MolmoPointConfig(
        vision_config=vision,
        adapter_config=adapter,
        text_config=text,
        image_patch_id=ids["patch"],
        image_start_token_id=ids["start"],
        image_end_token_id=ids["end"],
        image_col_id=ids["col"],
        low_res_image_start_token_id=ids["low_start"],
        image_non_indexable_patch_id=ids["low"],
        frame_start_token_id=ids["frame_start"],
        frame_end_token_id=ids["frame_end"],
        patch_token_id=patch,
        subpatch_token_id=subpatch,
        location_token_id=location,
        patch_embed_dim=size.point_dim,
        patch_stem=size.stem,
        overview_dim=size.overview,
        heat_dim=size.heat_dim,
        heat_own_vectors=size.own_vectors,
        heat_names=_words(tokenizer, [world.spellings(name) for name in world.names]),
        heat_colours=_words(tokenizer, [_COLOUR_WORDS.get(word, (word,)) for word in COLOURS]),
        heat_frame=_FRAME,
        heat_anything=[int(value) for value in tokenizer.convert_tokens_to_ids(list(EVERYTHING))]
        if world.meanings
        else [],
        heat_roles=[rank for rank, name in enumerate(world.names) if name in world.roles],
        heat_meanings=_words(tokenizer, list(world.meanings.values())),
        heat_places=_words(tokenizer, [PLACE_WORDS.get(word, (word,)) for word in PLACES])
        if world.meanings
        else [],
        normalise_location=True,
        points_only=True,
    )


_COLOUR_WORDS = {"gray": ("gray", "grey")}


def _words(
    tokenizer: PreTrainedTokenizerFast, lists: Sequence[Sequence[str]]
) -> list[list[list[int]]]:
    """Every spelling as token ids, each once, in order."""
    ids = [[tokenizer(word).input_ids for word in dict.fromkeys(words)] for words in lists]
    return [[[int(value) for value in spelling] for spelling in row] for row in ids]


def _part_configs(
    size: ModelSize, vocabulary: int
) -> tuple[Molmo2VisionConfig, Molmo2AdapterConfig, Molmo2TextConfig]:
    """Vision encoder, connector, decoder."""
    extra, side = len(VISION_TOKENS) + len(_GROUNDING), size.crop // size.patch
    heads = {
        "num_attention_heads": size.vision_width // 32,
        "num_key_value_heads": size.vision_width // 32,
        "head_dim": 32,
    }
    vision = Molmo2VisionConfig(
        hidden_size=size.vision_width,
        intermediate_size=3 * size.vision_width,
        num_hidden_layers=size.vision_layers,
        image_size=[size.crop, size.crop],
        patch_size=size.patch,
        num_position_embeddings=side * side,
        **heads,
    )
    adapter = Molmo2AdapterConfig(
        vision_feature_layer=[size.vision_layers - 1, size.vision_layers // 2 - 1],
        hidden_size=size.vision_width,
        intermediate_size=2 * size.text_width,
        text_hidden_size=size.text_width,
        attention_pooling_out_layer=False,
        **heads,
    )
    text = Molmo2TextConfig(
        hidden_size=size.text_width,
        num_attention_heads=size.text_width // 48,
        num_key_value_heads=size.text_width // 48,
        head_dim=48,
        vocab_size=vocabulary - extra,
        additional_vocab_size=extra,
        num_hidden_layers=size.text_layers,
        intermediate_size=size.text_width * 8 // 3,
        max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": 10000.0},
    )
    return vision, adapter, text


def build_model(
    size: ModelSize, world: World, seed: int
) -> tuple[MolmoPointForConditionalGeneration, MolmoPointProcessor]:
    """A model with random weights and its processor; the same for the same arguments."""
    processor = build_processor(size, world.vocabulary)
    torch.manual_seed(seed)
    model = MolmoPointForConditionalGeneration(build_config(size, processor.tokenizer, world))
    _initialise(model)
    return model, processor


@torch.no_grad()
def silence_decoder(model: MolmoPointForConditionalGeneration) -> None:
    """Leave the choice of patches to the heat prior, until questions have been learnt."""
    predictor = model.model.point_predictor
    for query in (predictor.patch_q, predictor.subpatch_q):
        nn.init.zeros_(query.weight)
        nn.init.zeros_(query.bias)


@torch.no_grad()
def begin_overview(model: MolmoPointForConditionalGeneration) -> None:
    """Let the global view say at first what things are called, not where they are."""
    body = model.model
    if body.overview is not None:
        apart = torch.cat([body.heat.extent.weight, body.heat.centre.weight])
        body.overview.begin(apart * body.heat.feature_norm.weight)


@torch.no_grad()
def _initialise(model: MolmoPointForConditionalGeneration) -> None:
    """Weights on the scale that a narrow model needs; 0.02, made for wide ones, learns slower."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            last = name.endswith(("o_proj", "fc2", "down_proj"))  # writes into a residual stream
            nn.init.normal_(module.weight, std=module.in_features**-0.5 * (0.4 if last else 1.0))
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
    silence_decoder(model)
    begin_overview(model)
    nn.init.normal_(model.model.vision_tower.positional_embedding, std=0.3)
    nn.init.normal_(model.model.language_model.embed_tokens.weight, std=0.5)
