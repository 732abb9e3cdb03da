"""Projections of the same input as one product: fused QKV, and gate with up, on a GPU.

Molmo's first generation runs on transformers' decoders, whose layers keep these matrices apart;
those of Molmo2 and MolmoPoint are joined already, as the published tensors of all three are. One
large product reads memory faster than three, of which two are small.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

__all__ = ["join_projections"]

_TOGETHER = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))


class _First(nn.Linear):
    """Multiplies for all, gives its own part back, and keeps the others for who asks next."""

    kept: tuple[Tensor, tuple[Tensor, ...]] | None = None
    """An input and its products; read and set at once, so that threads never mix them."""

    def __init__(self, parts: Sequence[nn.Linear]) -> None:
        nn.Module.__init__(self)
        self.sizes = [part.out_features for part in parts]
        self.in_features, self.out_features = parts[0].in_features, sum(self.sizes)
        self.weight = nn.Parameter(torch.cat([part.weight for part in parts]), requires_grad=False)
        biases: list[Tensor] = [part.bias for part in parts if part.bias is not None]
        bias = nn.Parameter(torch.cat(biases), requires_grad=False) if biases else None
        self.register_parameter("bias", bias)

    def forward(self, input: Tensor) -> Tensor:  # torch's own name
        products: tuple[Tensor, ...] = torch.split(super().forward(input), self.sizes, dim=-1)
        self.kept = (input, products)
        return products[0]


class _Next(nn.Module):
    """Another of them; asked about another input than the first, it multiplies by itself."""

    def __init__(self, first: _First, rank: int) -> None:
        super().__init__()
        self._first, self._rank = (first,), rank  # a tuple: no module of this one
        self._rows = slice(sum(first.sizes[:rank]), sum(first.sizes[: rank + 1]))

    def forward(self, input: Tensor) -> Tensor:
        (first,) = self._first
        kept = first.kept
        if kept is not None and kept[0] is input:
            if self._rank == len(first.sizes) - 1:
                first.kept = None
            return kept[1][self._rank]
        bias = None if first.bias is None else first.bias[self._rows]
        return linear(input, first.weight[self._rows], bias)


@torch.no_grad()
def join_projections(decoder: nn.Module) -> int:
    """Join what can be joined in a decoder, layer by layer; its weights need no more memory.

    Args:
        decoder: in inference; quantised layers and experts stay as they are.

    Returns:
        How many products were saved a step.
    """
    saved = 0
    for layer in list(decoder.modules()):
        for names in _TOGETHER:
            parts = [getattr(layer, name, None) for name in names]
            if any(type(part) is not nn.Linear for part in parts):
                continue
            linears = [part for part in parts if isinstance(part, nn.Linear)]
            if len({(part.in_features, part.bias is None) for part in linears}) > 1:
                continue
            first = _First(linears)
            for rank, name in enumerate(names):
                setattr(layer, name, first if rank == 0 else _Next(first, rank))
            saved += len(names) - 1
    return saved
