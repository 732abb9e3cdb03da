"""Molmo2 on native classes with our preprocessing says what the published code says."""

from functools import cache

import numpy as np
import torch

from molmo_point.decoding.engine import decode
from molmo_point.decoding.options import DecodeOptions
from molmo_point.models.text_session import TextSession
from molmo_point.models.weights import load_model

RELATIVE = 1e-4


@cache
def load(folder):
    return load_model(folder, "molmo2", dtype=torch.float32)


def inputs_of(case):
    """Tensors under native names; pooling counts over all crops, as our processor does it."""
    arrays = case.arrays
    pooling, start, row = arrays["in_image_token_pooling"].copy(), 0, 0
    for grid, crops in zip(arrays["in_image_grids"], arrays["in_image_num_crops"], strict=True):
        rows = int(grid[0] * grid[1] + grid[2] * grid[3])
        part = pooling[row : row + rows]
        part[part >= 0] += start
        row, start = row + rows, start + int(crops) * arrays["in_pixel_values"].shape[1]
    names = ("input_ids", "attention_mask", "pixel_values", "image_grids", "image_num_crops")
    inputs = {name: torch.tensor(arrays[f"in_{name}"]) for name in names}
    kinds = torch.tensor(arrays["in_token_type_ids"]).long()
    return {**inputs, "image_token_pooling": torch.tensor(pooling), "mm_token_type_ids": kinds}


def assert_close(ours, theirs):
    assert np.abs(np.asarray(ours) - theirs).max() <= RELATIVE * np.abs(theirs).max()


@torch.inference_mode()
def test_logits_and_answers_are_the_published_ones(words_case):
    arrays = words_case.arrays
    model = load(words_case.nearest("model.safetensors").parent)
    inputs = inputs_of(words_case)
    logits = model(**inputs).logits[0]
    assert_close(logits[-8:], arrays["logits_last8"])
    assert_close(logits[::16][: len(arrays["logits_every_16th"])], arrays["logits_every_16th"])
    answer = arrays["generated_ids"].reshape(-1).tolist()
    # the last tokens of the prompt are the question; the image is read before it
    cut = 6
    prefix = {
        name: value[:, :-cut] if value.shape == inputs["input_ids"].shape else value
        for name, value in inputs.items()
    }
    session = TextSession.read_images(model, prefix)
    question = inputs["input_ids"][0, -cut:].tolist()
    choices = decode(session.fork([0, 0]), [question] * 2, DecodeOptions(limit=len(answer)))
    said = [[], []]
    for choice in choices:
        said[choice.row].append(choice.token)
    assert said == [answer, answer]


@torch.inference_mode()
def test_without_token_types_the_numbers_are_others(words_case):
    inputs = inputs_of(words_case)
    del inputs["mm_token_type_ids"]
    causal = load(words_case.nearest("model.safetensors").parent)(**inputs).logits[0, -1].numpy()
    right = words_case.arrays["logits_last8"][-1]
    assert np.abs(causal - right).max() > 10 * RELATIVE * np.abs(right).max()
