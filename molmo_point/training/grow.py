"""More layers for a vision encoder that has learnt something, without changing what it says.

A new layer that writes zeros adds nothing to the residual stream, so training goes on from where
it stood, with more room (as Net2Net's deeper nets, 1511.05641).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

from molmo_point.errors import ModelError

__all__ = ["grow_vision"]

_LAYER = re.compile(r"(.*vision_tower\.layers\.)(\d+)\.(.*)")
_WRITES = ("o_proj.weight", "o_proj.bias", "fc2.weight", "fc2.bias")


def grow_vision(state: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Spread the layers of a vision encoder over a deeper one's.

    The last layer and the middle one are read (`build.py`), so the new ones come behind each half.

    Args:
        state: of the deeper model; what its new layers read with stays as it begins.
        theirs: of a model with at most as many layers.

    Returns:
        `theirs` under the names of the deeper model, with the new layers.

    Raises:
        ModelError: theirs is the deeper one.
    """
    ours, old = _layers(state), _layers(theirs)
    if old > ours:
        raise ModelError(
            f"A vision encoder of {old} layers does not fit into one of {ours}: set vision_layers "
            f"to {old} or more."
        )
    half = old // 2
    moved = [n if n < half else n - half + ours // 2 for n in range(old)]
    grown = {name: value for name, value in theirs.items() if not _LAYER.fullmatch(name)}
    for name, value in theirs.items():
        if match := _LAYER.fullmatch(name):
            before, number, after = match.groups()
            grown[f"{before}{moved[int(number)]}.{after}"] = value
    for name, value in state.items():
        if _LAYER.fullmatch(name) and name not in grown:
            grown[name] = torch.zeros_like(value) if name.endswith(_WRITES) else value
    return grown


def _layers(state: Mapping[str, Tensor]) -> int:
    matches = (_LAYER.fullmatch(name) for name in state)
    return 1 + max((int(match[2]) for match in matches if match), default=-1)
