"""A run's averaged weights as a checkpoint in the published layout, at half precision."""

from __future__ import annotations

from pathlib import Path

import torch

from molmo_point.models.molmo_point.layout import register_molmo_point_layout
from molmo_point.training.loop import Trainer

__all__ = ["export_checkpoint"]


def export_checkpoint(trainer: Trainer, folder: Path) -> None:
    """Write what `Pointer` loads: weights, config, tokenizer and processor.

    Args:
        trainer: of the run.
        folder: made if needed; files of the same names are replaced.
    """
    register_molmo_point_layout()
    folder.mkdir(parents=True, exist_ok=True)
    model = trainer.average
    state = {
        name: value.to(torch.float16) if value.is_floating_point() else value
        for name, value in model.state_dict().items()
    }
    model.save_pretrained(folder, state_dict=state)
    trainer.processor.save_pretrained(folder)
