"""Words and images -> what the model reads, and where in the images its points will lie.

Serves Molmo2 as well: the two differ in flags of `TokenLayout` only. Reads and writes the published
layout: `preprocessor_config.json`, `video_preprocessor_config.json`, `processor_config.json` and
the tokenizer's files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from molmo_point.errors import ModelError, QueryError
from molmo_point.models.molmo_point.inputs import (
    MolmoPointInputs,
    PointingMetadata,
    describe,
    stack_images,
    stack_videos,
)
from molmo_point.models.molmo_point.processor_files import (
    load_processor_files,
    save_processor_files,
)
from molmo_point.models.tokenizer import encode_text, read_tokenizer
from molmo_point.preprocessing.crops import CropConfig, ImageCrops, crop_image
from molmo_point.preprocessing.planned import crop_on
from molmo_point.preprocessing.prompts import (
    IMAGE,
    MOLMO2_CHAT,
    VIDEO,
    ChatTemplate,
    Marker,
    Part,
    Turn,
)
from molmo_point.preprocessing.tokens import (
    VISION_TOKENS,
    TokenLayout,
    VisionTokens,
    frame_prefix,
    frame_token_ids,
    image_token_ids,
)
from molmo_point.preprocessing.video import Video, VideoConfig, VideoFrames, prepare_video

__all__ = ["MolmoPointInputs", "MolmoPointProcessor", "PointingMetadata", "Prompt"]


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt in parts, with what its image and video markers stand for.

    Attributes:
        parts: markers and plain text.
        images: one a marker, in order.
        videos: one a marker, in order; at most one.
    """

    parts: tuple[Part, ...]
    images: Sequence[NDArray[np.uint8]] = ()
    videos: Sequence[Video] = ()


@dataclass(frozen=True, slots=True)
class _Encoded:
    ids: NDArray[np.int64]
    crops: list[ImageCrops]
    videos: list[VideoFrames]


