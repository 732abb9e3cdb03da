"""The heat prior's reading of names."""

from types import SimpleNamespace

import torch

from molmo_point.models.molmo_point.heat import HeatHead


def head(*, own):
    torch.manual_seed(0)
    config = SimpleNamespace(
        text_config=SimpleNamespace(hidden_size=12),
        vit_feature_dim=16,
        heat_dim=8,
        heat_names=[[[1]], [[2]], [[1, 2]]],  # fire, truck, fire truck
        heat_colours=[[[3]]],
        heat_meanings=[[[1]], [[4]]],
        heat_places=[],
        heat_anything=[],
        heat_frame=0,
        heat_trust=(1.0, 0.0) * 4,
        heat_roles=[],
        heat_own_vectors=own,
    )
    return HeatHead(config)


def test_a_name_of_two_words_may_be_likelier_than_both_of_its_words():
    features, table = torch.randn(50, 16), torch.randn(6, 12)
    plain, own = head(own=False), head(own=True)
    own.load_state_dict(plain.state_dict(), strict=False)
    fire, truck, both = plain.name_logits(features, table)[0].detach()[:, 1:].T
    assert (both <= torch.maximum(fire, truck)).all()
    before, after = (each.name_logits(features, table)[0] for each in (plain, own))
    torch.testing.assert_close(before, after)  # at first it says nothing of its own
    before, after = (each.meaning_logits(features, table) for each in (plain, own))
    torch.testing.assert_close(before, after)
    with torch.no_grad():
        own.own["names"][2] = 20 * own.looks(features)[7]
    assert own.name_logits(features, table)[0][7].argmax() == 3
