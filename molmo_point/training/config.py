"""What a training run is: the model's sizes, the data, the optimiser; as JSON one file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from molmo_point.errors import ModelError

__all__ = ["ModelSize", "TrainingConfig"]

_LEAST = {
    "steps": 0, "dense_steps": 0, "small_batch": 1, "large_batch": 1, "questions": 1,
    "max_points": 1, "warm_up": 1,
}  # fmt: skip
"""Field -> its smallest value."""
_FLOATS = (
    "small_share", "overview_share", "peak_rate", "decay_share", "weight_decay", "clip", "ema",
    "dense_weight",
)  # fmt: skip
_MOST_SCENES = 64  # a step; each has a seed of its own


@dataclass(frozen=True, slots=True)
class ModelSize:
    """Sizes of an embedded MolmoPoint; the topology is the published one.

    Attributes:
        crop: pixels a side of one crop.
        patch: pixels a side of a ViT patch.
        margin: patches on each side of a crop that its neighbour covers too.
        max_crops: high-resolution crops at most.
        vision_width: width of the vision encoder.
        vision_layers: its layers; the last and the middle one are read.
        text_width: width of the decoder.
        text_layers: its layers.
        point_dim: width of the point head.
        heat_dim: width of the heat prior; 0 for none.
        own_vectors: names have vectors of their own beside their words', whose mean can never be
            likelier than both: a "fire truck" would always be fire or a truck.
        overview: width of the network that tells crops of the global view; 0 for none.
        stem: "conv" or "linear" patch embedding.
    """

    crop: int = 192
    patch: int = 12
    margin: int = 1
    max_crops: int = 40
    vision_width: int = 192
    vision_layers: int = 8
    text_width: int = 192
    text_layers: int = 3
    point_dim: int = 96
    heat_dim: int = 192
    own_vectors: bool = True
    overview: int = 192
    stem: str = "conv"

    def __post_init__(self) -> None:
        sides = {"crop": self.patch, "vision_width": 32, "text_width": 48}
        for name, part in sides.items():
            if part < 1 or getattr(self, name) < 1 or getattr(self, name) % part:
                raise ModelError(f"{name} is a multiple of {part}, got {getattr(self, name)}.")
        if self.stem == "conv" and self.patch % 4:
            raise ModelError(f'patch is a multiple of 4 for the stem "conv", got {self.patch}.')


@dataclass(frozen=True, slots=True)
class TrainingConfig:
    """A run; everything that its outcome depends on.

    Attributes:
        model: sizes.
        world: what the scenes show: "all", "things", "screens", "tabletop" or "drawn", a COCO
            file, or module:NAME of a world of your own (`data/worlds.find_world`).
        seed: of the initial weights and of the order of scenes.
        steps: optimiser steps of the whole schedule.
        dense_steps: the first of them, which only teach the vision encoder to name its patches.
        small_share: share of steps on scenes of one crop; the others have scenes of several.
        overview_share: share of the dense steps on scenes larger than a crop, of which two crops
            are read: the global view and one more.
        small_batch: scenes a step, one crop each; half as many with two.
        large_batch: scenes a step, several crops each.
        questions: questions asked about each scene.
        max_points: of all questions about one scene together; those beyond are not asked.
        peak_rate: highest learning rate; it falls to zero over the last
            `decay_share` of the steps.
        warm_up: steps, at the beginning and again after the dense steps.
        decay_share: of all steps.
        weight_decay: on matrices only.
        clip: largest norm of the gradient.
        ema: decay of the averaged weights, which are the ones that are kept.
        dense_weight: of the loss of naming each ViT patch.
        bfloat16: the vision encoder's matrix products are rounded so (`products.py`).
    """

    model: ModelSize = field(default_factory=ModelSize)
    world: str = "drawn"
    seed: int = 0
    steps: int = 5000
    dense_steps: int = 3000
    small_share: float = 0.6
    overview_share: float = 0.7
    small_batch: int = 8
    large_batch: int = 3
    questions: int = 6
    max_points: int = 48
    peak_rate: float = 6.0e-4
    warm_up: int = 100
    decay_share: float = 0.4
    weight_decay: float = 0.05
    clip: float = 1.0
    ema: float = 0.999
    dense_weight: float = 1.0
    bfloat16: bool = False

    def __post_init__(self) -> None:
        for name, least in _LEAST.items():
            value = getattr(self, name)
            if not isinstance(value, int) or value < least:
                raise ModelError(f"{name} is a whole number from {least} on, got {value!r}.")
        for name in _FLOATS:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int | float) or not value >= 0:
                raise ModelError(f"{name} is a number from 0 on, got {value!r}.")
        if max(self.small_batch, self.large_batch) > _MOST_SCENES:
            raise ModelError(f"A step has at most {_MOST_SCENES} scenes: set a smaller batch.")
        if not 0 < self.decay_share <= 1:
            raise ModelError(f"decay_share lies in (0, 1], got {self.decay_share!r}.")

    def to_json(self) -> str:
        """Indented JSON; `from_json` is the inverse."""
        return json.dumps(asdict(self), indent=1)

    @classmethod
    def from_json(cls, text: str) -> TrainingConfig:
        """The inverse of `to_json`; missing keys have their defaults, unknown ones are an error."""
        data = json.loads(text)
        if not isinstance(data, dict) or not isinstance(data.get("model", {}), dict):
            raise ModelError(f"A configuration and its model are JSON objects, got {text[:60]!r}.")
        return cls(**{**data, "model": ModelSize(**data.get("model", {}))})

    @classmethod
    def from_file(cls, path: Path) -> TrainingConfig:
        """Read a JSON file."""
        return cls.from_json(path.read_text())

    def rate(self, step: int) -> float:
        """Learning rate of a step, from 0."""
        since = step if step < self.dense_steps else step - self.dense_steps
        warm = min(1.0, (since + 1) / self.warm_up)
        decay_from = self.steps * (1.0 - self.decay_share)
        left = (self.steps - step) / max(self.steps - decay_from, 1.0)
        return self.peak_rate * warm * min(1.0, max(left, 0.0))
