"""Saving and resuming a run: safetensors of at most 14 MB each, and one JSON file for the rest."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from molmo_point.errors import ModelError
from molmo_point.training.build import begin_overview, silence_decoder
from molmo_point.training.config import TrainingConfig
from molmo_point.training.grow import grow_vision

if TYPE_CHECKING:
    from molmo_point.training.loop import Trainer

__all__ = ["begin_with", "load_checkpoint", "save_checkpoint"]

_STATE = "run.json"
_LARGEST = 14_000_000  # bytes a file, so that runs pass where larger files do not


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
    for rank, optimizer in enumerate(trainer.optimizers):
        for index, state in optimizer.state_dict()["state"].items():
            for name, value in state.items():
                tensors[f"optimizer{rank}.{index}.{name}"] = torch.as_tensor(value)
    return {name: value.contiguous().clone() for name, value in tensors.items()}


def save_checkpoint(trainer: Trainer, folder: Path) -> None:
    """Write the run; a run that is cut off while writing keeps the checkpoint before."""
    old = folder / _STATE
    if old.exists() and json.loads(old.read_text())["step"] == trainer.step:
        return  # the same, whose files would be written over
    parts: list[dict[str, Tensor]] = [{}]
    size = 0
    for name, value in _tensors(trainer).items():
        size += value.nbytes
        if size > _LARGEST and parts[-1]:
            parts.append({})
            size = value.nbytes
        parts[-1][name] = value
    files = [f"run-{trainer.step:07d}-{number:02d}.safetensors" for number in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        save_file(part, folder / file)
    state = {
        "config": json.loads(trainer.config.to_json()),
        "step": trainer.step,
        "seconds": trainer.seconds,
        "images": trainer.images,
        "files": files,
    }
    new = folder / f"{_STATE}.new"
    new.write_text(json.dumps(state, indent=1) + "\n")
    new.replace(folder / _STATE)
    for old in folder.glob("run-*.safetensors"):
        if old.name not in files:
            old.unlink()


def begin_with(trainer: Trainer, folder: Path) -> None:
    """Put the weights of a checkpoint into a new run; of its words, those that both know.

    Parts that the checkpoint lacks begin at random, but an overview fits what has been learnt
    (`Overview.begin`); further layers of the vision encoder change nothing at first (`grow.py`).
    With other words, what the decoder has learnt of questions is dropped.

    Args:
        trainer: at its beginning.
        folder: a checkpoint of the same sizes, such as the embedded model's.

    Raises:
        ModelError: its sizes are others.
    """
    from molmo_point.models.molmo_point.processor import MolmoPointProcessor
    from molmo_point.models.weights import load_model

    state = trainer.model.state_dict()
    read = load_model(folder, "molmo_point", dtype=torch.float32)
    theirs = grow_vision(state, read.state_dict())
    words = MolmoPointProcessor.from_pretrained(folder).tokenizer.get_vocab()
    own = trainer.processor.tokenizer.get_vocab()
    for kind in ("names", "meanings"):
        if (name := f"model.heat.own.{kind}") in theirs and name in state:
            lists = (_spelled(read.config, kind, words), _spelled(trainer.model.config, kind, own))
            theirs[name] = _sort_rows(theirs[name], *lists)
    both = [(own[word], words[word]) for word in own if word in words]
    to, source = (torch.tensor(ids) for ids in zip(*both, strict=True))
    for name, value in state.items():
        if name.endswith(("embed_tokens.weight", "lm_head.weight")):
            value[to] = theirs[name].to(value.device)[source]
        elif name not in theirs:
            continue
        elif theirs[name].shape == value.shape:
            value.copy_(theirs[name])
        else:
            raise ModelError(
                f"{folder} is of other sizes: its {name} does not fit. Begin anew, or give the "
                "same sizes in the configuration."
            )
    if not _has_overview(trainer, theirs, folder):
        begin_overview(trainer.model)
    if own != words:
        silence_decoder(trainer.model)
    trainer.average.load_state_dict(trainer.model.state_dict())


def _has_overview(trainer: Trainer, theirs: Mapping[str, Tensor], folder: Path) -> bool:
    """Whether a checkpoint has an overview; an error if the new run lacks what it has."""
    told = any(".overview." in name for name in theirs)
    if told and trainer.model.model.overview is None:
        width = len(theirs["model.overview.own.weight"])
        raise ModelError(f"{folder} has an overview: set overview to {width} in the configuration.")
    if "model.heat.own.names" in theirs and not trainer.config.model.own_vectors:
        raise ModelError(
            f"{folder} has vectors of its own for names: set own_vectors to true in the "
            "configuration."
        )
    return told


def _spelled(config: Any, kind: str, words: dict[str, int]) -> list[str]:
    """First spelling of everything in a closed list, "names" or "meanings"."""
    by_id = {index: word for word, index in words.items()}
    return [" ".join(by_id[index] for index in row[0]) for row in getattr(config, f"heat_{kind}")]


def _sort_rows(vectors: Tensor, old: Sequence[str], new: Sequence[str]) -> Tensor:
    """Rows [K, D] of the words of one list in the order of another's; zero for words it lacks."""
    rank = {word: number for number, word in enumerate(old)}
    rows = [vectors[rank[word]] if word in rank else torch.zeros_like(vectors[0]) for word in new]
    return torch.stack(rows)


def load_checkpoint(trainer: Trainer, folder: Path) -> bool:
    """Put a saved run into a new trainer; False if there is none.

    Raises:
        ModelError: the saved run has another configuration.
    """
    if not (folder / _STATE).exists():
        return False
    state = json.loads((folder / _STATE).read_text())
    ours = asdict(trainer.config)
    for new, before in (("overview", 0), ("own_vectors", False)):  # of runs that had none yet
        state["config"]["model"].setdefault(new, before)
    theirs = asdict(TrainingConfig.from_json(json.dumps(state["config"])))
    free = {
        "steps",
        "dense_steps",
        "peak_rate",
        "decay_share",
    }  # the schedule may change on the way
    different = [key for key in ours if ours[key] != theirs[key] and key not in free]
    if different:
        raise ModelError(
            f"{folder} holds a run with other values of {', '.join(different)}: "
            "choose another folder, or the same configuration."
        )
    tensors: dict[str, Tensor] = {}
    for file in state["files"]:
        tensors |= load_file(folder / file)
    parts: dict[str, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        part, _, name = key.partition(".")
        parts.setdefault(part, {})[name] = value
    trainer.model.load_state_dict(parts["model"])
    trainer.average.load_state_dict(parts["average"])
    for rank, optimizer in enumerate(trainer.optimizers):
        moments: dict[int, dict[str, Any]] = {}
        for key, value in parts.get(f"optimizer{rank}", {}).items():
            index, _, name = key.partition(".")
            moments.setdefault(int(index), {})[name] = value
        optimizer.load_state_dict({**optimizer.state_dict(), "state": moments})
    trainer.step, trainer.seconds = state["step"], state["seconds"]
    trainer.images = state["images"]
    return True
