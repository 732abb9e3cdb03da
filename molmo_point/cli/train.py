"""`molmo-point train`."""

from __future__ import annotations

import sys
from pathlib import Path

from molmo_point.errors import ModelError

__all__ = ["run_training"]


def run_training(
    folder: Path,
    *,
    config: Path | None,
    minutes: float | None,
    device: str,
    workers: int,
    compiled: bool,
    start_from: Path | None,
    export: Path | None,
) -> None:
    """Train with progress on standard error; see `training.loop.train`."""
    from molmo_point.training.best import take_best
    from molmo_point.training.config import TrainingConfig
    from molmo_point.training.export import export_checkpoint
    from molmo_point.training.loop import train

    try:
        chosen = TrainingConfig() if config is None else TrainingConfig.from_file(config)
    except (ValueError, TypeError, KeyError) as error:
        raise ModelError(f"{config} is no training configuration: {error}.") from error

    def report(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    trainer = train(
        chosen,
        folder,
        minutes=minutes,
        start_from=start_from,
        device=device,
        workers=workers,
        compiled=compiled,
        report=report,
    )
    if export is not None:
        step = take_best(trainer, folder)
        print(f"the best weights are of step {step}", file=sys.stderr)
        export_checkpoint(trainer, export)
    print(f"{folder}\tstep {trainer.step} of {chosen.steps}\t{trainer.images} scenes")
