"""The embedded model's card is one text in two places."""

from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_card_beside_the_weights_is_the_documented_one():
    card = ROOT / "molmo_point" / "models" / "embedded" / "CARD.md"
    assert card.read_text() == (ROOT / "docs" / "embedded-model.md").read_text()
