"""What the global view adds lies where it belongs."""

from types import SimpleNamespace

import torch
from torch import nn

from molmo_point.data.worlds import DRAWN
from molmo_point.models.molmo_point.overview import Overview
from molmo_point.training.build import build_model
from molmo_point.training.config import ModelSize

GRIDS = torch.tensor([[4, 4, 6, 10], [4, 4, 4, 4]])
TOKENS = 16 + 60 + 16 + 16


def overview(features=3):
    """One that adds what the global view says, unchanged."""
    made = Overview(SimpleNamespace(vit_feature_dim=features, overview_dim=features))
    made.norm = nn.Identity()
    made.begin(torch.zeros(1, features))
    with torch.no_grad():
        made.skip.weight.copy_(torch.eye(features) / 3)
        made.gate.bias.fill_(30)
        made.mix.bias.zero_()
    return made


def centres(rows, cols):
    """Height and width of the middle of every patch, as shares, plus 10: [rows * cols, 4, 2]."""
    y = (torch.arange(2 * rows) + 0.5) / (2 * rows) + 10
    x = (torch.arange(2 * cols) + 0.5) / (2 * cols) + 10
    grid = torch.stack(torch.meshgrid(y, x, indexing="ij"), -1)
    return grid.reshape(rows, 2, cols, 2, 2).transpose(1, 2).reshape(rows * cols, 4, 2)


@torch.inference_mode()
def test_each_patch_of_the_canvas_hears_of_its_own_place():
    patches = torch.zeros(TOKENS, 4, 3)
    patches[:16, :, :2], patches[76:92, :, :2] = centres(4, 4), centres(4, 4)
    patches[76:92, :, 2] = 11  # the second image alone
    valid = torch.ones(TOKENS, 4, dtype=torch.bool)
    out = overview()(patches, valid, GRIDS)
    first = centres(6, 10)
    inside = ((first - 10.5).abs() < 0.5 - 1 / 16).all(-1)  # the edges repeat the outermost
    assert inside.sum() > 100
    assert torch.allclose(out[16:76, :, :2][inside], first[inside], atol=1e-4)
    assert (out[16:76, :, 2] == 0).all()
    assert torch.allclose(out[92:, :, :2], centres(4, 4), atol=1e-4)
    assert torch.allclose(out[92:, :, 2], torch.tensor(11.0), atol=1e-4)


@torch.inference_mode()
def test_the_global_view_and_what_is_not_there_stay():
    torch.manual_seed(0)
    patches, valid = torch.randn(TOKENS, 4, 3), torch.ones(TOKENS, 4, dtype=torch.bool)
    valid[20, 2] = valid[95, 1] = False
    patches[~valid] = 0
    out = overview()(patches, valid, GRIDS)
    assert (out[:16] == patches[:16]).all()
    assert (out[76:92] == patches[76:92]).all()
    assert (out[~valid] == 0).all()
    assert (out[16:76][valid[16:76]] != patches[16:76][valid[16:76]]).any(-1).all()


@torch.inference_mode()
def test_a_new_one_says_what_things_are_called_and_not_where_they_are():
    size = ModelSize(
        crop=96, patch=12, vision_width=32, vision_layers=2, text_width=48,
        text_layers=1, point_dim=32, heat_dim=32, overview=16,
    )  # fmt: skip
    model, processor = build_model(size, DRAWN, 0)
    body, heat = model.model, model.model.heat
    picture = torch.randint(0, 255, (130, 250, 3), dtype=torch.uint8).numpy()
    inputs = processor.encode_image_prefix([picture])
    features = body.encode_crops(inputs.pixel_values)
    plain = body.pool_features(features, inputs.image_token_pooling)
    told = body.pool_features(features, inputs.image_token_pooling, inputs.image_grids)
    said = told.patches - plain.patches
    assert (said @ heat.key.weight.T).abs().amax() > 0.1
    for layer in (heat.centre, heat.extent):
        assert (said @ layer.weight.T).abs().amax() < 1e-4
    assert (plain.tokens == told.tokens).all()
