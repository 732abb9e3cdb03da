"""Each checkpoint at its full size, without memory: names, shapes and count of its tensors."""

import json
import math

import pytest
import torch
from transformers.core_model_loading import revert_weight_conversion

from molmo_point.models.registry import MODELS
from molmo_point.models.weights import model_class
from tests.published.configs import CONFIGS
from tests.published.layouts import PUBLISHED, TOTALS


def join_embeddings(shapes):
    tables = ("model.transformer.wte.embedding", "model.transformer.wte.new_embedding")
    rows = sum(shapes[name][0] for name in tables)
    rest = {name: shape for name, shape in shapes.items() if name not in tables}
    return rest | {"model.transformer.wte": (rows, shapes[tables[0]][1])}


@pytest.mark.parametrize("name", PUBLISHED)
def test_names_shapes_and_count_are_the_published_ones(name, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIGS[name]))
    spec = next(spec for spec in MODELS if spec.name == name)
    make = model_class(tmp_path, spec.generation)
    with torch.device("meta"):
        model = make(make.config_class.from_pretrained(tmp_path))
    state = model.state_dict()
    for tied in model.all_tied_weights_keys:
        state.pop(tied)
    ours = {
        key: tuple(value.shape) for key, value in revert_weight_conversion(model, state).items()
    }
    theirs = PUBLISHED[name]
    if spec.generation == "molmo2":  # transformers' own saving halves the table, loading does not
        ours, theirs = join_embeddings(ours), join_embeddings(theirs)
    assert ours == theirs
    total = sum(math.prod(shape) for shape in ours.values())
    assert total == TOTALS.get(name, total)
    assert math.isclose(spec.parameters, total, rel_tol=1e-9)


def test_the_table_is_of_all_published_checkpoints():
    assert {spec.name for spec in MODELS} - {"embedded"} == set(PUBLISHED) == set(CONFIGS)
