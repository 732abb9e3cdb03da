"""Quantised weights: which ones, how many bytes, and what they cost in accuracy."""

import pytest
import torch
from transformers import PreTrainedModel

from molmo_point import Pointer
from molmo_point.errors import ModelError
from molmo_point.models.precision import PRECISIONS, find_precision
from molmo_point.models.registry import MODELS
from tests.published.layouts import PUBLISHED
from tests.published.small import write_checkpoint


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("precision")
    for kind in ("molmo-d", "molmo-point", "molmoe"):
        write_checkpoint(root / kind, kind)
    return root


@pytest.mark.parametrize("kind", ["molmo-d", "molmo-point"])
@pytest.mark.parametrize(("name", "most"), [("int8", 0.05), ("int4", 0.35)])
def test_only_the_decoders_matrices_are_small(kind, name, most, folder):
    whole = Pointer(folder / kind, dtype="bfloat16")._opened.model
    small = Pointer(folder / kind, dtype=name)._opened.model
    kept = {key: value.dtype for key, value in small.named_parameters()}
    quantised = {key for key, dtype in kept.items() if dtype in (torch.int8, torch.uint8)}
    expected = {
        key
        for key, value in whole.named_parameters()
        if "language_model.layers" in key and value.ndim == 2
    }
    assert quantised == expected
    assert {kept[key] for key in kept.keys() - quantised} == {torch.bfloat16}
    ids = torch.tensor([[5, 6, 7, 8, 9]])
    with torch.inference_mode():
        right, ours = (model(input_ids=ids).logits[..., :300].float() for model in (whole, small))
    assert 0 < (ours - right).norm() / right.norm() < most  # of random weights, which suffer most


def test_expected_bytes_are_those_of_the_quantised_matrices():
    from bitsandbytes.functional import quantize_4bit

    weight = torch.randn(512, 512)
    packed, state = quantize_4bit(weight, quant_type="nf4", compress_statistics=True)
    nested = state.state2.absmax.nbytes
    real = packed.nbytes + state.absmax.nbytes + nested
    ours = PRECISIONS["int4"].weight_bytes(weight.numel(), weight.numel())
    assert ours == pytest.approx(real, rel=0.01)
    assert PRECISIONS["bfloat16"].weight_bytes(10, 8) == 20
    assert PRECISIONS["int8"].weight_bytes(10, 8) == 12


def test_the_table_of_models_counts_the_decoders_matrices():
    for spec in MODELS[1:]:
        if "MolmoE" in spec.name:
            continue
        matrices = sum(
            shape[0] * shape[1]
            for name, shape in PUBLISHED[spec.name].items()
            if "transformer.blocks" in name and len(shape) == 2
        )
        assert spec.matrices == matrices, spec.name


def test_experts_cannot_be_quantised_and_it_says_so(folder):
    with pytest.raises(ModelError, match="experts, which cannot be kept in 4 bits"):
        Pointer(folder / "molmoe", dtype="int4")


def test_short_names_and_unknown_ones():
    assert find_precision("bf16") is PRECISIONS["bfloat16"]
    with pytest.raises(ModelError, match='no dtype "int3"'):
        find_precision("int3")


def test_a_device_map_spreads_a_model_over_what_there_is(folder, monkeypatch):
    load, maps = PreTrainedModel.from_pretrained.__func__, []

    def watched(cls, *args, **options):
        maps.append(options.get("device_map"))
        return load(cls, *args, **options)

    monkeypatch.setattr(PreTrainedModel, "from_pretrained", classmethod(watched))
    spread, plain = (
        Pointer(folder / "molmo-d", device=device, dtype="float32") for device in ("auto", "cpu")
    )
    assert maps == ["auto", None]
    device = spread._opened.model.device.type
    assert device == ("cuda" if torch.cuda.is_available() else "cpu")
    image = torch.zeros(3, 60, 60, dtype=torch.uint8)
    said = plain.ask(image, "What is this?")
    assert said
    assert device != "cpu" or spread.ask(image, "What is this?") == said


def test_images_may_be_scaled_as_bytes(folder):
    import numpy as np

    image = np.random.default_rng(0).integers(0, 256, (400, 700, 3), dtype=np.uint8)
    exact, fast = (
        Pointer(folder / "molmo-d", fast_resize=fast)
        ._opened.processor.encode_image_prefix([image])
        .pixel_values
        for fast in (False, True)
    )
    assert 0 < (exact - fast).abs().max() < 1.01 / 255 / 0.26
    with pytest.raises(ModelError, match="fast_resize"):
        Pointer(fast_resize=True)


def test_fewer_crops_are_fewer_image_tokens(folder):
    import numpy as np

    image = np.zeros((400, 700, 3), dtype=np.uint8)
    tokens = [
        Pointer(folder / "molmo-d", max_crops=crops)
        ._opened.processor.encode_image_prefix([image])
        .input_ids.shape[1]
        for crops in (2, 6)
    ]
    assert tokens[0] < tokens[1]
