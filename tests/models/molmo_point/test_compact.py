"""The compact form of a small model against the class on transformers' parts."""

import json
import math
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from molmo_point import Pointer
from molmo_point.data.scenes import generate_scene
from molmo_point.decoding.batching import decode_continuously
from molmo_point.dialects.grounded import GroundedDialect
from molmo_point.models import registry
from molmo_point.models.fixed_memory import can_be_captured
from molmo_point.models.molmo_point.bare_tokenizer import BareTokenizer
from molmo_point.models.molmo_point.compact import CompactMolmoPoint
from molmo_point.models.molmo_point.compact_config import read_compact_config
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.models.weights import load_compact, load_model

FOLDER = Path(registry.__file__).parent / "embedded"
QUESTIONS = ["red circles", "objects", "stars", "the second square"]


@pytest.fixture(scope="module")
def pair():
    native = load_model(FOLDER, "molmo_point", dtype=torch.float32)
    return load_compact(FOLDER, dtype=torch.float32, device="cpu"), native


def picture(size):
    return np.ascontiguousarray(generate_scene(3, "dev", size=size, kind="shapes").image)


@torch.inference_mode()
def test_features_and_states_are_the_same(pair):
    inputs = MolmoPointProcessor.from_pretrained(FOLDER).encode_image_prefix([picture((400, 300))])
    readings = []
    for model in pair:
        features = model.model.encode_crops(inputs.pixel_values)
        pooled = model.model.pool_features(features, inputs.image_token_pooling)
        reading = model.read(inputs.input_ids, image=inputs.mm_token_type_ids == 1, features=pooled)
        readings.append((features, pooled.tokens, reading.states, reading.keys.patch_key))
    for ours, theirs in zip(*readings, strict=True):
        assert (ours - theirs).abs().max() <= 1e-4 * theirs.abs().max()


def test_the_registry_states_its_size(pair):
    with safe_open(FOLDER / "model.safetensors", "pt") as file:
        shapes = [file.get_slice(name).get_shape() for name in file.keys()]  # noqa: SIM118
    assert registry.find_model(None)[0].parameters == sum(math.prod(shape) for shape in shapes)


def test_it_answers_in_fixed_memory_as_it_does_on_a_gpu(pair):
    compact, _ = pair
    assert not can_be_captured(compact)  # on the CPU
    processor = MolmoPointProcessor.from_pretrained(FOLDER)
    dialect = GroundedDialect.read(compact, processor, [picture((400, 300))])
    options = dialect.options(single=False, words=False)
    for query in QUESTIONS:
        question = dialect.encode_question(f"Point to {query}")
        plain = [choice.token for choice in dialect.decode([question], options)]
        with dialect.board(1) as board:
            fixed = decode_continuously(board, [dialect.request(question)], options)
            assert [choice.token for choice in fixed] == plain


def test_points_are_the_same(pair):
    pointers = []
    for model in pair:
        pointer = Pointer()
        pointer._opened = registry.OpenModel(pointer.spec, model, pointer._opened.processor)
        pointers.append(pointer)
    for size in ((192, 192), (500, 280)):
        views = [pointer.look(picture(size)) for pointer in pointers]
        for ours, theirs in zip(*(view.points(QUESTIONS) for view in views), strict=True):
            assert ours.xy().tolist() == theirs.xy().tolist()
            assert [point.confidence for point in ours] == pytest.approx(
                [point.confidence for point in theirs], abs=1e-3
            )


def test_the_tokenizer_is_the_same():
    from transformers import AutoTokenizer

    theirs, ours = AutoTokenizer.from_pretrained(FOLDER), BareTokenizer(FOLDER)
    assert len(ours) == len(theirs)
    assert ours.get_vocab() == theirs.get_vocab()
    for name in ("bos_token_id", "eos_token_id", "pad_token_id", "unk_token_id"):
        assert getattr(ours, name) == getattr(theirs, name)
    for text in ("point to the red apples", "<|im_start|>user x<|im_end|>", "zyzzyva", ""):
        for split in (False, True):
            options = {"add_special_tokens": False, "split_special_tokens": split}
            ids = ours(text, **options).input_ids
            assert ids == theirs(text, **options).input_ids
            assert ours.decode(ids) == theirs.decode(ids)
    assert ours.convert_tokens_to_ids(["red", "zyzzyva"]) == theirs.convert_tokens_to_ids(
        ["red", "zyzzyva"]
    )


def test_what_it_is_not_made_for_runs_on_transformers_parts(tmp_path):
    assert read_compact_config(tmp_path) is None
    config = json.loads((FOLDER / "config.json").read_text())
    config["text_config"]["norm_after"] = True
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert read_compact_config(tmp_path) is None


def test_it_is_what_the_embedded_model_runs_on(tmp_path):
    pointer = Pointer()
    assert isinstance(pointer._opened.model, CompactMolmoPoint)
    shutil.copytree(FOLDER, tmp_path / "model")
    pointer._opened.processor.save_pretrained(tmp_path / "model")
    again = Pointer(tmp_path / "model")
    assert isinstance(again._opened.model, CompactMolmoPoint)
    assert again.point(picture((192, 192)), "stars") == pointer.point(picture((192, 192)), "stars")


def test_a_first_point_imports_neither_transformers_nor_a_compiler():
    code = (
        "import sys, numpy; from molmo_point import Pointer; "
        "Pointer().point(numpy.zeros((64, 64, 3), numpy.uint8), 'stars'); "
        "sys.exit(sorted({'transformers', 'sympy', 'torch._dynamo'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
