"""Words and an image -> what Molmo's first generation reads.

A prompt is the end-of-text token, the image, then " User: ... Assistant:". Reads and writes
`preprocessor_config.json` under its published names and the tokenizer's files.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from molmo_point.errors import ModelError, QueryError
from molmo_point.models.tokenizer import encode_text, read_tokenizer
from molmo_point.preprocessing.crops import CropConfig
from molmo_point.preprocessing.padded import MOLMO_CROPS, PaddedCrops, crop_padded_image
from molmo_point.preprocessing.planned import crop_padded_on
from molmo_point.preprocessing.prompts import MOLMO_CHAT, Marker, Turn
from molmo_point.preprocessing.tokens import (
    VISION_TOKENS,
    TokenLayout,
    VisionTokens,
    image_token_ids,
)

__all__ = ["MolmoInputs", "MolmoProcessor"]

_LAYOUT = TokenLayout(use_single_crop_start_token=False)
_FILE = "preprocessor_config.json"


@dataclass(frozen=True, slots=True)
class MolmoInputs:
    """A batch of prompts as tensors, under the names of `MolmoForCausalLM.forward`.

    Attributes:
        input_ids: int64 [B, T].
        attention_mask: int64 [B, T], 0 for padding.
        image_token_mask: bool [B, T], tokens that carry an image feature.
        pixel_values: float32 [C, P, patch * patch * 3], crops of all images of the batch.
        image_masks: float32 [C, P], as `PaddedCrops.masks`.
        image_token_pooling: int64 [N, k] into the C * P patches.
    """

    input_ids: Tensor
    attention_mask: Tensor
    image_token_mask: Tensor
    pixel_values: Tensor | None = None
    image_masks: Tensor | None = None
    image_token_pooling: Tensor | None = None

    def model_inputs(self) -> dict[str, Tensor]:
        """The tensors that there are, by name."""
        values = ((entry.name, getattr(self, entry.name)) for entry in fields(self))
        return {name: value for name, value in values if value is not None}

    def to(self, device: torch.device | str) -> MolmoInputs:
        """The same on another device."""
        return MolmoInputs(
            **{name: value.to(device) for name, value in self.model_inputs().items()}
        )


@dataclass(frozen=True, slots=True)
class MolmoProcessor:
    """Turns prompts into the inputs of Molmo's first generation.

    Attributes:
        tokenizer: a fast tokenizer of transformers.
        crop_config: how images are cut.
        device: a GPU that cuts them; None to cut them here.
        fast: cut them here from bytes scaled as bytes; see `crop_padded_image`.
        vision_tokens: ids of the tokens that stand for the image, by their names in the tokenizer:
            their numbers differ between checkpoints.

    Raises:
        ModelError: the tokenizer lacks one of them, or an end-of-text token.
    """

    tokenizer: Any
    crop_config: CropConfig = MOLMO_CROPS
    device: torch.device | None = None
    fast: bool = False
    vision_tokens: VisionTokens = field(init=False)

    def __post_init__(self) -> None:
        ids = {name: self._id(VISION_TOKENS[name]) for name in ("patch", "col", "start", "end")}
        unused = dict.fromkeys(("low", "low_start", "frame_start", "frame_end"), -1)
        object.__setattr__(self, "vision_tokens", VisionTokens(**ids, **unused))
        if self.tokenizer.eos_token_id is None:
            raise ModelError("The tokenizer names no eos token, which every prompt begins with.")

    @classmethod
    def from_pretrained(cls, folder: Path | str) -> MolmoProcessor:
        """Read a checkpoint's processor.

        Args:
            folder: with the tokenizer and, if crops differ from the published ones,
                `preprocessor_config.json`.

        Raises:
            ModelError: a file does not say what it must.
        """
        path = Path(folder) / _FILE
        crops = MOLMO_CROPS
        try:
            if path.is_file():
                crops = _read_crops(json.loads(path.read_text(encoding="utf-8")))
        except (KeyError, TypeError, ValueError) as error:
            raise ModelError(
                f"{path} does not state the crops of its images: {error!r}."
            ) from error
        return cls(read_tokenizer(Path(folder)), crops)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the files that `from_pretrained` reads."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        values = _write_crops(self.crop_config)
        (folder / _FILE).write_text(json.dumps(values, indent=2) + "\n", encoding="utf-8")
        self.tokenizer.save_pretrained(folder)

    @property
    def bos_id(self) -> int:
        """The id that every prompt begins with: the tokenizers have no bos, eos is used."""
        return int(self.tokenizer.eos_token_id)

    def __call__(
        self,
        texts: Sequence[str | Sequence[Turn]],
        images: Sequence[NDArray[np.uint8] | None] | None = None,
        *,
        padding_side: Literal["left", "right"] = "left",
    ) -> MolmoInputs:
        """Prepare a batch.

        Args:
            texts: the words of the user, or a conversation, for each prompt.
            images: uint8 [H, W, 3] RGB, upright, at most one for each prompt.
            padding_side: where shorter prompts are filled up; left suits decoding.

        Raises:
            QueryError: the counts do not agree, or a query is empty.
            ImageError: an array is no image.
        """
        images = [None] * len(texts) if images is None else images
        if len(images) != len(texts) or not texts:
            raise QueryError(
                f"{len(texts)} texts and {len(images)} images do not match: give one image, or "
                "None, for each text; this generation was trained on single images."
            )
        crops = [None if image is None else self._crop(image) for image in images]
        rows = [
            np.array([*self._prefix(crop), *self.encode_question(text)], dtype=np.int64)
            for text, crop in zip(texts, crops, strict=True)
        ]
        return self._stack(rows, [crop for crop in crops if crop is not None], padding_side)

    def encode_image_prefix(self, images: Sequence[NDArray[np.uint8]]) -> MolmoInputs:
        """Prepare the beginning of a prompt, which many questions about the image can share.

        Args:
            images: at most one.

        Raises:
            QueryError: there are several.
        """
        if len(images) > 1:
            raise QueryError(
                f"This model was trained on single images and got {len(images)}: ask about each."
            )
        crops = [self._crop(image) for image in images]
        prefix = self._prefix(crops[0] if crops else None)
        return self._stack([np.array(prefix, dtype=np.int64)], crops, "left")

    def encode_image_prefixes(self, images: Sequence[NDArray[np.uint8]]) -> MolmoInputs:
        """The same for a batch of prompts of one image each, shorter ones filled up at the end."""
        crops = [self._crop(image) for image in images]
        prefixes = [np.array(self._prefix(crop), dtype=np.int64) for crop in crops]
        return self._stack(prefixes, crops, "right")

    def encode_question(self, text: str | Sequence[Turn]) -> list[int]:
        """Ids of the rest of a prompt, up to where the answer begins.

        Args:
            text: the words of the user, or a conversation.
        """
        turns = [Turn("user", text)] if isinstance(text, str) else text
        ids: list[int] = []
        words = ""
        for part in MOLMO_CHAT.conversation(turns):
            if isinstance(part, Marker):
                ids += [*self._text_ids(words), self.bos_id]
                words = ""
            else:
                words += part
        return ids + self._text_ids(words)

    def _crop(self, image: NDArray[np.uint8]) -> PaddedCrops:
        if self.device is None:
            return crop_padded_image(image, self.crop_config, fast=self.fast)
        return crop_padded_on(image, self.crop_config, self.device)

    def _prefix(self, crop: PaddedCrops | None) -> list[int]:
        if crop is None:
            return [self.bos_id]
        tokens = image_token_ids(crop.crops.grid, self.vision_tokens, _LAYOUT)
        return [self.bos_id, *(int(token) for token in tokens)]

    def _stack(
        self, rows: Sequence[NDArray[np.int64]], crops: Sequence[PaddedCrops], side: str
    ) -> MolmoInputs:
        width = max(len(row) for row in rows)
        ids = np.full((len(rows), width), self.bos_id, dtype=np.int64)
        mask = np.zeros_like(ids)
        for number, row in enumerate(rows):
            start = width - len(row) if side == "left" else 0
            ids[number, start : start + len(row)] = row
            mask[number, start : start + len(row)] = 1
        images: dict[str, Tensor] = {}
        if crops:
            sizes = [crop.masks.size for crop in crops]
            starts = np.cumsum([0, *sizes[:-1]])
            pooling = [
                crop.crops.token_pooling + at for crop, at in zip(crops, starts, strict=True)
            ]
            images = {
                "pixel_values": torch.cat(
                    [torch.as_tensor(crop.crops.pixel_values) for crop in crops]
                ),
                "image_masks": torch.from_numpy(np.concatenate([crop.masks for crop in crops])),
                "image_token_pooling": torch.from_numpy(np.concatenate(pooling)),
            }
        return MolmoInputs(
            input_ids=torch.from_numpy(ids),
            attention_mask=torch.from_numpy(mask),
            image_token_mask=torch.from_numpy((ids == self.vision_tokens.patch) & (mask == 1)),
            **images,
        )

    def _text_ids(self, text: str) -> list[int]:
        """Plain text, in which no special token is recognised."""
        ids = encode_text(self.tokenizer, text, plain=True)
        if any(value in self.vision_tokens.ids for value in ids):
            raise QueryError(f"{text!r} spells a token that stands for an image.")
        return ids

    def _id(self, text: str) -> int:
        value = self.tokenizer.convert_tokens_to_ids(text)
        if value is None or value == self.tokenizer.unk_token_id:
            raise ModelError(f"The tokenizer has no token {text}: use this checkpoint's own.")
        return int(value)


def _read_crops(values: dict[str, Any]) -> CropConfig:
    height, width = values["base_image_input_size"]
    patch = int(values["image_patch_size"])
    tokens = int(values["image_token_length_h"]), int(values["image_token_length_w"])
    near, far = values["overlap_margins"]
    red, green, blue = values["image_mean"]
    deviation = tuple(float(value) for value in values["image_std"])
    return CropConfig(
        crop_size=(int(height), int(width)),
        patch_size=patch,
        max_crops=int(values["max_crops"]),
        overlap_margins=(int(near), int(far)),
        pooling_size=(int(height) // patch // tokens[0], int(width) // patch // tokens[1]),
        image_mean=(float(red), float(green), float(blue)),
        image_std=(deviation[0], deviation[1], deviation[2]),
    )


def _write_crops(crops: CropConfig) -> dict[str, Any]:
    rows, cols = crops.crop_patches
    return {
        "base_image_input_size": list(crops.crop_size),
        "image_mean": list(crops.image_mean),
        "image_patch_size": crops.patch_size,
        "image_std": list(crops.image_std),
        "image_token_length_h": rows // crops.pooling_size[0],
        "image_token_length_w": cols // crops.pooling_size[1],
        "max_crops": crops.max_crops,
        "overlap_margins": list(crops.overlap_margins),
    }
