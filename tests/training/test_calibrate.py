"""How far shares are believed is fitted, and kept in the checkpoint."""

import json

import numpy as np
import pytest

from molmo_point import Pointer
from molmo_point.training.calibrate import calibrate, fit_trust
from molmo_point.training.config import ModelSize, TrainingConfig
from molmo_point.training.export import export_checkpoint
from molmo_point.training.loop import Trainer

SIZE = ModelSize(
    crop=96, patch=12, max_crops=2, vision_width=32, vision_layers=2, text_width=48,
    text_layers=1, point_dim=16, heat_dim=16,
)  # fmt: skip


def test_the_fit_finds_the_scale_and_shift_that_made_the_data():
    rng = np.random.default_rng(0)
    odds = rng.normal(-3, 2, 6000)
    right = rng.random(6000) < 1 / (1 + np.exp(-(1.4 * odds + 4.0)))
    scale, shift, _ = fit_trust(odds, right)
    assert scale == pytest.approx(1.4, abs=0.15)
    assert shift == pytest.approx(4.0, abs=0.4)


def test_the_fit_finds_how_much_others_count():
    rng = np.random.default_rng(0)
    odds, rivals = rng.normal(-1, 2, (2, 6000))
    right = rng.random(6000) < 1 / (1 + np.exp(-(0.8 * odds + 1.0 - 0.4 * rivals)))
    assert fit_trust(odds, right, rivals=rivals) == pytest.approx((0.8, 1.0, 0.4), abs=0.1)


def test_without_examples_of_both_kinds_the_model_is_believed():
    assert fit_trust(np.array([-0.8, -0.4]), np.array([True, True])) == (1.0, 0.0, 0.0)
    assert fit_trust(np.zeros(0), np.zeros(0, dtype=bool)) == (1.0, 0.0, 0.0)


def test_what_was_fitted_is_in_the_checkpoint(tmp_path):
    export_checkpoint(Trainer.start(TrainingConfig(model=SIZE)), tmp_path)
    trust = calibrate(tmp_path, ["drawn"], 3, (90, 90))
    config = json.loads((tmp_path / "config.json").read_text())
    assert tuple(config["heat_trust"]) == trust
    assert len(trust) == 9
    image = np.zeros((50, 60, 3), dtype=np.uint8)
    assert Pointer(tmp_path).point(image, "red circles").image_size == (60, 50)
