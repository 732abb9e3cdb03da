"""What the small model sees on a screen, for words that are read there."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from molmo_point.dialects.labelled import (
    Element,
    Labelled,
    Wish,
    find_in_row,
    find_labelled,
    split_row,
)
from molmo_point.dialects.lexicon import ARTICLES, usual
from molmo_point.models.molmo_point.asked import PLACES, WordLists
from molmo_point.models.molmo_point.locations import PatchGrids
from molmo_point.models.molmo_point.order import choose_place
from molmo_point.models.molmo_point.things import ThingMap
from molmo_point.ocr import TextLine

__all__ = ["Seen"]

_NAMES, _COLOURS, _MEANINGS, _PLACES = 0, 1, 2, 3  # of `WordLists.lists`
_BESIDE = frozenset(
    {"checkbox", "checkboxes", "check", "radio", "switch", "switches", "toggle", "toggles",
     "slider", "sliders", "field", "fields", "input", "inputs", "dropdown", "dropdowns", "select",
     "progress", "picture", "pictures", "image", "images", "avatar", "avatars"}
)  # fmt: skip
"""Words for what has its label beside it."""
_CONTROLS = ("field", "dropdown", "slider")
_ROW_OF = re.compile(r"(?:rows? (?:of|for) (?P<after>.+)|(?P<before>.+) rows?)")
_THERE = 0.3


@dataclass(frozen=True, slots=True)
class _Request:
    """A query in parts: words to be read, and what they may be drawn as; ranks of the others."""

    label: str
    meanings: tuple[int, ...]
    names: tuple[int, ...]
    colours: tuple[int, ...]
    places: tuple[int, ...]
    beside: bool


class Seen:
    """One image as the small model sees it.

    Args:
        things: its grouped map, of one prompt.
        grids: where its patches lie.
        lists: the model's closed lists.
        vocabulary: id of every word.
    """

    def __init__(
        self, things: ThingMap, grids: PatchGrids, lists: WordLists, vocabulary: dict[str, int]
    ) -> None:
        self._lists, self._vocabulary = lists, vocabulary
        rows, columns = grids.grids[0].shape
        width, height = grids.size_of(0)
        self._cell = np.array([width / columns, height / rows])
        places = grids.places().reshape(-1, 3)
        valid = places[:, 0] == 0
        self._at = places[valid]
        chosen = torch.from_numpy(valid)

        def of_patches(values: Tensor) -> NDArray[np.float32]:
            return values.flatten(0, 2).float().cpu()[chosen].numpy()

        meanings = things.meanings
        if meanings is None:
            meanings = things.names.new_zeros(*things.centre.shape, 0)
        self._names, self._meanings = of_patches(things.names), of_patches(meanings)
        self._colours, self._reach = of_patches(things.colours), of_patches(things.extents)
        self._centre = of_patches(things.centre)
        self._grid = np.full((rows, columns), -1, np.int64)
        self._grid[self._at[:, 1], self._at[:, 2]] = np.arange(len(self._at))

    def point(self, query: str, lines: Sequence[TextLine]) -> list[Labelled]:
        """Places of what a query names by its text; none if it names nothing that is read."""
        spoken = (word for word in re.findall(r"\w+", query.lower()) if word not in ARTICLES)
        words = " ".join(spoken)
        if whole := _ROW_OF.fullmatch(words):  # anywhere in it will do: where its text is
            words = whole["after"] or whole["before"]
        found = self._find(words, "", lines)
        main, row = split_row(words)
        if not found and row:
            found = self._find(main, row, lines)
        return found

    def _find(self, words: str, row: str, lines: Sequence[TextLine]) -> list[Labelled]:
        request, known = self._parse(words), usual(words)
        if known.control:
            names = tuple(rank for word in _CONTROLS for rank in self._parse(word).names)
            request = replace(request, names=names, beside=True)
        share = self._share(request)
        found: list[Labelled] = []
        if request.label:
            wish = Wish(request.label, request.beside, row, usual(request.label).labels)
            found = find_labelled(
                wish, lines, self._elements(share), lambda box: self._mean(share, box)
            )
        if row and not found and (request.names or request.meanings):
            drawn = share
            if request.label:
                drawn = share * self._meanings[:, list(request.meanings)].sum(1)
            found = find_in_row(row, lines, self._elements(drawn))
        return self._choose(found, request.places)

    def _parse(self, words: str) -> _Request:
        split = words.split()
        unknown = self._vocabulary["[UNK]"]
        ids = [self._vocabulary.get(word, unknown) for word in split]
        label: list[str] = []
        meanings: list[int] = []
        ranks: dict[int, list[int]] = {_NAMES: [], _COLOURS: [], _PLACES: []}
        beside = False
        for start, length, meant in self._lists.spans(ids):
            part = split[start : start + length]
            structure = [
                (number, rank)
                for number, rank in meant
                if number in (_COLOURS, _PLACES) or (number == _NAMES and rank in self._lists.roles)
            ]
            if not structure:
                label += part
                meanings += [rank for number, rank in meant if number == _MEANINGS]
                continue
            beside = beside or bool(_BESIDE & set(part))
            for number, rank in structure:
                ranks[number].append(rank)
        return _Request(
            " ".join(label), tuple(meanings),
            tuple(ranks[_NAMES]), tuple(ranks[_COLOURS]), tuple(ranks[_PLACES]),
            beside,
        )  # fmt: skip

    def _share(self, request: _Request) -> NDArray[np.float32]:
        """[P] how likely each patch shows what is asked for, its text apart."""
        share = np.ones(len(self._at), np.float32)
        if request.names:
            share = self._names[:, list(request.names)].sum(1)
        if request.colours:
            share = share * self._colours[:, list(request.colours)].sum(1)
        return share

    def _elements(self, share: NDArray[np.float32]) -> list[Element]:
        found = []
        for index in np.nonzero(self._centre > _THERE)[0]:
            middle = self._at[index, [2, 1]] + 0.5
            left, top = (middle - self._reach[index, :2]) * self._cell
            right, bottom = (middle + self._reach[index, 2:]) * self._cell
            x, y = middle * self._cell
            box = (float(left), float(top), float(right), float(bottom))
            found.append(
                Element(float(x), float(y), box, float(self._centre[index]), float(share[index]))
            )
        return found

    def _mean(self, share: NDArray[np.float32], box: tuple[float, ...]) -> float:
        """Of the patches under a box in pixels."""
        rows, columns = self._grid.shape
        left, right = (int(np.clip(v / self._cell[0], 0, columns - 1)) for v in (box[0], box[2]))
        top, bottom = (int(np.clip(v / self._cell[1], 0, rows - 1)) for v in (box[1], box[3]))
        inside = self._grid[top : bottom + 1, left : right + 1]
        return float(share[inside[inside >= 0]].mean()) if (inside >= 0).any() else 0.0

    def _choose(self, found: list[Labelled], places: tuple[int, ...]) -> list[Labelled]:
        if not places or not found:
            return found
        spots = torch.tensor([[0, hit.y, hit.x] for hit in found])
        half = torch.tensor([[(hit.box[3] - hit.box[1]) / 2] * 4 for hit in found])
        asked = torch.tensor([rank in places for rank in range(len(PLACES))])
        return [found[int(rank)] for rank in choose_place(spots, half, asked)]
