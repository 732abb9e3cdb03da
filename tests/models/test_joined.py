"""Joined projections give what separate ones gave, with fewer products and no more memory."""

import pytest
import torch
from torch import nn

from molmo_point.models.joined import join_projections
from molmo_point.models.weights import load_model
from tests.published.small import KINDS, write_checkpoint

MOLMO = [kind for kind, (config, _) in KINDS.items() if config["model_type"] == "molmo"]


@pytest.mark.parametrize("kind", MOLMO)
def test_a_joined_decoder_says_the_same_with_fewer_products(kind, tmp_path, monkeypatch):
    write_checkpoint(tmp_path, kind)
    model = load_model(tmp_path, "molmo", dtype=torch.float32)
    decoder, products = model.model.language_model, []
    plain = nn.functional.linear
    monkeypatch.setattr(nn.functional, "linear", lambda *given: products.append(1) or plain(*given))
    states = torch.randn(2, 7, decoder.config.hidden_size)
    with torch.inference_mode():
        before, separate = decoder(inputs_embeds=states).last_hidden_state, len(products)
        size = sum(value.numel() for value in decoder.parameters())
        saved = join_projections(decoder)
        products.clear()
        after = decoder(inputs_embeds=states).last_hidden_state
    assert saved >= 2 * len(decoder.layers)
    assert len(products) == separate - saved
    assert sum(value.numel() for value in decoder.parameters()) == size
    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-5)


def test_asked_out_of_turn_each_multiplies_by_itself():
    torch.manual_seed(0)
    layer = nn.Module()
    layer.q_proj, layer.k_proj, layer.v_proj = (nn.Linear(6, size) for size in (8, 2, 4))
    one, other = torch.randn(3, 6), torch.randn(3, 6)
    with torch.no_grad():
        wanted = [layer.k_proj(other), layer.v_proj(one), layer.q_proj(one)]
        assert join_projections(layer) == 2
        layer.q_proj(one)
        got = [layer.k_proj(other), layer.v_proj(one), layer.q_proj(one)]
    for value, plain in zip(got, wanted, strict=True):
        torch.testing.assert_close(value, plain)


def test_what_is_no_plain_layer_or_differs_stays():
    layer = nn.Module()
    layer.gate_proj, layer.up_proj = nn.Linear(6, 8), nn.Linear(6, 8, bias=False)
    assert join_projections(layer) == 0
    assert type(layer.gate_proj) is nn.Linear
