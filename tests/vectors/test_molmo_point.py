"""MolmoPoint computes what the published code computes: every array of every case."""

import json
import re
from functools import cache

import numpy as np
import pytest
import torch
from transformers import LogitsProcessor

from molmo_point.decoding.constraints import PointRules
from molmo_point.decoding.engine import decode
from molmo_point.decoding.options import DecodeOptions
from molmo_point.models.molmo_point.answers import read_answer, spell_answer
from molmo_point.models.molmo_point.grounding import rotate_by_order
from molmo_point.models.molmo_point.locations import PatchGrids, PointTokens
from molmo_point.models.molmo_point.session import PointSession
from molmo_point.models.steps import ExtendedVocabulary
from molmo_point.models.weights import load_model

RELATIVE = 1e-4  # of the largest value of the array, in float32


@cache
def load(folder):
    return load_model(folder, "molmo_point", dtype=torch.float32, device="cpu")


def model_of(case):
    return load(case.nearest("molmo_point/model.safetensors").parent)


def tokenizer_of(case):
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(
        case.nearest("molmo_point/tokenizer/tokenizer.json").parent
    )


def assert_close(ours, theirs, what):
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, what
    known = ~np.isnan(theirs) & (theirs > -9e4)  # the rest is masked: -1e5 and lower
    scale = max(np.abs(theirs[known]).max(initial=0.0), 1e-3)
    assert np.abs(ours[known] - theirs[known]).max(initial=0.0) <= RELATIVE * scale, what
    masked = ~np.isnan(theirs) & ~known
    np.testing.assert_allclose(ours[masked], theirs[masked], rtol=1e-6, err_msg=what)


def prefill(case):
    arrays, model = case.arrays, model_of(case)
    video = "in_pixel_values_videos" in arrays
    pixels = "pixel_values_videos" if video else "pixel_values"
    pooling = "video_token_pooling" if video else "image_token_pooling"
    inputs = {
        "input_ids": torch.tensor(arrays["in_input_ids"]),
        "attention_mask": torch.tensor(arrays["in_attention_mask"]),
        "mm_token_type_ids": torch.tensor(arrays["in_token_type_ids"]).long(),
        pixels: torch.tensor(arrays[f"in_{pixels}"]),
        pooling: torch.tensor(arrays["md_token_pooling"]),
    }
    return model, inputs


@torch.inference_mode()
def test_every_step_of_the_answer_has_the_published_logits(answer_case):
    arrays = answer_case.arrays
    model, inputs = prefill(answer_case)
    output = model(**inputs, use_cache=True)
    keys = output.point_keys
    caches = {
        "cache_patch_k": keys.patch_key,
        "cache_subpatch_k": keys.subpatch_key,
        "image_features": keys.table.features[0][:, None],
    }
    for name, value in caches.items():
        if name in arrays:
            assert_close(value, arrays[name], name)
    if "cache_patch_k_mask" in arrays:
        np.testing.assert_array_equal(keys.table.selectable, arrays["cache_patch_k_mask"])
    if "cache_image_pos_ids" in arrays:
        np.testing.assert_array_equal(keys.table.order, arrays["cache_image_pos_ids"])
    assert_close(output.logits[0, -1], arrays["step_logits"][0], "step 0")
    generated = torch.tensor(arrays["generated_ids"])
    cache = output.past_key_values
    predictor = model.model.point_predictor
    last = output.last_patch[:, -1]
    for step in range(1, generated.shape[1]):
        token = generated[:, step - 1 : step]
        reading = model.read(token, cache=cache, keys=keys, last_patch=last)
        last = reading.last_patch[:, -1]
        logits = model.logits(reading, token, first=False)
        assert_close(logits[0, 0], arrays["step_logits"][step], f"step {step}")
        states, chosen = reading.states, reading.last_patch.clamp(min=0)
        heads = {
            "step_patch_logits": predictor.patch_logits(states, reading.rotation, keys),
            "step_subpatch_logits": predictor.subpatch_logits(states, chosen, keys),
            "step_location_logits": predictor.location_logits(states),
        }
        for name, value in heads.items():
            assert_close(value[0, 0], arrays[name][step], f"{name} {step}")


@torch.inference_mode()
def test_generate_of_transformers_sees_the_published_logits(answer_case):
    arrays = answer_case.arrays
    model, inputs = prefill(answer_case)
    answer, start = arrays["generated_ids"][0].tolist(), inputs["input_ids"].shape[1]
    seen = []

    class Say(LogitsProcessor):
        def __call__(self, ids, scores):
            seen.append(scores[0].clone())
            scores[:, answer[ids.shape[1] - start]] += 1e6
            return scores

    inputs["image_num_crops"] = torch.tensor([1])  # of the processor, which is not needed
    said = model.generate(
        **inputs, max_new_tokens=len(answer), do_sample=False, logits_processor=[Say()],
        eos_token_id=[-1], pad_token_id=0,
    )  # fmt: skip
    assert said[0, start:].tolist() == answer
    for step, logits in enumerate(seen):
        assert_close(logits, arrays["step_logits"][step], f"step {step}")


def grids_of(arrays):
    if "md_subpatch_mapping" in arrays:
        sizes = [tuple(int(side) for side in arrays["md_video_size"])]
        maps = list(arrays["md_subpatch_mapping"])
        return PatchGrids(arrays["md_token_pooling"], maps, sizes, arrays["timestamps"].tolist())
    sizes = [tuple(int(side) for side in size) for size in arrays["md_image_sizes"]]
    maps = [arrays[f"md_subpatch_mapping_{index}"] for index in range(len(sizes))]
    return PatchGrids(arrays["md_token_pooling"], maps, sizes)


