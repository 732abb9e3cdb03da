"""Muon for the matrices of the vision encoder's layers, AdamW for everything else.

Muon (Jordan et al. 2024; scaled to AdamW's step as in 2502.16982, so that both take one rate).
"""

from __future__ import annotations

import re
from typing import Any

import torch
from torch import nn

__all__ = ["make_optimizers"]

_LAYERS = re.compile(r".*vision_tower\.layers\..*")


def make_optimizers(
    model: nn.Module, rate: float, weight_decay: float
) -> tuple[torch.optim.Optimizer, ...]:
    """Optimisers of all parameters of a model, each parameter in one of them.

    Args:
        model: to be trained.
        rate: learning rate, the same for all.
        weight_decay: on matrices only.
    """
    named = dict(model.named_parameters())
    turned = {name for name, value in named.items() if value.ndim == 2 and _LAYERS.fullmatch(name)}
    others = [value for name, value in named.items() if name not in turned]
    groups: list[dict[str, Any]] = [
        {"params": [value for value in others if value.ndim >= 2], "weight_decay": weight_decay},
        {"params": [value for value in others if value.ndim < 2], "weight_decay": 0.0},
    ]
    return (
        torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.97)),
        torch.optim.Muon(
            [named[name] for name in sorted(turned)],
            lr=rate,
            weight_decay=weight_decay,
            adjust_lr_fn="match_rms_adamw",
        ),
    )
