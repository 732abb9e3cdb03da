"""The first generation computes what its published code computes: every array of every case."""

import json
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from benchmarks import preprocessing as plain
from molmo_point.decoding.engine import decode
from molmo_point.decoding.options import DecodeOptions
from molmo_point.models.molmo.processor import MolmoProcessor
from molmo_point.models.text_session import TextSession
from molmo_point.models.weights import load_model
from molmo_point.preprocessing.crops import select_tiling
from molmo_point.preprocessing.padded import MOLMO_CROPS, crop_padded_image
from molmo_point.preprocessing.tokens import TokenLayout, VisionTokens, image_token_ids

RELATIVE = 1e-4  # of the largest value of the array, in float32
PIXELS = 1e-5


def make_image(height, width, seed):
    """The picture of the cases, by the formula of their README."""
    y, x = np.mgrid[:height, :width].astype(np.int64)
    red = (7 * x + 3 * y + 31 * seed) % 256
    green = ((x // 16 + y // 12) % 2) * 200 + (x * y // 64) % 56
    blue = (x * x // 97 + y * y // 61 + 17 * seed) % 256
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def kind_of(case):
    """Name of the checkpoint, such as "dense_qwen2": the longest beginning that has a file."""
    parts = case.path.stem.split("_")
    for length in range(len(parts) - 1, 0, -1):
        name = "_".join(parts[:length])
        if any((folder / f"{name}.config.json").exists() for folder in folders_of(case)):
            return name
    pytest.fail(f"{case.path} has no .config.json beside it")


def folders_of(case):
    return [case.path.parent, case.nearest("*.config.json").parent]


def folder_of(case):
    """Where the checkpoint of a case is."""
    name = f"{kind_of(case)}.safetensors"
    return next(folder for folder in folders_of(case) if (folder / name).exists())


@cache
def load(folder, kind, cache_folder):
    """The checkpoint with its configuration spelt as published."""
    raw = json.loads((folder / f"{kind}.config.json").read_text())
    values = {**raw["LLM"], "vision_backbone": raw["VIT"], "model_type": "molmo"}
    if "num_experts" in values:
        values |= {"moe_num_experts": values["num_experts"], "moe_top_k": values.pop("top_k")}
        values |= {"mlp_ratio": 1, "attention_layer_norm": True, "qkv_bias": False}
    else:
        values["intermediate_size"] = values["mlp_hidden_size"]
    place = cache_folder / kind
    place.mkdir()
    (place / "config.json").write_text(json.dumps(values))
    (place / "model.safetensors").symlink_to(folder / f"{kind}.safetensors")
    return load_model(place, "molmo", dtype=torch.float32), raw["special_base"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("molmo")


@pytest.fixture
def opened(molmo_case, folder, byte_tokenizer):
    model, base = load(folder_of(molmo_case), kind_of(molmo_case), folder)
    crops = replace(MOLMO_CROPS, max_crops=int(molmo_case.arrays["max_crops"]))
    return model, MolmoProcessor(byte_tokenizer(base), crops)


def case_image(case):
    return make_image(*(int(side) for side in case.arrays["image_hw"]), seed=7)


def question_of(case):
    """The words between the template's."""
    prompt = str(case.arrays["prompt"])
    assert prompt.startswith(" User: ")
    assert prompt.endswith(" Assistant:")
    return prompt.removeprefix(" User: ").removesuffix(" Assistant:")


def assert_close(ours, theirs, what):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, what
    scale = max(np.abs(theirs).max(initial=0.0), 1e-3)
    assert np.abs(ours - theirs).max(initial=0.0) <= RELATIVE * scale, what


def index_of_windows(crops, config, first):
    """The published `image_input_idx` [n, 144] from our table: token of each pooled window."""
    rows, cols = (side // 2 for side in config.crop_patches)
    index = np.full((len(crops.pixel_values), rows * cols), -100)
    cells = crops.grid
    places = [first + 1 + 13 * r + c for r in range(cells[0]) for c in range(cells[1])]
    start = first + 1 + cells[0] * (cells[1] + 1) + 2
    places += [start + (cells[3] + 1) * r + c for r in range(cells[2]) for c in range(cells[3])]
    for place, patches in zip(places, crops.token_pooling, strict=True):
        crop, patch = divmod(int(patches[0]), rows * cols * 4)
        index[crop, patch // (2 * cols) // 2 * cols + patch % (2 * cols) // 2] = place
    return index


def test_images_become_the_published_crops(molmo_crops_case):
    arrays = molmo_crops_case.arrays
    image = make_image(*(int(side) for side in arrays["image_hw"]), seed=1)
    made = crop_padded_image(image, MOLMO_CROPS)
    assert list(made.crops.pixel_values.shape) == arrays["crops_shape"].tolist()
    np.testing.assert_array_equal(made.masks, arrays["image_masks"])
    values = made.crops.pixel_values.reshape(-1)[arrays["sample_pos"]]
    assert np.abs(values - arrays["sample_val"]).max() <= PIXELS
    ids = {"start": 152064, "end": 152065, "patch": 152066, "col": 152067}
    tokens = VisionTokens(low=-1, low_start=-1, frame_start=-1, frame_end=-1, **ids)
    written = image_token_ids(
        made.crops.grid, tokens, TokenLayout(use_single_crop_start_token=False)
    )
    np.testing.assert_array_equal(written, arrays["tokens"])
    index = index_of_windows(made.crops, MOLMO_CROPS, 0)
    np.testing.assert_array_equal(index, arrays["image_input_idx"])
    height, width = image.shape[:2]
    assert select_tiling(height, width, MOLMO_CROPS) == tuple(arrays["tiling"])


def test_the_plain_form_that_benchmarks_compare_with_is_the_published_one(molmo_crops_case):
    arrays = molmo_crops_case.arrays
    image = make_image(*(int(side) for side in arrays["image_hw"]), seed=1)
    pixels, masks = plain.crop_padded_plainly(image)
    np.testing.assert_array_equal(masks, arrays["image_masks"])
    values = pixels.reshape(-1)[arrays["sample_pos"]]
    assert np.abs(values - arrays["sample_val"]).max() <= PIXELS


def test_images_are_tiled_as_published(molmo_tilings_case):
    few = replace(MOLMO_CROPS, max_crops=4)
    for height, width, *tilings in molmo_tilings_case.arrays["table"].tolist():
        ours = [*select_tiling(height, width, MOLMO_CROPS), *select_tiling(height, width, few)]
        assert ours == tilings, (height, width)


def test_prompts_become_the_published_inputs(molmo_case, opened):
    arrays, (_, processor) = molmo_case.arrays, opened
    inputs = processor([question_of(molmo_case)], [case_image(molmo_case)])
    np.testing.assert_array_equal(inputs.input_ids[0], arrays["input_ids"])
    np.testing.assert_array_equal(inputs.image_masks, arrays["image_masks"])
    if "images_f16" in arrays:
        stored = arrays["images_f16"].astype(np.float32)
        assert np.abs(inputs.pixel_values.numpy() - stored).max() <= 1e-3  # half precision
    crops = crop_padded_image(case_image(molmo_case), processor.crop_config).crops
    index = index_of_windows(crops, processor.crop_config, 1)
    np.testing.assert_array_equal(index, arrays["image_input_idx"])
    prefix = processor.encode_image_prefix([case_image(molmo_case)]).input_ids[0].tolist()
    whole = [*prefix, *processor.encode_question(question_of(molmo_case))]
    assert whole == arrays["input_ids"].tolist()


@torch.inference_mode()
def test_every_stage_has_the_published_numbers(molmo_case, opened):
    arrays, (model, processor) = molmo_case.arrays, opened
    inputs = processor([question_of(molmo_case)], [case_image(molmo_case)])
    backbone = model.model.vision_backbone
    features = backbone(inputs.pixel_values, inputs.image_masks, inputs.image_token_pooling)
    index = arrays["image_input_idx"].reshape(-1)
    used = np.flatnonzero(index >= 0)
    stored = arrays["image_features"].reshape(len(index), -1)
    assert_close(features, stored[used[np.argsort(index[used])]], "image_features")
    if "vit_layer_m2_crop0" in arrays:
        layers = backbone.image_vit(inputs.pixel_values[:1], [-2, -9])[0]
        both = [arrays["vit_layer_m2_crop0"][1:], arrays["vit_layer_m9_crop0"][1:]]
        assert_close(layers, np.concatenate(both, axis=-1), "vision layers")
    output = model(**inputs.model_inputs(), output_hidden_states=True)
    assert_close(output.logits[0, -8:], arrays["logits_last8"], "logits_last8")
    best = output.logits[0].argmax(-1).numpy()
    np.testing.assert_array_equal(best, arrays["logits_argmax_all"])
    hidden = output.hidden_states
    parts = {
        "hidden0_last8": hidden[0][0, -8:],
        "hidden0_first40": hidden[0][0, :40],
        "hidden1_last8": hidden[1][0, -8:],
        "final_hidden_last8": hidden[-1][0, -8:],
    }
    for name, value in parts.items():
        if name in arrays:
            assert_close(value, arrays[name], name)
    if "logits_last_if_mask_aligned" in arrays:
        mended = np.abs(output.logits[0, -1].numpy() - arrays["logits_last_if_mask_aligned"]).max()
        assert mended > 0.01  # masks that fit their crops are not what was trained


@torch.inference_mode()
def test_padding_and_company_change_nothing(molmo_case, opened):
    arrays, (model, processor) = molmo_case.arrays, opened
    texts, image = [question_of(molmo_case), "How many?"], case_image(molmo_case)
    alone = model(**processor(["How many?"]).model_inputs()).logits[0, -1]
    for side in ("left", "right"):
        inputs = processor(texts, [image, None], padding_side=side)
        logits = model(**inputs.model_inputs()).logits
        last = inputs.attention_mask.cumsum(1).argmax(1)
        assert_close(logits[0, int(last[0])], arrays["logits_last8"][-1], side)
        assert_close(logits[1, int(last[1])], alone, side)
    if "text_logits_last8" in arrays:
        inputs = processor([question_of(molmo_case)])
        np.testing.assert_array_equal(inputs.input_ids[0], arrays["text_input_ids"])
        logits = model(**inputs.model_inputs()).logits[0, -8:]
        assert_close(logits, arrays["text_logits_last8"], "text_logits_last8")


def test_greedy_answers_are_the_published_ones(molmo_case, opened):
    arrays, (model, processor) = molmo_case.arrays, opened
    with torch.inference_mode():
        prefix = processor.encode_image_prefix([case_image(molmo_case)])
        session = TextSession.read_images(model, prefix.model_inputs())
    question = processor.encode_question(question_of(molmo_case))
    choices = decode(session.fork([0]), [question], DecodeOptions(limit=8))
    ours = [choice.token for choice in choices]
    inputs = processor([question_of(molmo_case)], [case_image(molmo_case)])
    generated = model.generate(
        **inputs.model_inputs(), max_new_tokens=8, do_sample=False, eos_token_id=-1, pad_token_id=0
    )
    assert generated[0, inputs.input_ids.shape[1] :].tolist() == ours
    if "greedy8" in arrays:
        assert ours == arrays["greedy8"].tolist()
    assert ours[0] == arrays["logits_argmax_all"][-1]


def test_saving_gives_the_published_tensors(molmo_case, opened, tmp_path):
    model, _ = opened
    model.save_pretrained(tmp_path)
    saved = load_file(tmp_path / "model.safetensors")
    theirs = load_file(folder_of(molmo_case) / f"{kind_of(molmo_case)}.safetensors")
    assert saved.keys() == theirs.keys()
    assert all(torch.equal(saved[name], theirs[name].float()) for name in saved)
