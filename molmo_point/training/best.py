"""The best weights of a run: those that name the patches of dev scenes best."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from molmo_point.training.dense import name_tokens

if TYPE_CHECKING:
    from molmo_point.training.loop import Trainer
    from molmo_point.training.packing import PackedBatch

__all__ = ["dev_loss", "keep_best", "take_best"]

_WEIGHTS = "best.safetensors"  # with their step and loss, so that none is without the other


@torch.no_grad()
def dev_loss(trainer: Trainer, batches: list[PackedBatch]) -> float:
    """Mean dense loss of the averaged weights.

    Args:
        trainer: of the run.
        batches: of dev scenes.
    """
    body, device = trainer.average.model, trainer.average.device
    losses = []
    for batch in batches:
        batch = batch.to(device)
        losses.append(float(name_tokens(body, body.encode_crops(batch.pixel_values), batch).total))
    return sum(losses) / max(len(losses), 1)


def keep_best(trainer: Trainer, batches: list[PackedBatch], folder: Path) -> float:
    """Measure, and write the averaged weights if no earlier ones were better.

    Half precision, so that the file stays small.

    Returns:
        The loss.
    """
    loss = dev_loss(trainer, batches)
    kept = _note(folder)
    if not math.isfinite(loss) or (kept is not None and kept[1] <= loss):
        return loss
    state = {
        name: value.to("cpu", torch.float16) if value.is_floating_point() else value.cpu()
        for name, value in trainer.average.state_dict().items()
    }
    new = folder / f"{_WEIGHTS}.new"
    save_file(
        {name: value.contiguous() for name, value in state.items()},
        new,
        {"step": str(trainer.step), "loss": repr(loss)},
    )
    new.replace(folder / _WEIGHTS)
    return loss


def take_best(trainer: Trainer, folder: Path) -> int:
    """Put the best weights into `trainer.average`; the step that they are from.

    Without any, the averaged weights stay as they are.
    """
    kept = _note(folder)
    if kept is None:
        return trainer.step
    trainer.average.load_state_dict(load_file(folder / _WEIGHTS))
    return kept[0]


def _note(folder: Path) -> tuple[int, float] | None:
    """Step and loss of the best weights."""
    if not (folder / _WEIGHTS).exists():
        return None
    with safe_open(folder / _WEIGHTS, "pt") as file:
        data = file.metadata()
    return int(data["step"]), float(data["loss"])