def test_points_and_text_of_the_answer_are_the_published_ones(answer_case):
    arrays = answer_case.arrays
    tokens = arrays["generated_ids"][0].tolist()
    model, tokenizer = model_of(answer_case), tokenizer_of(answer_case)
    patches, subpatches = arrays["md_token_pooling"].shape
    ids = ExtendedVocabulary(model.config.extended_vocab_size, patches, subpatches, 9)
    grids = grids_of(arrays)
    rows = []
    for found in read_answer(tokens, ids, tokenizer.decode):
        point = grids.to_point(found.tokens, object_id=found.object_id)
        assert point is not None
        where = point.image_index if point.timestamp is None else point.timestamp
        rows.append([point.object_id, where, point.x, point.y])
        assert grids.to_tokens(point.x, point.y, image_of(grids, point)) == found.tokens
    expected = np.asarray(arrays["points"], dtype=np.float64).reshape(-1, 4)
    np.testing.assert_allclose(np.array(rows).reshape(-1, 4), expected, rtol=1e-12)
    assert spell_answer(tokens, ids, tokenizer.decode) == str(arrays["generated_text"])


def image_of(grids, point):
    return point.image_index if point.timestamp is None else grids.timestamps.index(point.timestamp)


@torch.inference_mode()
def test_greedy_decoding_in_the_published_order_gives_the_published_words(answer_case):
    arrays = answer_case.arrays
    expected = arrays["generated_ids"][0].tolist()
    model, inputs = prefill(answer_case)
    text = model.config.extended_vocab_size
    if any(token >= text for token in expected):
        expected = []  # scripted: those words are not the model's own; decoding must still work
    image = inputs["mm_token_type_ids"] == 1
    end = int(image[0].nonzero().max()) + 1
    pixels = inputs.get("pixel_values", inputs.get("pixel_values_videos"))
    pooling = inputs.get("image_token_pooling", inputs.get("video_token_pooling"))
    features = model.model.pool_features(model.model.encode_crops(pixels), pooling)
    ids = inputs["input_ids"]
    session = PointSession.read_images(
        model, ids[:, :end], ids[:, :end] >= 0, image[:, :end], features
    )
    options = DecodeOptions(
        stop=frozenset({258}), limit=len(expected) or 8, hub_order=True, empty_list=False
    )
    choices = list(decode(session.fork([0]), [ids[0, end:].tolist()], options))
    tokens = [choice.token for choice in choices]
    assert tokens[: len(expected)] == expected
    assert all(0.0 < choice.probability <= 1.0 for choice in choices)
    again = [choice.token for choice in decode(session, [ids[0, end:].tolist()], options)]
    assert again == tokens  # and the fork left the session as it was


def test_rotary(rotary_case):
    arrays = rotary_case.arrays
    rotated = rotate_by_order(
        torch.tensor(arrays["x"]), torch.tensor(arrays["pos"]), float(arrays["theta"])
    )
    assert_close(rotated, arrays["out"], "rotary")


def test_the_rules_allow_what_the_published_ones_allow(rules_case):
    arrays = rules_case.arrays
    described = json.loads(rules_case.path.with_suffix(".json").read_text())
    checked = 0
    for entry in described:
        number = entry["case"]
        tokens, allowed = arrays[f"ids_{number}"][0].astype(int), arrays[f"allowed_{number}"]
        ids = ExtendedVocabulary(
            entry["vocab"], entry["n_patches"], entry["n_subpatches"], entry["n_locations"]
        )
        if not entry["no_more_points_class"]:  # there the class has no id; ours always has one
            tokens = np.where(tokens >= ids.no_more_points, tokens + 1, tokens)
            allowed = np.insert(allowed, ids.no_more_points, np.False_)
        rules = PointRules(
            ids,
            no_more_points=entry["no_more_points_class"],
            sorted_patches=entry["force_patch_sorted"],
            sorted_subpatches=entry["force_subpatch_sorted"] and entry["prevent_repeats"],
        )
        rules.feed(tokens.tolist())
        ours = np.zeros(ids.size, dtype=bool)
        ours[: ids.text] = rules.phase == "text"
        ours[ids.text : ids.no_more_points + 1] = rules.allowed_patches()
        if rules.phase == "patch":
            ours[ids.first_subpatch : ids.first_location] = rules.allowed_subpatches()
        ours[ids.first_location :] = rules.phase == "subpatch"
        np.testing.assert_array_equal(ours, allowed[: ids.size], err_msg=f"case {number}")
        checked += 1
    assert checked


def test_points_of_a_video_answer(extract_case):
    arrays = extract_case.arrays
    patches, subpatches = arrays["pooling"].shape
    size = tuple(int(side) for side in arrays["video_size"])
    grids = PatchGrids(
        arrays["pooling"], list(arrays["mapping"]), [size], arrays["timestamps"].tolist()
    )
    pattern = r"<POINT_(\d+)> ?<POINT_(\d+)> ?<POINT_(\d+)> ?(\d+)"
    rows = []
    for match in re.finditer(pattern, str(arrays["text"])):
        patch, subpatch, location, number = map(int, match.groups())
        tokens = PointTokens(patch, subpatch - (patches + 1), location - (patches + 1) - subpatches)
        point = grids.to_point(tokens, object_id=number)
        if point is not None:
            rows.append([number, point.timestamp, point.x, point.y])
    np.testing.assert_allclose(np.array(rows).reshape(-1, 4), arrays["points"], rtol=1e-12)


def test_a_wrong_folder_is_not_a_checkpoint(tmp_path):
    from molmo_point.errors import WeightsError

    with pytest.raises(WeightsError, match="safetensors"):
        load_model(tmp_path, "molmo_point", dtype=torch.float32, device="cpu")
