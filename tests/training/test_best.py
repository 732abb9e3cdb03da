"""The weights that name dev scenes best are kept."""

import dataclasses
import math

import pytest
import torch

from molmo_point.data.worlds import WORLDS, find_world
from molmo_point.errors import MolmoPointError
from molmo_point.training.best import dev_loss, keep_best, take_best
from molmo_point.training.checkpoint import load_checkpoint
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


def test_weights_that_diverged_replace_nothing(tmp_path):
    dev = list(SceneBatches(TINY, 0, "dev"))
    trainer = Trainer.start(TINY)
    good = keep_best(trainer, dev, tmp_path)
    with torch.no_grad():
        for value in trainer.average.parameters():
            value.fill_(torch.nan)
    assert math.isnan(keep_best(trainer, dev, tmp_path))
    take_best(trainer, tmp_path)
    assert abs(dev_loss(trainer, dev) - good) < 0.05


def test_a_run_that_diverges_stops_and_its_checkpoint_stays(tmp_path):
    first = train(TINY, tmp_path, workers=0, minutes=0)
    wild = dataclasses.replace(TINY, peak_rate=1e30, steps=9, dense_steps=9)
    with pytest.raises(MolmoPointError, match="is no number any more: set a lower peak_rate"):
        train(wild, tmp_path, workers=0)
    kept = Trainer.start(TINY)
    assert load_checkpoint(kept, tmp_path)
    assert kept.step == first.step
    assert all(value.isfinite().all() for value in kept.model.state_dict().values())


@pytest.mark.parametrize("lacking", ["train", "dev"])
def test_scenes_that_cannot_be_drawn_are_one_sentence_at_once(tmp_path, monkeypatch, lacking):
    drawn = find_world("drawn")

    def draw(seed, split, size):
        if split == lacking:
            raise MolmoPointError(f"There are no scenes of {split}.")
        return drawn.draw(seed, split, size)

    monkeypatch.setitem(WORLDS, "drawn", dataclasses.replace(drawn, draw=draw))
    with pytest.raises(MolmoPointError) as caught:
        train(TINY, tmp_path, workers=1)
    assert str(caught.value) == f"There are no scenes of {lacking}."
    assert not list(tmp_path.glob("*.safetensors"))
