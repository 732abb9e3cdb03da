"""How many bytes a weight takes: half precision, or the decoder's matrices in 8 or 4 bits.

Only the decoder's linear layers are quantised; vision, connector, point head, text head and norms
stay in bfloat16, as those who published quantised checkpoints found necessary.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from molmo_point.errors import ModelError, require

if TYPE_CHECKING:
    import torch

__all__ = ["PRECISIONS", "Precision", "find_precision"]

_WHOLE = (
    "lm_head",
    "model.vision_backbone",
    "model.vision_tower",
    "model.multi_modal_projector",
    "model.point_predictor",
    "model.build_vit_embedding",
    "model.overview",
    "model.heat",
)  # not quantised


@dataclass(frozen=True, slots=True)
class Precision:
    """How weights are kept.

    Attributes:
        name: as users say it.
        dtype: name of the torch dtype of what is not quantised, and of the arithmetic.
        bits: of the decoder's matrices, 0 if they are as the rest.
    """

    name: str
    dtype: str
    bits: int = 0

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype itself."""
        import torch

        dtype: torch.dtype = getattr(torch, self.dtype)
        return dtype

    def weight_bytes(self, parameters: float, matrices: float) -> float:
        """Bytes of the weights of a model.

        Args:
            parameters: all of them.
            matrices: those in the decoder's linear layers.
        """
        each = 4.0 if self.dtype == "float32" else 2.0
        if not self.bits:
            return parameters * each
        # scales: of 8 bits one a row, which is next to nothing; of 4 bits one byte for 64 weights,
        # and one float32 for 256 of those bytes
        scale = 0.0 if self.bits == 8 else 1 / 64 * (1 + 4 / 256)
        return (parameters - matrices) * each + matrices * (self.bits / 8 + scale)

    def loading_options(self) -> dict[str, Any]:
        """Arguments of transformers' `from_pretrained` that bring it about.

        Raises:
            MissingExtra: bitsandbytes, or accelerate, is not installed.
        """
        if not self.bits:
            return {}
        for module in ("accelerate", "bitsandbytes"):
            require(module, "big")
        from transformers import BitsAndBytesConfig

        # of 8 bits it warns in every layer of every step that bfloat16 is cast
        logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)
        eight = self.bits == 8
        return {
            "quantization_config": BitsAndBytesConfig(
                load_in_8bit=eight,
                load_in_4bit=not eight,
                bnb_4bit_quant_type="nf4",
                bnb_4bit_use_double_quant=True,
                bnb_4bit_compute_dtype=self.torch_dtype,
                llm_int8_skip_modules=list(_WHOLE),
            )
        }


PRECISIONS = {
    precision.name: precision
    for precision in (
        Precision("float32", "float32"),
        Precision("bfloat16", "bfloat16"),
        Precision("float16", "float16"),
        Precision("int8", "bfloat16", bits=8),
        Precision("int4", "bfloat16", bits=4),
    )
}
"""By name."""

_SHORT = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16"}


def find_precision(name: str) -> Precision:
    """A precision by its name, or its usual short name.

    Raises:
        ModelError: there is none of this name.
    """
    precision = PRECISIONS.get(_SHORT.get(name, name))
    if precision is None:
        raise ModelError(f'There is no dtype "{name}": use one of {", ".join(PRECISIONS)}.')
    return precision
