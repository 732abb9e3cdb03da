"""The weights that name dev scenes best are kept."""

import dataclasses
import json

import torch

from molmo_point.training.best import dev_loss, keep_best, take_best
from molmo_point.training.config import ModelSize, TrainingConfig
from molmo_point.training.loop import SceneBatches, Trainer, train

SIZE = ModelSize(
    crop=96, patch=12, max_crops=2, vision_width=32, vision_layers=2, text_width=48,
    text_layers=1, point_dim=16, heat_dim=16,
)  # fmt: skip
TINY = TrainingConfig(model=SIZE, steps=2, dense_steps=2, small_batch=2, warm_up=2)


def test_worse_weights_do_not_replace_better_ones(tmp_path):
    dev = list(SceneBatches(TINY, 0, "dev"))
    trainer = Trainer.start(TINY)
    good = keep_best(trainer, dev, tmp_path)
    before = {name: value.clone() for name, value in trainer.average.state_dict().items()}
    with torch.no_grad():
        for value in trainer.average.parameters():
            value.mul_(3.0)
    trainer.step = 5
    assert keep_best(trainer, dev, tmp_path) > good
    assert json.loads((tmp_path / "best.json").read_text())["step"] == 0
    assert take_best(trainer, tmp_path) == 0
    for name, value in trainer.average.state_dict().items():
        torch.testing.assert_close(value, before[name], rtol=1e-3, atol=1e-3)
    assert abs(dev_loss(trainer, dev) - good) < 0.05


def test_a_run_keeps_its_best(tmp_path):
    trainer = train(dataclasses.replace(TINY), tmp_path, workers=0, best_every=1)
    assert take_best(trainer, tmp_path) in (1, 2)
    assert take_best(Trainer.start(TINY), tmp_path / "nothing") == 0


def test_where_a_run_ends_is_measured_too(tmp_path):
    trainer = train(dataclasses.replace(TINY), tmp_path, workers=0, best_every=1000)
    assert take_best(trainer, tmp_path) == TINY.steps
    assert (tmp_path / "best.json").exists()
