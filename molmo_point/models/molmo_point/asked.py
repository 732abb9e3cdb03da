"""What a question asks for, among the words of closed lists: names, colours, meanings, places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from molmo_point.models.molmo_point.compact_config import CompactConfig
    from molmo_point.models.molmo_point.config import MolmoPointConfig

__all__ = ["PLACES", "Asked", "WordLists"]

PLACES = (
    "first", "second", "third", "fourth", "fifth", "last", "top", "bottom", "left", "right",
)  # fmt: skip
"""Which one of several: in reading order, or the outermost to one side."""

_Words = Sequence[Sequence[Sequence[int]]]
_Said = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Asked:
    """Q questions: a thing of one of the names, or an element of a screen with one of the meanings.

    Attributes:
        names: bool [Q, K]; together with no roles and no elements, none means all things.
        roles: bool [Q, K], the same for names of elements of screens, whatever they stand for.
        colours: bool [Q, L]; none means any.
        elements: bool [Q, K], names that an element with one of the meanings may have.
        meanings: bool [Q, M].
        places: bool [Q, `PLACES`], which one of several; none means all of them.
        trust: scale and shift of the log-odds of names, roles, colours and meanings; then how much
            the odds of the likeliest other thing of that name count against a thing.
        nothing: bool [Q], questions that name nothing, not even "things"; None for no such.
    """

    names: Tensor
    roles: Tensor
    colours: Tensor
    elements: Tensor
    meanings: Tensor
    places: Tensor
    trust: tuple[float, ...] = (*(1.0, 0.0) * 4, 0.0)
    nothing: Tensor | None = None


class WordLists:
    """The closed lists of a model; from left to right, the longest spelling that fits counts.

    Args:
        config: with lists of spellings as token ids.

    Attributes:
        roles: ranks of the names that elements of screens have.
    """

    def __init__(self, config: MolmoPointConfig | CompactConfig) -> None:
        self.lists: tuple[_Words, ...] = (
            config.heat_names,
            config.heat_colours,
            config.heat_meanings,
            config.heat_places,
        )
        self._meaning: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        for number, words in enumerate(self.lists):
            for rank, spellings in enumerate(words):
                for spelling in spellings:
                    self._meaning.setdefault(tuple(spelling), []).append((number, rank))
        self._longest = max(map(len, self._meaning), default=0)
        self._anything = frozenset(config.heat_anything)
        self._frame, self._trust = config.heat_frame, (*config.heat_trust, 0.0)[:9]
        self.roles = frozenset(config.heat_roles)
        self._roles = [rank in self.roles for rank in range(len(config.heat_names))]

    def spelled(self, vocabulary: Mapping[str, int]) -> set[str]:
        """Every spelling of what can be asked for, in words of a tokenizer's vocabulary."""
        words = {index: word for word, index in vocabulary.items()}
        known = {*self._meaning, *((index,) for index in self._anything)}
        return {" ".join(words[index] for index in spelling) for spelling in known}

    def asked(self, questions: Sequence[Sequence[int]], device: torch.device) -> Asked:
        """Read questions, token ids; "light bulb" asks for no bulb."""
        found = [torch.zeros(len(questions), len(words), dtype=torch.bool) for words in self.lists]
        for row, question in enumerate(questions):
            words = question[self._frame :]
            spans = self._tell_roles([said for _, _, said in self.spans(words)])
            every_kind = bool(self._anything & set(words))
            for place, said in enumerate(spans):
                other = [*filter(_names_alone, spans[:place]), *filter(_names, spans[place + 1 :])]
                for number, rank in _settle(said, more=every_kind or bool(other)):
                    found[number][row, rank] = True
        names, colours, meanings, places = (marks.to(device) for marks in found)
        every = torch.tensor(self._roles, dtype=torch.bool, device=device)
        roles = names & every
        meant, plain = meanings.any(-1, keepdim=True), ~roles.any(-1, keepdim=True)
        elements = torch.where(plain, every, roles) & meant
        plain_names, plain_roles = names & ~every & (plain | ~meant), roles & ~meant
        some = torch.cat([names, colours, meanings, places], dim=1).any(-1)
        anything = [bool(self._anything & set(question)) for question in questions]
        nothing = ~some & ~torch.tensor(anything, device=device) if self._anything else None
        return Asked(
            plain_names, plain_roles, colours, elements, meanings, places, self._trust, nothing
        )

    def _tell_roles(self, spans: Sequence[_Said]) -> list[_Said]:
        """A "link" is an element; a "link icon" is an icon that stands for one."""
        has_role = [any(number == 0 and rank in self.roles for number, rank in s) for s in spans]
        told = []
        for place, said in enumerate(spans):
            if has_role[place] and any(number == 2 for number, _ in said):
                if any(has_role[:place] + has_role[place + 1 :]):
                    said = [one for one in said if one[0] != 0 or one[1] not in self.roles]
                else:
                    said = [one for one in said if one[0] != 2]
            told.append(said)
        return told

    def unread(self, question: Sequence[int]) -> list[int]:
        """Words beside names of things that mean nothing, as the first of "hot dogs"; token ids.

        What names elements of screens may have more words than the lists: then there are none.
        """
        spans = list(self.spans(question))
        meant = [one for _, _, said in spans for one in said]
        if any(number == 2 or (number == 0 and rank in self.roles) for number, rank in meant):
            return []
        alone = [question[at] for at, _, said in spans if not said]
        return [token for token in alone if token not in self._anything]

    def names_something(self, question: Sequence[int]) -> bool:
        """Whether a question, token ids, names anything; True for a model that cannot tell."""
        if not self._anything or self._anything & set(question):
            return True
        return any(meant for _, _, meant in self.spans(question))

    def spans(self, question: Sequence[int]) -> Iterator[tuple[int, int, list[tuple[int, int]]]]:
        """What is said where: first token, number of tokens, and (list, rank) of all it can mean.

        Lists are names, colours, meanings, places; a word that means nothing stands alone.
        """
        at = 0
        while at < len(question):
            length, meant = self._longest_at(question, at)
            yield at, length, meant
            at += length

    def _longest_at(self, question: Sequence[int], at: int) -> tuple[int, list[tuple[int, int]]]:
        for length in range(min(self._longest, len(question) - at), 0, -1):
            meant = self._meaning.get(tuple(question[at : at + length]))
            if meant is not None:
                return length, meant
        return 1, []


def _names(said: _Said) -> bool:
    return any(number == 0 for number, _ in said)


def _names_alone(said: _Said) -> bool:
    return _names(said) and all(number != 1 for number, _ in said)


def _settle(said: _Said, *, more: bool) -> _Said:
    """An "orange" is a fruit; an orange mug, and an orange thing, are none.

    Args:
        said: (list, rank) of all that a word can mean.
        more: the question also says what it is of.
    """
    if not _names(said) or _names_alone(said):
        return said
    return [(number, rank) for number, rank in said if number != (0 if more else 1)]