@dataclass(frozen=True, slots=True)
class MolmoPointProcessor:
    """Turns prompts into the inputs of MolmoPoint (and of Molmo2).

    Attributes:
        tokenizer: a fast tokenizer of transformers.
        crop_config: how images are cut.
        layout: how images are written in the prompt.
        video_config: how videos are read; None for a model that reads none.
        template: layout of a conversation.
        device: a GPU that cuts images; None to cut them here.
        vision_tokens: ids of the tokens that stand for images.
        first_point_id: the first id that stands for a point; words have none from here on.

    Raises:
        ModelError: the tokenizer lacks a token that the layout needs.
    """

    tokenizer: Any
    crop_config: CropConfig
    layout: TokenLayout = field(default_factory=TokenLayout)
    video_config: VideoConfig | None = None
    template: ChatTemplate = MOLMO2_CHAT
    device: torch.device | None = None
    vision_tokens: VisionTokens = field(init=False)
    first_point_id: int = field(init=False)

    def __post_init__(self) -> None:
        ids = {name: self._id(text) for name, text in VISION_TOKENS.items()}
        object.__setattr__(self, "vision_tokens", VisionTokens(**ids))
        first_point = self._find("<POINT_0>")
        object.__setattr__(
            self, "first_point_id", len(self.tokenizer) if first_point is None else first_point
        )
        for parts in (self.template.user_open, self.template.user_close):
            for part in parts:
                if isinstance(part, Marker):
                    self._id(part.text)

    @classmethod
    def from_pretrained(
        cls, folder: Path | str, *, tokenizer: Any | None = None
    ) -> MolmoPointProcessor:
        """Read a checkpoint's processor.

        Args:
            folder: with `preprocessor_config.json` and the tokenizer.
            tokenizer: the folder's tokenizer, if it has been read already.

        Raises:
            ModelError: a file is missing or does not say what it must.
        """
        crops, layout, video = load_processor_files(Path(folder))
        if tokenizer is None:
            tokenizer = read_tokenizer(Path(folder))
        return cls(tokenizer, crops, layout, video)

    def save_pretrained(self, folder: Path | str) -> None:
        """Write the files that `from_pretrained` reads."""
        save_processor_files(
            Path(folder), self.tokenizer, self.crop_config, self.layout, self.video_config
        )

    @property
    def bos_id(self) -> int:
        """The id that every prompt begins with."""
        for value in (self.tokenizer.bos_token_id, self.tokenizer.eos_token_id):
            if value is not None:
                return int(value)
        raise ModelError("The tokenizer names neither a bos nor an eos token: it must name one.")

    @property
    def pad_id(self) -> int:
        """The id of padding; where the tokenizer names none, that of bos (it is masked)."""
        value = self.tokenizer.pad_token_id
        return self.bos_id if value is None else int(value)

    @property
    def opening_ids(self) -> list[int]:
        """Ids of the text that opens a list of points."""
        return self._trusted_ids('<points coords="')

    def number_ids(self, number: int) -> list[int]:
        """Ids of a number, such as the one that ends a point."""
        return self._trusted_ids(str(number))

    def __call__(
        self,
        texts: Sequence[str | Sequence[Turn]],
        images: Sequence[Sequence[NDArray[np.uint8]]] | None = None,
        videos: Sequence[Sequence[Video]] | None = None,
        *,
        padding_side: Literal["left", "right"] = "left",
    ) -> MolmoPointInputs:
        """Prepare a batch, in the chat layout of the checkpoint.

        Args:
            texts: the words of the user, or a conversation, for each prompt.
            images: uint8 [H, W, 3] RGB, upright, for each prompt; None: no prompt has any.
            videos: at most one for each prompt; None: no prompt has any.
            padding_side: where shorter prompts are filled up; left suits decoding.

        Raises:
            QueryError: the counts do not agree, or a query is empty.
            ImageError: an array is no image.
        """
        images = [()] * len(texts) if images is None else images
        videos = [()] * len(texts) if videos is None else videos
        if not len(texts) == len(images) == len(videos):
            raise QueryError(
                f"{len(texts)} texts, {len(images)} lists of images and {len(videos)} of videos do "
                "not match: give one list for each text."
            )
        prompts = []
        for text, own_images, own_videos in zip(texts, images, videos, strict=True):
            turns = [Turn("user", text)] if isinstance(text, str) else text
            media = self.template.media(images=len(own_images), videos=len(own_videos))
            parts = (*media, *self.template.conversation(turns))
            prompts.append(Prompt(parts, own_images, own_videos))
        return self.process(prompts, padding_side=padding_side)

    def encode_image_prefix(
        self, images: Sequence[NDArray[np.uint8]], videos: Sequence[Video] = ()
    ) -> MolmoPointInputs:
        """Prepare the beginning of a prompt, which many questions about the images can share.

        Args:
            images: uint8 [H, W, 3] RGB, upright.
            videos: at most one.

        Returns:
            A batch of one: bos and the images. Appending `encode_question` gives the whole prompt.
        """
        media = self.template.media(images=len(images), videos=len(videos))
        return self.process([Prompt(media, images, videos)])

    def encode_image_prefixes(self, images: Sequence[NDArray[np.uint8]]) -> MolmoPointInputs:
        """The same for a batch of prompts of one image each, shorter ones filled up at the end."""
        media = self.template.media(images=1, videos=0)
        return self.process([Prompt(media, [image]) for image in images], padding_side="right")

    def encode_question(self, text: str | Sequence[Turn]) -> list[int]:
        """Ids of the rest of a prompt: the user's words in the chat layout, up to the answer.

        Args:
            text: the words of the user, or a conversation.
        """
        turns = [Turn("user", text)] if isinstance(text, str) else text
        ids = self._encode(Prompt(self.template.conversation(turns))).ids
        return [int(value) for value in ids]

    def process(
        self, prompts: Sequence[Prompt], *, padding_side: Literal["left", "right"] = "left"
    ) -> MolmoPointInputs:
        """Prepare prompts that are laid out already; a bos is put before each.

        Args:
            prompts: at least one.
            padding_side: where shorter prompts are filled up.

        Raises:
            QueryError: there is no prompt, or its markers and its images do not match.
        """
        if not prompts:
            raise QueryError("There is no prompt: give at least one.")
        encoded = [self._encode(prompt) for prompt in prompts]
        rows = [np.concatenate([[self.bos_id], prompt.ids]) for prompt in encoded]
        width = max(len(row) for row in rows)
        input_ids = np.full((len(rows), width), self.pad_id, dtype=np.int64)
        attention_mask = np.zeros_like(input_ids)
        for number, row in enumerate(rows):
            start = width - len(row) if padding_side == "left" else 0
            input_ids[number, start : start + len(row)] = row
            attention_mask[number, start : start + len(row)] = 1
        kinds = np.isin(input_ids, self.vision_tokens.ids) & (attention_mask == 1)
        return MolmoPointInputs(
            input_ids=torch.from_numpy(input_ids),
            attention_mask=torch.from_numpy(attention_mask),
            mm_token_type_ids=torch.from_numpy(kinds.astype(np.int64)),
            metadata=[describe(prompt.crops, prompt.videos) for prompt in encoded],
            **stack_images([crops for prompt in encoded for crops in prompt.crops]),
            **stack_videos([video for prompt in encoded for video in prompt.videos]),
        )

    def _encode(self, prompt: Prompt) -> _Encoded:
        """Ids of a prompt without bos, and its images."""
        wanted = prompt.parts.count(IMAGE), prompt.parts.count(VIDEO)
        if wanted != (len(prompt.images), len(prompt.videos)) or wanted[1] > 1:
            raise QueryError(
                f"A prompt with {wanted[0]} image and {wanted[1]} video markers got "
                f"{len(prompt.images)} images and {len(prompt.videos)} videos: give one for each "
                "marker, and at most one video."
            )
        crops = [self._crop(image) for image in prompt.images]
        videos = [prepare_video(video, self._own_video_config()) for video in prompt.videos]
        next_crops, next_video = iter(crops), iter(videos)
        pieces: list[NDArray[np.int64] | str] = []
        for part in prompt.parts:
            if part == IMAGE:
                grid = next(next_crops).grid
                pieces.append(image_token_ids(grid, self.vision_tokens, self.layout))
            elif part == VIDEO:
                pieces += self._video_pieces(next(next_video))
            elif isinstance(part, Marker):
                pieces.append(np.array([self._id(part.text)]))
            else:
                pieces.append(part)
        return _Encoded(self._join(pieces), crops, videos)

    def _crop(self, image: NDArray[np.uint8]) -> ImageCrops:
        if self.device is None:
            return crop_image(image, self.crop_config)
        return crop_on(image, self.crop_config, self.device)

    def _video_pieces(self, video: VideoFrames) -> list[NDArray[np.int64] | str]:
        _, rows, cols = video.grid
        frame = frame_token_ids(rows, cols, self.vision_tokens, self.layout)
        pieces: list[NDArray[np.int64] | str] = []
        for index, timestamp in enumerate(video.timestamps):
            pieces += [frame_prefix(index, timestamp), frame]
        return pieces

    def _join(self, pieces: Sequence[NDArray[np.int64] | str]) -> NDArray[np.int64]:
        """Ids and text to ids; neighbouring text is tokenised in one go, as it stands."""
        joined: list[NDArray[np.int64]] = [np.empty(0, dtype=np.int64)]
        waiting = ""
        for piece in (*pieces, np.empty(0, dtype=np.int64)):
            if isinstance(piece, str):
                waiting += piece
                continue
            if waiting:
                joined.append(np.array(self._text_ids(waiting), dtype=np.int64))
                waiting = ""
            joined.append(piece)
        return np.concatenate(joined)

    def _trusted_ids(self, text: str) -> list[int]:
        """Text of our own, in which special tokens are recognised."""
        return encode_text(self.tokenizer, text, plain=False)

    def _text_ids(self, text: str) -> list[int]:
        """Plain text, in which no special token is recognised."""
        ids = encode_text(self.tokenizer, text, plain=True)
        if any(value in self.vision_tokens.ids or value >= self.first_point_id for value in ids):
            raise QueryError(f"{text!r} spells a token that stands for an image or a point.")
        return ids

    def _find(self, text: str) -> int | None:
        value = self.tokenizer.convert_tokens_to_ids(text)
        return None if value is None or value == self.tokenizer.unk_token_id else int(value)

    def _id(self, text: str) -> int:
        value = self._find(text)
        if value is None:
            raise ModelError(f"The tokenizer has no token {text}: use this checkpoint's own.")
        return value

    def _own_video_config(self) -> VideoConfig:
        if self.video_config is None:
            raise QueryError("This model reads no videos: ask about an image.")
        return self.video_config
