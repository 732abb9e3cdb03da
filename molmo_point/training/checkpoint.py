"""Saving and resuming a run: one safetensors file for tensors, one JSON file for the rest."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from molmo_point.errors import ModelError

if TYPE_CHECKING:
    from molmo_point.training.loop import Trainer

__all__ = ["load_checkpoint", "save_checkpoint"]

_TENSORS, _STATE = "run.safetensors", "run.json"


def _tensors(trainer: Trainer) -> dict[str, Tensor]:
    modules: dict[str, nn.Module] = {
        "model": trainer.model,
        "average": trainer.average,
    }
    tensors = {
        f"{part}.{name}": value
        for part, module in modules.items()
        for name, value in module.state_dict().items()
    }
    for index, state in trainer.optimizer.state_dict()["state"].items():
        for name, value in state.items():
            tensors[f"optimizer.{index}.{name}"] = torch.as_tensor(value)
    return {name: value.contiguous().clone() for name, value in tensors.items()}


def save_checkpoint(trainer: Trainer, folder: Path) -> None:
    """Write the run; a run that is cut off while writing keeps the checkpoint before."""
    state = {
        "config": json.loads(trainer.config.to_json()),
        "step": trainer.step,
        "seconds": trainer.seconds,
        "images": trainer.images,
    }
    save_file(_tensors(trainer), folder / f"{_TENSORS}.new", metadata={"state": json.dumps(state)})
    (folder / f"{_TENSORS}.new").replace(folder / _TENSORS)
    (folder / _STATE).write_text(json.dumps(state, indent=1) + os.linesep)


def load_checkpoint(trainer: Trainer, folder: Path) -> bool:
    """Put a saved run into a new trainer; False if there is none.

    Raises:
        ModelError: the saved run has another configuration.
    """
    if not (folder / _TENSORS).exists():
        return False
    from safetensors import safe_open

    with safe_open(str(folder / _TENSORS), "pt") as file:
        state = json.loads(file.metadata()["state"])
    ours = json.loads(trainer.config.to_json())
    free = {
        "steps",
        "dense_steps",
        "peak_rate",
        "decay_share",
    }  # the schedule may change on the way
    different = [key for key in ours if ours[key] != state["config"].get(key) and key not in free]
    if different:
        raise ModelError(
            f"{folder} holds a run with other values of {', '.join(different)}: "
            "choose another folder, or the same configuration."
        )
    tensors = load_file(folder / _TENSORS)
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "average": {}}
    moments: dict[int, dict[str, Any]] = {}
    for key, value in tensors.items():
        part, _, name = key.partition(".")
        if part == "optimizer":
            index, _, field = name.partition(".")
            moments.setdefault(int(index), {})[field] = value
        else:
            parts[part][name] = value
    trainer.model.load_state_dict(parts["model"])
    trainer.average.load_state_dict(parts["average"])
    optimizer = trainer.optimizer.state_dict()
    trainer.optimizer.load_state_dict({**optimizer, "state": moments})
    trainer.step, trainer.seconds = state["step"], state["seconds"]
    trainer.images = state["images"]
    return True
