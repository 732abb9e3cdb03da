"""The loss of naming patches: each thing counts, however many patches it has."""

import torch

from molmo_point.data.worlds import DRAWN
from molmo_point.training.build import build_model
from molmo_point.training.config import ModelSize
from molmo_point.training.dense import dense_loss

SIZE = ModelSize(
    crop=96, patch=12, max_crops=2, vision_width=32, vision_layers=2, text_width=48,
    text_layers=1, point_dim=16, heat_dim=16,
)  # fmt: skip


def test_a_name_that_is_wrong_where_a_thing_has_its_centre_costs_more():
    model, _ = build_model(SIZE, DRAWN, 0)
    heat, table = model.model.heat, model.model.language_model.embed_tokens.weight
    features = torch.randn(heat.key.in_features).expand(1, 16, -1)  # all patches look the same
    centres = torch.zeros(1, 16, dtype=torch.bool)
    centres[0, 4] = True
    ignored, extents = torch.full((1, 16), -100), torch.zeros(1, 16, 4)
    extents[0, :9] = 1.0

    def cost(wrong=None):
        names = torch.zeros(1, 16, dtype=torch.long)
        names[0, :9] = 3
        if wrong is not None:
            names[0, wrong] = 7
        loss = dense_loss(heat, features, table, names, ignored, ignored, centres, extents)
        return float(loss.total.detach())

    beside, centre = (abs(cost(wrong) - cost()) for wrong in (0, 4))
    assert beside > 0
    assert centre > 3 * beside
