"""The silent traps of Molmo2: each test fails if this package falls into one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer

from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.models.text_session import TextSession
from molmo_point.models.weights import load_model
from molmo_point.preprocessing.crops import CropConfig
from molmo_point.preprocessing.tokens import TokenLayout
from molmo_point.preprocessing.video import VideoConfig, sample_frames

DATA = Path(__file__).parents[1] / "vectors" / "data"
CROPS = CropConfig((182, 182), 14, 4, (4, 4), (2, 2), (0.5,) * 3, (0.5,) * 3)


@pytest.fixture(scope="module")
def model():
    return load_model(DATA / "molmo2" / "qwen3", "molmo2", dtype=torch.float32)


@pytest.fixture(scope="module")
def processor():
    tokenizer = AutoTokenizer.from_pretrained(DATA / "molmo_point" / "tokenizer")
    return MolmoPointProcessor(tokenizer, CROPS, TokenLayout(use_single_crop_col_tokens=False))


def images():
    return [np.full((60, 90, 3), value, dtype=np.uint8) for value in (40, 200)]


def logits(model, inputs):
    with torch.inference_mode():
        return model(**inputs).logits[0, -1]


def test_image_tokens_see_each_other_both_ways(model, processor):
    inputs = processor(["Point to the cups"], [images()]).model_inputs()
    right = logits(model, inputs)
    kinds = inputs["mm_token_type_ids"]
    separators = torch.isin(inputs["input_ids"], torch.tensor(processor.vision_tokens.ids))
    assert torch.equal(kinds.bool(), separators)  # columns, starts and ends among them
    causal = logits(model, {**inputs, "mm_token_type_ids": torch.zeros_like(kinds)})
    assert (right - causal).abs().max() > 1e-3


def test_pooling_counts_over_all_crops_of_all_images(model, processor):
    inputs = processor(["Point to the cups"], [images()]).model_inputs()
    pooling = inputs["image_token_pooling"]
    crops, patches = inputs["pixel_values"].shape[:2]
    assert set(pooling[pooling >= 0].tolist()) == set(range(crops * patches))
    restarted = pooling.clone()
    second = len(pooling) // 2
    restarted[second:][restarted[second:] >= 0] -= crops // 2 * patches
    wrong = logits(model, {**inputs, "image_token_pooling": restarted})
    assert (logits(model, inputs) - wrong).abs().max() > 1e-3


def test_additional_tokens_have_no_row_in_the_head(model, processor):
    inputs = processor.encode_image_prefix(images()[:1]).model_inputs()
    with torch.inference_mode():
        session = TextSession.read_images(model, inputs)
    assert session.vocabulary.text == model.config.text_config.vocab_size
    assert model.get_input_embeddings().num_embeddings > session.vocabulary.text
    assert int(inputs["input_ids"].max()) >= session.vocabulary.text


def test_a_prompt_begins_with_bos_which_is_the_end_of_a_turn(processor):
    ids = processor(["Point to the cups"], [images()[:1]]).input_ids[0].tolist()
    assert ids[0] == processor.tokenizer.convert_tokens_to_ids("<|im_end|>")
    assert ids.count(processor.vision_tokens.end) == 2  # then the image: global view, canvas


@pytest.mark.parametrize(("total", "fps"), [(100, 10.0), (101, 30.0), (5, 25.0), (4000, 24.0)])
def test_a_videos_last_frame_is_always_seen(total, fps):
    config = VideoConfig(CROPS, num_frames=64, max_fps=2)
    indices = sample_frames(total, fps, config)
    assert indices[-1] == total - 1
    native = np.arange(0, total, total / len(indices)).astype(int)
    assert native[-1] != total - 1  # transformers' own sampling
