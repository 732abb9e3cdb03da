"""How far a model's shares are to be believed: fitted on dev scenes, kept in its configuration.

Training sees every name as likely as any other, but what a question names is usually there. So if
a thing has an asked name with odds o against the likeliest other (`ThingMap.name_odds`),
scale * log(o) + shift are the log-odds that it is one (Platt scaling, with the change of the prior
in the shift), less what the odds of another thing say against it (`ThingMap.rival_odds`); likewise
for shares of colours and meanings, with their odds against all else.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from molmo_point.data.queries import ask_about
from molmo_point.data.scenes import Scene, random_of
from molmo_point.data.worlds import World, find_world
from molmo_point.models.molmo_point.asked import Asked
from molmo_point.models.molmo_point.locations import PatchGrids
from molmo_point.models.molmo_point.model import MolmoPointForConditionalGeneration
from molmo_point.models.molmo_point.processor import MolmoPointProcessor
from molmo_point.models.molmo_point.session import PointSession
from molmo_point.models.molmo_point.things import CLEAR, ThingMap
from molmo_point.models.weights import load_model
from molmo_point.preprocessing.prompts import point_prompt

__all__ = ["calibrate", "fit_trust", "main"]

_KINDS = ("names", "colours", "meanings")
_LIKELY = 0.5  # centre from which a thing is there at all
_QUESTIONS = 6  # about each scene
_UNFIT = ("text", "translated", "row", "intent", "near-miss")
"""Kinds of question whose answers are told by text, or by one word of several."""
_MOST_ODDS = float(np.log(1e6))
_PULL = 1.0  # observations' worth of belief in what the model says
_LEAN = 0.5  # log-odds of names above the fit, which is made on pictures that were learnt from
_ROLES = (1.0, 0.5)  # not fitted: dev pages are made as those that were learnt from


def fit_trust(
    odds: NDArray[np.float64],
    right: NDArray[np.bool_],
    weight: NDArray[np.float64] | None = None,
    rivals: NDArray[np.float64] | None = None,
) -> tuple[float, float, float]:
    """Scale, shift and rivals' share of log-odds that make what is right likeliest.

    Args:
        odds: [N] logarithms.
        right: bool [N]; (1, 0, 0) if all are alike.
        weight: [N] how much each counts; alike if None.
        rivals: [N] logarithms that count against it; none if None, and their share is 0.
    """
    from scipy.optimize import minimize

    if not right.any() or right.all():
        return 1.0, 0.0, 0.0
    counts = np.ones(len(odds)) if weight is None else weight
    against = np.zeros(len(odds)) if rivals is None else rivals
    odds, sign = np.clip(odds, -_MOST_ODDS, _MOST_ODDS), np.where(right, 1.0, -1.0)

    def loss(at: NDArray[np.float64]) -> float:
        belief = at[0] * odds + at[1] - at[2] * against
        misfit = (counts * np.logaddexp(0, -sign * belief)).sum()
        return float(misfit + _PULL * ((at[0] - 1) ** 2 + (at[1] / 4) ** 2 + at[2] ** 2))

    scale, shift, share = minimize(loss, np.array([1.0, 0.0, 0.0]), method="Nelder-Mead").x
    return float(max(scale, 0.05)), float(shift), float(share)


class _Reader:
    """Log-odds of what questions ask for, at every thing that the model finds in a scene."""

    def __init__(
        self, model: MolmoPointForConditionalGeneration, processor: MolmoPointProcessor
    ) -> None:
        self.model, self.processor = model, processor
        self.odds: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        self.right: dict[str, list[bool]] = {kind: [] for kind in _KINDS}
        self.weight: dict[str, list[float]] = {kind: [] for kind in _KINDS}
        self.rivals: dict[str, list[float]] = {kind: [] for kind in _KINDS}

    @torch.inference_mode()
    def things(self, scene: Scene) -> tuple[ThingMap, NDArray[np.float64]]:
        """The grouped map, and the pixel [n * k, 2] of every ViT patch's middle."""
        inputs = self.processor.encode_image_prefix([scene.image])
        grids = PatchGrids.of(inputs.metadata[0])
        assert inputs.pixel_values is not None
        assert inputs.image_token_pooling is not None
        crops = self.model.model.encode_crops(inputs.pixel_values)
        places = grids.places()
        session = PointSession.read_images(
            self.model,
            inputs.input_ids,
            inputs.attention_mask.bool(),
            inputs.mm_token_type_ids == 1,
            self.model.model.pool_features(crops, inputs.image_token_pooling, inputs.image_grids),
            torch.from_numpy(places),
        )
        assert session.keys is not None
        assert session.keys.things is not None
        rows, columns = grids.grids[0].shape
        height, width = scene.image.shape[:2]
        flat = places.reshape(-1, 3)
        middles = (flat[:, [2, 1]] + 0.5) / (columns, rows) * (width, height)
        return session.keys.things, middles

    def add(self, scene: Scene, seed: int, world: World) -> None:
        """Ask about a scene, and note what the model says of each thing that it finds."""
        things, middles = self.things(scene)
        found = (things.centre.flatten() > _LIKELY).nonzero()[:, 0].numpy()
        for query in ask_about(scene, random_of("dev", seed, 1), _QUESTIONS, world):
            if query.kind in _UNFIT:
                continue
            ids = self.processor.encode_question(point_prompt(query.text))
            asked = self.model.model.heat.asked([ids])
            boxes = [scene.things[index].box for index in query.targets]
            hit = np.array([_inside(middles[at], boxes) for at in found], dtype=bool)
            self._note(things, asked, found, hit)

    def _note(
        self, things: ThingMap, asked: Asked, found: NDArray[np.int64], hit: NDArray[np.bool_]
    ) -> None:
        plain = replace(asked, places=asked.places[:, :0], trust=(1.0, 0.0) * 4)
        names = things.names / things.names.sum(-1, keepdim=True).clamp(min=1e-6)
        shares = {
            "colours": _share(things.colours, plain.colours),
            "meanings": _share(things.meanings, plain.meanings),
        }
        named_so = _share(names, plain.names | plain.roles)
        odds = {kind: _log_odds(share) for kind, share in shares.items()}
        row = torch.zeros(1, dtype=torch.long)
        named = things.name_odds(row, plain.names)
        odds["names"] = named.clamp(max=CLEAR).flatten().double().numpy()
        rivals = things.rival_odds(named, row).flatten().double().numpy()
        element = _share(names, plain.elements) > _LIKELY
        coloured, meant = bool(plain.colours.any()), bool(plain.elements.any())
        if asked.places.any():
            return
        if meant:
            name, chosen = "meanings", element
        elif coloured:
            some = bool((plain.names | plain.roles).any())
            name, chosen = "colours", named_so > _LIKELY * some
        elif plain.names.any() and not plain.roles.any():
            name, chosen = "names", np.ones_like(element)
        else:
            return
        for at, right in zip(found, hit, strict=True):
            if chosen[at]:
                self.odds[name].append(float(odds[name][at]))
                self.right[name].append(bool(right))
                self.rivals[name].append(float(rivals[at]) if name == "names" else 0.0)
                self.weight[name].append(1 / len(found))  # every question counts alike


