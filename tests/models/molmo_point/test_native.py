"""MolmoPoint beyond the vectors: what the published code cannot do, and saving what it can read."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from molmo_point.errors import ModelError, WeightsError
from molmo_point.models.molmo_point.config import MolmoPointConfig
from molmo_point.models.molmo_point.heat import HeatPrior
from molmo_point.models.molmo_point.layout import register_molmo_point_layout
from molmo_point.models.weights import load_model

TINY = Path(__file__).parents[2] / "vectors" / "data" / "molmo_point"


@pytest.fixture(scope="module")
def model():
    return load_model(TINY, "molmo_point", dtype=torch.float32, device="cpu")


def inputs_of(name):
    with np.load(TINY / f"{name}.npz") as data:
        arrays = {key: data[key] for key in data.files}
    return {
        "input_ids": torch.tensor(arrays["in_input_ids"]),
        "mm_token_type_ids": torch.tensor(arrays["in_token_type_ids"]).long(),
        "pixel_values": torch.tensor(arrays["in_pixel_values"]),
        "image_token_pooling": torch.tensor(arrays["md_token_pooling"]),
    }


@torch.inference_mode()
def test_a_batch_of_prompts_with_different_images_equals_them_one_by_one(model):
    one, two = inputs_of("single_scripted"), inputs_of("two_images_scripted")
    single = [model(**inputs, logits_to_keep=1) for inputs in (one, two)]
    short, long = one["input_ids"].shape[1], two["input_ids"].shape[1]
    pad = long - short
    patches = one["pixel_values"].shape[0] * one["pixel_values"].shape[1]
    pooling = two["image_token_pooling"]
    batch = model(
        input_ids=torch.cat(
            [torch.nn.functional.pad(one["input_ids"], (pad, 0)), two["input_ids"]]
        ),
        attention_mask=torch.cat([torch.arange(long)[None] >= pad, torch.ones(1, long) > 0]),
        mm_token_type_ids=torch.cat(
            [torch.nn.functional.pad(one["mm_token_type_ids"], (pad, 0)), two["mm_token_type_ids"]]
        ),
        pixel_values=torch.cat([one["pixel_values"], two["pixel_values"]]),
        image_token_pooling=torch.cat(
            [one["image_token_pooling"], torch.where(pooling < 0, pooling, pooling + patches)]
        ),
        logits_to_keep=1,
    )
    text = model.config.extended_vocab_size
    for row, alone in enumerate(single):
        ours, theirs = batch.logits[row, 0, :text], alone.logits[0, 0, :text]
        assert (ours - theirs).abs().max() <= 1e-4 * theirs[theirs > -9e4].abs().max()
        own = alone.point_keys.table.count[0]
        assert batch.point_keys.table.count[row] == own
        keys, alone_keys = (
            batch.point_keys.patch_key[row, :own],
            alone.point_keys.patch_key[0, :own],
        )
        assert (keys - alone_keys).abs().max() <= 1e-4 * alone_keys.abs().max()


@torch.inference_mode()
def test_a_prompt_of_words_alone(model):
    output = model(input_ids=torch.tensor([[258, 257, 84, 82]]))
    assert output.logits.shape == (1, 4, model.config.extended_vocab_size)
    assert output.point_keys is None
    with pytest.raises(ValueError, match="images"):
        model(input_ids=torch.tensor([[258, 600]]))


@torch.inference_mode()
def test_points_in_a_prompt_are_read_as_they_were_said(model):
    inputs = inputs_of("single_scripted")
    text, patches = model.config.extended_vocab_size, len(inputs["image_token_pooling"])
    said = torch.tensor([[text + 90, text + patches + 1 + 2, text + patches + 1 + 4 + 5, 16]])
    first = model(**inputs, use_cache=True)
    cache, last = first.past_key_values, first.last_patch
    stepped = []
    for token in said.T:
        step = model(
            input_ids=token[None],
            past_key_values=cache,
            point_keys=first.point_keys,
            last_patch=last,
        )
        last = step.last_patch
        stepped.append(step.logits[0, 0, :text])
    inputs["input_ids"] = torch.cat([inputs["input_ids"], said], dim=1)
    inputs["mm_token_type_ids"] = torch.nn.functional.pad(inputs["mm_token_type_ids"], (0, 4))
    whole = model(**inputs).logits[0, -4:, :text]
    for ours, theirs in zip(whole, stepped, strict=True):
        assert (ours - theirs).abs().max() <= 1e-4 * theirs[theirs > -9e4].abs().max()


def test_every_parameter_learns(model):
    inputs = inputs_of("single_scripted")
    text, patches = model.config.extended_vocab_size, len(inputs["image_token_pooling"])
    sub, place = text + patches + 1, text + patches + 1 + 4
    answer = [text + 80, sub + 2, place + 5, 16, text + 90, sub, place + 1, text + patches]
    ids = torch.cat([inputs["input_ids"], torch.tensor([answer])], dim=1)
    labels = torch.full_like(ids, -100)
    labels[0, -len(answer) :] = torch.tensor(answer)
    inputs["input_ids"] = ids
    inputs["mm_token_type_ids"] = torch.nn.functional.pad(inputs["mm_token_type_ids"], (0, 8))
    model.zero_grad()
    loss = model(**inputs, labels=labels).loss
    loss.backward()
    idle = [name for name, value in model.named_parameters() if not value.grad.abs().sum() > 0]
    assert idle == []
    step = 1e-3 / sum(float(p.grad.square().sum()) for p in model.parameters()) ** 0.5
    before = {name: value.detach().clone() for name, value in model.named_parameters()}
    with torch.no_grad():
        for value in model.parameters():
            value -= step * value.grad
        assert model(**inputs, labels=labels).loss < loss
        for name, value in model.named_parameters():
            value.copy_(before[name])
    model.zero_grad()


def test_images_need_token_types_and_matching_tokens(model):
    inputs = inputs_of("single_scripted")
    types = inputs.pop("mm_token_type_ids")
    with pytest.raises(ValueError, match="mm_token_type_ids"):
        model(**inputs)
    inputs["image_token_pooling"] = inputs["image_token_pooling"][:-1]
    with pytest.raises(ValueError, match="do not match"):
        model(**inputs, mm_token_type_ids=types)


def test_saving_gives_the_published_names_and_values_again(model, tmp_path):
    model.save_pretrained(tmp_path)
    with safe_open(str(TINY / "model.safetensors"), "pt") as theirs:
        published = {name: theirs.get_tensor(name) for name in theirs.keys()}  # noqa: SIM118
    ours = load_file(tmp_path / "model.safetensors")
    assert ours.keys() == published.keys()
    for name, value in published.items():
        torch.testing.assert_close(ours[name], value, rtol=0, atol=0)
    again = load_model(tmp_path, "molmo_point", dtype=torch.float32, device="cpu")
    for name, value in model.state_dict().items():
        torch.testing.assert_close(again.state_dict()[name], value, rtol=0, atol=0)


def test_the_auto_classes_know_it():
    from transformers import AutoConfig, AutoModelForImageTextToText

    register_molmo_point_layout()
    assert isinstance(AutoConfig.from_pretrained(TINY), MolmoPointConfig)
    model = AutoModelForImageTextToText.from_pretrained(TINY)
    assert type(model).__name__ == "MolmoPointForConditionalGeneration"


@pytest.mark.parametrize("fault", ["missing", "unknown", "odd"])
def test_tensors_that_do_not_fit_are_named(fault, tmp_path):
    tensors = load_file(TINY / "model.safetensors")
    name = "model.point_predictor.patch_q.bias"
    if fault == "missing":
        del tensors[name]
    elif fault == "unknown":
        name = "model.point_predictor.surprise"
        tensors[name] = torch.zeros(3)
    else:
        tensors[name] = torch.zeros(7)
    save_file(tensors, tmp_path / "model.safetensors", metadata={"format": "pt"})
    (tmp_path / "config.json").write_text((TINY / "config.json").read_text())
    with pytest.raises(WeightsError, match=name):
        load_model(tmp_path, "molmo_point", dtype=torch.float32, device="cpu")


def test_a_config_that_would_be_computed_wrongly_is_refused(tmp_path):
    text = (TINY / "config.json").read_text()
    (tmp_path / "config.json").write_text(
        text.replace('"patch_location": "3x3"', '"patch_location": "4x4"')
    )
    save_file(load_file(TINY / "model.safetensors"), tmp_path / "model.safetensors")
    with pytest.raises(ModelError, match="patch_location"):
        load_model(tmp_path, "molmo_point", dtype=torch.float32, device="cpu")


def test_the_heat_prior_is_the_distribution_of_the_next_point():
    torch.manual_seed(0)
    count, inside = 3, 2
    probability = torch.rand(1, count, inside) * 0.9 + 0.05
    s = probability.flatten().tolist()
    prior = HeatPrior.of(probability, torch.ones(1, count, inside, dtype=torch.bool))
    for last in (-1, 0, 3):
        last_patch = -1 if last < 0 else last // inside
        last_inside = -1 if last < 0 else last % inside
        expected = np.zeros(count + 1)
        for present in itertools.product((0, 1), repeat=count * inside):
            chance = np.prod([s[i] if here else 1 - s[i] for i, here in enumerate(present)])
            after = [i for i, here in enumerate(present) if here and i > last]
            expected[after[0] // inside if after else count] += chance
        given = torch.tensor([[last_patch]]), torch.tensor([[last_inside]])
        ours = prior.patch_prior(*given).exp()[0, 0]
        np.testing.assert_allclose(ours, expected, atol=1e-5)


@torch.inference_mode()
def test_the_global_views_embedding_is_a_switch(model):
    inputs = inputs_of("single_scripted")
    config = model.config
    low = inputs["input_ids"] == config.image_non_indexable_patch_id
    assert low.any()
    own = model(**inputs, logits_to_keep=1).logits
    as_others = {**inputs, "input_ids": inputs["input_ids"].clone()}
    try:
        config.shared_low_embedding = True
        shared = model(**inputs, logits_to_keep=1).logits
        table = model.model.language_model.embed_tokens.weight
        kept = table[config.image_non_indexable_patch_id].clone()
        config.shared_low_embedding = False
        table[config.image_non_indexable_patch_id] = table[config.image_patch_id]
        by_hand = model(**as_others, logits_to_keep=1).logits
        table[config.image_non_indexable_patch_id] = kept
    finally:
        config.shared_low_embedding = False
    assert not torch.allclose(own, shared)
    torch.testing.assert_close(shared, by_hand)
