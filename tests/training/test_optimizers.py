from molmo_point.data.worlds import DRAWN
from molmo_point.training.build import build_model
from molmo_point.training.config import ModelSize
from molmo_point.training.optimizers import make_optimizers

SIZE = ModelSize(
    crop=96, patch=12, margin=1, max_crops=4, vision_width=32, vision_layers=2, text_width=48,
    text_layers=1, point_dim=16, heat_dim=16,
)  # fmt: skip


def test_each_parameter_has_one_optimiser_and_the_layers_matrices_have_muon():
    model, _ = build_model(SIZE, DRAWN, 0)
    adam, muon = make_optimizers(model, 1e-3, 0.1)
    of = [
        {id(value) for group in one.param_groups for value in group["params"]}
        for one in (adam, muon)
    ]
    assert not of[0] & of[1]
    assert of[0] | of[1] == {id(value) for value in model.parameters()}
    layers = model.model.vision_tower.layers
    assert of[1] == {id(value) for value in layers.parameters() if value.ndim == 2}
    decayed = {
        value.ndim for group in adam.param_groups if group["weight_decay"]
        for value in group["params"]
    }  # fmt: skip
    assert min(decayed) == 2