def _share(values: torch.Tensor | None, asked: torch.Tensor) -> NDArray[np.float64]:
    """[n * k] probability of what one question asks for."""
    if values is None:
        return np.zeros(0)
    return np.asarray((values.flatten(0, 2) * asked[0]).sum(-1).double().numpy())


def _log_odds(share: NDArray[np.float64]) -> NDArray[np.float64]:
    clipped = np.clip(share, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(clipped / (1 - clipped)))


def _inside(at: NDArray[np.float64], boxes: Sequence[tuple[float, ...]]) -> bool:
    return any(
        left <= at[0] <= right and top <= at[1] <= bottom for left, top, right, bottom in boxes
    )


def calibrate(
    folder: Path, worlds: Sequence[str], scenes: int, size: tuple[int, int] | None = None
) -> tuple[float, ...]:
    """Fit on dev scenes and write `heat_trust` into a checkpoint's configuration.

    Args:
        folder: of the checkpoint.
        worlds: names of the worlds whose scenes to use.
        scenes: of each.
        size: (width, height) of the scenes; their own if None.

    Returns:
        What was written.
    """
    model = load_model(folder, "molmo_point", dtype=torch.float32)
    assert isinstance(model, MolmoPointForConditionalGeneration)
    reader = _Reader(model, MolmoPointProcessor.from_pretrained(folder))
    for name in worlds:
        world = find_world(name)
        for seed in range(scenes):
            reader.add(world.draw(seed, "dev", size), seed, world)
    fits = {
        kind: fit_trust(
            np.array(reader.odds[kind]),
            np.array(reader.right[kind], dtype=bool),
            np.array(reader.weight[kind]),
            np.array(reader.rivals[kind]),
        )
        for kind in _KINDS
    }
    scale, shift, against = fits["names"]
    fitted = (scale, shift + _LEAN, *_ROLES, *fits["colours"][:2], *fits["meanings"][:2], against)
    trust = [round(value, 4) for value in fitted]
    file = folder / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps({**config, "heat_trust": trust}, indent=2) + "\n")
    return tuple(trust)


def main(arguments: Sequence[str] | None = None) -> None:
    """Calibrate from the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m molmo_point.training.calibrate", description="Fit on dev scenes."
    )
    parser.add_argument("folder", type=Path, help="the checkpoint, whose config.json is changed")
    parser.add_argument("--world", action="append", required=True, help="may be given again")
    parser.add_argument("--scenes", type=int, default=150, help="of each world")
    chosen = parser.parse_args(arguments)
    trust = calibrate(chosen.folder, chosen.world, chosen.scenes)
    print(f"heat_trust {trust}")  # noqa: T201  # what a command is for


if __name__ == "__main__":
    main()
