"""What is asked, in the words and the chat layout of the model's generation.

A prompt is a tuple of parts: markers, which are single special tokens, and plain text. Words of
the user are always plain text: spelling a marker in a query gives its letters, not the token.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from molmo_point.errors import QueryError

__all__ = [
    "IMAGE",
    "MOLMO2_CHAT",
    "MOLMO_CHAT",
    "VIDEO",
    "ChatTemplate",
    "Marker",
    "Part",
    "Turn",
    "click_prompt",
    "count_prompt",
    "parse_markup",
    "point_prompt",
]


@dataclass(frozen=True, slots=True)
class Marker:
    """One special token, or the place of an image or a video.

    Attributes:
        text: its spelling in the tokenizer.
    """

    text: str


Part: TypeAlias = Marker | str

IMAGE = Marker("<|image|>")
VIDEO = Marker("<|video|>")


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation.

    Attributes:
        role: who speaks.
        text: plain words.
    """

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class ChatTemplate:
    """The layout of a conversation.

    Attributes:
        user_open: before the words of the user.
        user_close: after them.
        assistant_open: before the answer.
        assistant_close: between an answer and the next question.
        answer_lead: before an answer that was given.
        image_number: before each image when there are several; `{number}` counts from 1.
    """

    user_open: tuple[Part, ...]
    user_close: tuple[Part, ...]
    assistant_open: tuple[Part, ...]
    assistant_close: tuple[Part, ...]
    image_number: str
    answer_lead: str = ""

    def media(self, *, images: int, videos: int = 0) -> tuple[Part, ...]:
        """The beginning of a prompt: all images, then all videos, before the first turn."""
        parts: list[Part] = []
        for number in range(1, images + 1):
            if images > 1:
                parts.append(self.image_number.format(number=number))
            parts.append(IMAGE)
        return (*parts, *([VIDEO] * videos))

    def conversation(self, turns: Sequence[Turn]) -> tuple[Part, ...]:
        """The rest of a prompt, up to where the answer begins.

        Args:
            turns: user and assistant by turns, the user first and last.

        Raises:
            QueryError: the turns do not alternate so, or a turn of the user is empty.
        """
        expected = ["assistant" if index % 2 else "user" for index in range(len(turns))]
        if len(turns) % 2 == 0 or [turn.role for turn in turns] != expected:
            raise QueryError(
                "A conversation goes user, assistant, ..., user; got "
                + (", ".join(turn.role for turn in turns) or "no turn")
                + ": ask with the user's turn last."
            )
        parts: list[Part] = []
        for turn in turns:
            if turn.role == "assistant":
                parts += [self.answer_lead + turn.text, *self.assistant_close]
                continue
            if not turn.text.strip():
                raise QueryError("The query is empty: say what to look for.")
            parts += [*self.user_open, turn.text, *self.user_close, *self.assistant_open]
        return tuple(parts)


MOLMO2_CHAT = ChatTemplate(
    user_open=(Marker("<|im_start|>"), "user\n"),
    user_close=(Marker("<|im_end|>"), "\n"),
    assistant_open=(Marker("<|im_start|>"), "assistant\n"),
    assistant_close=(Marker("<|im_end|>"), "\n"),
    image_number="Image {number}",
)
"""Molmo2 and MolmoPoint: `CHAT_TEMPLATE`, `convert_molmo2_to_hf.py`, github.com/allenai/molmo2."""

MOLMO_CHAT = ChatTemplate(
    user_open=(" User: ",),
    user_close=(),
    assistant_open=(" Assistant:",),
    assistant_close=(Marker("<|endoftext|>"),),
    image_number="",
    answer_lead=" ",
)
"""Molmo's first generation: `olmo/data/data_formatter.py`, github.com/allenai/molmo."""


def parse_markup(text: str, markers: Iterable[str]) -> tuple[Part, ...]:
    r"""Split a prompt that is written out in full; never for words of a user.

    Args:
        text: such as `"<|im_start|>user\n<|image|>Point to the cups<|im_end|>\n"`.
        markers: the spellings that are special tokens.

    Returns:
        Markers and the plain text between them; empty text is left out.
    """
    names = sorted(markers, key=len, reverse=True)
    if not names:
        return (text,) if text else ()
    pieces = re.split("(" + "|".join(re.escape(name) for name in names) + ")", text)
    parts = (Marker(piece) if index % 2 else piece for index, piece in enumerate(pieces))
    return tuple(part for part in parts if part)


def point_prompt(label: str, *, images: int = 1, video: bool = False) -> str:
    """Ask for the places of something.

    Source: "pointing" and "multi_image_pointing" of `olmo/preprocessing/data_formatter.py`
    (github.com/allenai/molmo2), where labels are lower-cased, and its README's "Point to ...".

    Args:
        label: what to find.
        images: how many images are asked about.
        video: it is a video, of which models were asked with an article.
    """
    label = _clean(label)
    if images > 1:
        return f"Point to all {label} in all images."
    article = "the " if video and not label.startswith("the ") else ""
    return f"Point to {article}{label}"


def click_prompt(instruction: str) -> str:
    """Tell a model that was tuned on screens what to click on, in the words as they are.

    Source: the prompt by which MolmoPoint-GUI-8B was measured while it was trained (arXiv
    2603.28069).

    Args:
        instruction: "Save", or "open the File menu".
    """
    words = " ".join(instruction.split())
    if not words:
        raise QueryError("The query is empty: say what to look for.")
    return f"Click {words}"


def count_prompt(label: str, *, images: int = 1) -> str:
    """Ask for the number of something, with points as evidence.

    Source: "point_count" and "multi_image_point_then_count" of
    `olmo/preprocessing/data_formatter.py` (github.com/allenai/molmo2).

    Args:
        label: what to count.
        images: how many images are asked about.
    """
    if images > 1:
        return f"How many {_clean(label)} are there in all images?"
    return f"How many {_clean(label)} are there?"


def _clean(label: str) -> str:
    words = " ".join(label.split()).lower()
    if not words:
        raise QueryError("The query is empty: say what to look for.")
    return words
