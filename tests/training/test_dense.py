"""The loss of naming patches: each thing counts, however many patches it has."""

import torch

from molmo_point.data.worlds import DRAWN
from molmo_point.training.build import build_model
from molmo_point.training.config import ModelSize
from molmo_point.training.dense import _token_weights, dense_loss

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


def test_the_global_view_counts_for_less_and_nothing_at_all_is_no_loss():
    model, _ = build_model(SIZE, DRAWN, 0)
    heat, table = model.model.heat, model.model.language_model.embed_tokens.weight
    features = torch.randn(1, 16, heat.key.in_features)
    ignored, extents = torch.full((1, 16), -100), torch.zeros(1, 16, 4)
    names = torch.zeros(1, 16, dtype=torch.long)
    centres = torch.zeros(1, 16, dtype=torch.bool)
    parts = (features, table, names, ignored, ignored, centres, extents)
    assert torch.isfinite(dense_loss(heat, *parts).total)
    names[0, [5, 12]] = 3
    weights = _token_weights(torch.tensor([[2, 4, 2, 4]]))[None]
    assert weights.tolist() == [[0.25] * 8 + [1.0] * 8]
    half = (value[:, 8:] for value in (names, ignored, ignored, centres, extents))
    alone = dense_loss(heat, features[:, 8:], table, *half).total
    torch.testing.assert_close(dense_loss(heat, *parts, (weights == 1).float()).total, alone)
