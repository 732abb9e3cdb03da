"""The training loop: resumable to the step, averaged weights, one line a report."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from filelock import FileLock, Timeout
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import DataLoader, IterableDataset

from molmo_point.data.names import COLOURS
from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import Scene, SceneQuery, Split, random_of
from molmo_point.data.worlds import find_world
from molmo_point.errors import MolmoPointError
from molmo_point.models.molmo_point.loss import PointingLoss, pointing_loss
from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.training.best import keep_best
from molmo_point.training.build import build_model, build_processor
from molmo_point.training.checkpoint import begin_with, load_checkpoint, save_checkpoint
from molmo_point.training.config import TrainingConfig
from molmo_point.training.dense import name_tokens
from molmo_point.training.optimizers import make_optimizers
from molmo_point.training.packing import PackedBatch, PackedScene, collate, pack_scene
from molmo_point.training.products import use_bfloat16_products

__all__ = ["Trainer", "train"]

Extent = Literal["one crop", "two crops", "all crops"]
"""Of a scene; of a larger one with two crops, the global view and another are read."""

_REPORT_EVERY = 50
_DEV_STEPS = 12  # batches of dev scenes by which the best weights are chosen
_LARGE, _FARTHEST = 3.6, 6.0  # crops, the most along a side of a scene of which two are read
_FAR = 0.08  # share of those that may be the larger
_STEP_SEEDS = 64  # seeds set aside for each step, so that a step's scenes do not depend on the past


class SceneBatches(IterableDataset[PackedBatch]):
    """Batches of the steps from `first` on, each a pure function of the config and the step."""

    def __init__(self, config: TrainingConfig, first: int, split: Split = "train") -> None:
        self.config, self.first, self.split = config, first, split

    def __iter__(self) -> Iterator[PackedBatch]:
        config, world = self.config, find_world(self.config.world)
        processor = build_processor(config.model, world.vocabulary)
        layout = {
            "names": {name: index for index, name in enumerate(world.names)},
            "colours": {name: index for index, name in enumerate(COLOURS)},
            "meanings": {name: index for index, name in enumerate(world.meanings)},
            "text_vocabulary": len(processor.tokenizer),
            "locations": 9,
        }
        info = torch.utils.data.get_worker_info()
        worker, workers = (0, 1) if info is None else (info.id, info.num_workers)
        if info is not None:  # dev scenes are made in the trainer's process, which keeps its own
            torch.set_num_threads(1)
        for step in range(self.first + worker, config.steps, workers):
            chance = random_of("train", step, 2 + config.seed)
            extent = _extent(config, step, chance)
            scenes: list[PackedScene] = []
            for number in range(_STEP_SEEDS):
                if number >= _BATCH[extent](config) and scenes:
                    break
                seed = step * _STEP_SEEDS + number + config.seed * 10**12
                asked = config.questions if step >= config.dense_steps else 1
                scene, queries = _scene(config, seed, asked, self.split, extent)
                if queries or step < config.dense_steps:  # patches are named without any
                    packed = pack_scene(scene, queries, processor, **layout)  # type: ignore[arg-type]
                    scenes.append(packed.two_crops(chance) if extent == "two crops" else packed)
            if not scenes:
                raise MolmoPointError(
                    f'Nothing can be asked about scenes of the world "{config.world}": set '
                    "dense_steps to steps, so that their things are named alone."
                )
            yield collate(scenes)


class _Told(IterableDataset[PackedBatch | MolmoPointError]):
    """Batches; what is wrong with them comes as one too: raised by a worker, it is a traceback."""

    def __init__(self, batches: SceneBatches) -> None:
        self.batches = batches

    def __iter__(self) -> Iterator[PackedBatch | MolmoPointError]:
        try:
            yield from self.batches
        except MolmoPointError as error:
            yield error


def _extent(config: TrainingConfig, step: int, chance: np.random.Generator) -> Extent:
    if step >= config.dense_steps:
        return "one crop" if chance.random() < config.small_share else "all crops"
    return "two crops" if chance.random() < config.overview_share else "one crop"


_BATCH: dict[Extent, Callable[[TrainingConfig], int]] = {
    "one crop": lambda config: config.small_batch,
    "two crops": lambda config: max(1, config.small_batch // 2),
    "all crops": lambda config: config.large_batch,
}


def _sides(rng: np.random.Generator, extent: Extent) -> NDArray[np.float64]:
    """Width and height of a scene in crops."""
    if extent == "one crop":
        return rng.uniform(0.75, 1.0, 2)
    if extent == "all crops":
        return rng.uniform(1.05, 2.4, 2)
    most = _FARTHEST if rng.random() < _FAR else _LARGE
    side = np.exp(rng.uniform(np.log(1.1), np.log(most)))
    sides = side * np.exp(rng.normal(0, 0.15, 2))
    return np.asarray(sides.clip(1.05, _FARTHEST))


def _scene(
    config: TrainingConfig, seed: int, questions: int, split: Split, extent: Extent
) -> tuple[Scene, list[SceneQuery]]:
    rng = random_of(split, seed, 1)
    crop = config.model.crop
    side = _sides(rng, extent)
    world = find_world(config.world)
    scene = world.draw(seed, split, (int(side[0] * crop), int(side[1] * crop)))
    kept: list[SceneQuery] = []
    points = 0
    for query in ask_about(scene, rng, questions, world):
        points += len(query.targets)
        if points <= config.max_points:
            kept.append(query)
        else:
            points -= len(query.targets)
    return scene, kept


@dataclass
class Trainer:
    """Everything that changes during a run.

    Attributes:
        config: of the run.
        model: being trained.
        average: the averaged weights, the ones that are kept.
        optimizers: of all parameters (`optimizers.py`).
        processor: tokens and crops.
        encode: crops -> ViT features, compiled or not.
        step: the next step.
        seconds: time trained so far.
        images: scenes seen so far.
    """

    config: TrainingConfig
    model: MolmoPointForConditionalGeneration
    average: MolmoPointForConditionalGeneration
    optimizers: tuple[torch.optim.Optimizer, ...]
    processor: MolmoPointProcessor
    encode: Callable[[Tensor], Tensor]
    step: int = 0
    seconds: float = 0.0
    images: int = 0

    @classmethod
    def start(
        cls, config: TrainingConfig, device: str = "cpu", *, compiled: bool = False
    ) -> Trainer:
        """A run at its beginning."""
        world = find_world(config.world)
        model, processor = build_model(config.model, world, config.seed)
        average, _ = build_model(config.model, world, config.seed)
        for module in (model, average):
            module.to(device)
        if device != "cpu":
            torch.set_float32_matmul_precision("high")  # TF32
        if config.bfloat16:
            use_bfloat16_products(model.model.vision_tower)
        encode = torch.compile(model.model.encode_crops) if compiled else model.model.encode_crops
        optimizers = make_optimizers(model, config.peak_rate, config.weight_decay)
        return cls(config, model, average.eval(), optimizers, processor, encode)

    def train_step(self, batch: PackedBatch) -> dict[str, float]:
        """One optimiser step; the figures to report."""
        batch = batch.to(self.model.device)
        self.model.train()
        for group in (group for one in self.optimizers for group in one.param_groups):
            group["lr"] = self.config.rate(self.step)
        body = self.model.model
        crops = self.encode(batch.pixel_values)
        dense = name_tokens(body, crops, batch)
        total = dense.total
        figures = {"dense": total, "named": dense.named, "overlap": dense.overlap}
        if self.step >= self.config.dense_steps:
            loss = self._pointing_loss(batch, crops)
            figures |= {field.name: getattr(loss, field.name) for field in fields(loss)}
            total = self.config.dense_weight * total + loss.total()
        self.model.zero_grad(set_to_none=True)
        total.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.model.parameters(), self.config.clip)
        for optimizer in self.optimizers:
            optimizer.step()
        self._update_average()
        self.step += 1
        self.images += len(batch.input_ids)
        return {name: float(value.detach()) for name, value in figures.items()}

    def _pointing_loss(self, batch: PackedBatch, crops: Tensor) -> PointingLoss:
        output = self.model.read(
            batch.input_ids,
            valid=batch.valid,
            position_ids=batch.position_ids,
            image=batch.image,
            segment_ids=batch.segment_ids,
            features=self.model.model.pool_features(crops, batch.token_pooling, batch.grids),
        )
        return pointing_loss(
            self.model,
            output,
            batch.input_ids,
            batch.labels,
            segment_ids=batch.segment_ids,
            question_end=batch.question_end,
        )

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = min(self.config.ema, (self.step + 1) / (self.step + 10))
        source = self.model.state_dict()
        for name, value in self.average.state_dict().items():
            if value.is_floating_point():
                value.lerp_(source[name], 1 - decay)
            else:
                value.copy_(source[name])


def train(
    config: TrainingConfig,
    folder: Path,
    *,
    minutes: float | None = None,
    start_from: Path | None = None,
    device: str = "cpu",
    workers: int = 1,
    compiled: bool = False,
    report: Callable[[str], None] = lambda line: None,
    save_every: int = 200,
    best_every: int = 1000,
) -> Trainer:
    """Train, or go on training, until the last step or the time is over.

    Args:
        config: of the run; a run that goes on must have the same.
        folder: where the checkpoint and the log are; made if needed.
        minutes: stop after this time, to go on later.
        start_from: a checkpoint of the same sizes, such as the embedded model's folder, whose
            weights a new run begins with, words by their spelling; without effect on a run that
            goes on.
        device: "cpu" or "cuda".
        workers: processes that make scenes.
        compiled: run the vision encoder through `torch.compile`: a minute first, then faster.
        report: gets a line now and then.
        save_every: steps between checkpoints.
        best_every: steps between measurements on dev scenes, the last step being measured too; the
            best averaged weights so far are kept beside the run (`best.take_best`).

    Raises:
        MolmoPointError: another process trains in this folder, scenes cannot be drawn, or the loss
            is no number any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        trainer = Trainer.start(config, device, compiled=compiled)
        if not load_checkpoint(trainer, folder) and start_from is not None:
            begin_with(trainer, start_from)
        batches = DataLoader(
            _Told(SceneBatches(config, trainer.step)),
            batch_size=None,
            num_workers=workers,
            prefetch_factor=8 if workers else None,
            pin_memory=device != "cpu",
        )
        dev = _dev_batches(config) if trainer.step < config.steps else []
        end = None if minutes is None else time.monotonic() + minutes * 60
        with (folder / "log.jsonl").open("a") as log:
            meter = _Meter()
            for batch in batches:
                if isinstance(batch, MolmoPointError):
                    raise batch
                meter.arrived()
                meter.add(_finite(trainer.train_step(batch), trainer.step, folder))
                if trainer.step % _REPORT_EVERY == 0:
                    line = json.dumps(meter.line(trainer))
                    log.write(line + "\n")
                    log.flush()
                    report(line)
                over = end is not None and time.monotonic() > end
                if trainer.step % best_every == 0 or trainer.step == config.steps:
                    loss = keep_best(trainer, dev, folder)
                    report(f'{{"dev": {loss:.4f}, "step": {trainer.step}}}')
                if trainer.step % save_every == 0 or over:
                    save_checkpoint(trainer, folder)  # last: a step that was kept was measured
                if over:
                    break
                meter.asks()
        save_checkpoint(trainer, folder)
        return trainer


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = FileLock(folder / "run.lock", timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise MolmoPointError(
            f"{folder} is being trained by another process: wait for it, or name another folder."
        ) from error
    try:
        yield
    finally:
        lock.release()


def _finite(figures: dict[str, float], step: int, folder: Path) -> dict[str, float]:
    if all(math.isfinite(value) for value in figures.values()):
        return figures
    raise MolmoPointError(
        f"The loss of step {step} is no number any more: set a lower peak_rate and start again; "
        f"the run goes on from the last checkpoint in {folder}, or name a new folder."
    )


def _dev_batches(config: TrainingConfig) -> list[PackedBatch]:
    some = SceneBatches(replace(config, steps=_DEV_STEPS, dense_steps=_DEV_STEPS), 0, "dev")
    return list(some)


class _Meter:
    """Means of the figures, and the share of the time that the trainer waited for scenes."""

    def __init__(self) -> None:
        self.sums: dict[str, list[float]] = {}
        self.since = self.asked = time.monotonic()
        self.waited, self.steps = 0.0, 0

    def asks(self) -> None:
        self.asked = time.monotonic()

    def arrived(self) -> None:
        self.waited += time.monotonic() - self.asked

    def add(self, figures: dict[str, float]) -> None:
        self.steps += 1
        for name, value in figures.items():
            self.sums.setdefault(name, []).append(value)

    def line(self, trainer: Trainer) -> dict[str, float]:
        """The figures since the last line."""
        passed = time.monotonic() - self.since
        trainer.seconds += passed
        means = {name: round(sum(values) / len(values), 4) for name, values in self.sums.items()}
        line = means | {
            "step": trainer.step,
            "images": trainer.images,
            "seconds_a_step": round(passed / self.steps, 3),
            "waiting": round(self.waited / passed, 3),
        }
        self.sums, self.steps, self.waited = {}, 0, 0.0
        self.since = time.monotonic()
        return line
