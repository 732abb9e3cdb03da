"""Which elements answer a description: surely, perhaps, or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from molmo_point.data.screens.concepts import ALIKE, CONCEPTS
from molmo_point.data.screens.elements import Element
from molmo_point.data.screens.words import INTENT_ROLES

__all__ = ["Want", "find", "is_labelled", "is_there", "line_of"]

_NO, _PERHAPS, _YES = 0, 1, 2

_LOOK_ALIKE = {
    "link": {"menu item", "tab"}, "menu item": {"link", "tab", "row"}, "tab": {"menu item", "link"},
    "field": {"dropdown"}, "slider": {"progress bar"}, "progress bar": {"slider"},
    "picture": {"avatar"}, "heading": {"text"},
    "text": {"heading", "button", "link", "tab", "menu item", "badge", "field", "dropdown"},
}  # fmt: skip
"""Roles that a person may take for one, and so for part of the answer."""

_NEED_LABELS = frozenset(
    {"field", "checkbox", "radio", "switch", "slider", "dropdown", "progress bar", "picture",
     "avatar"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Want:
    """A description; what is "" does not matter.

    Attributes:
        role: one of `elements.ROLES`; "" means any that serves a purpose.
        concept: key of `CONCEPTS`.
        colour: colour word.
        state: one of an element's states.
        row: concept of its row.
    """

    role: str
    concept: str = ""
    colour: str = ""
    state: str = ""
    row: str = ""


@cache
def _alike(first: str, second: str) -> bool:
    """Whether two concepts may pass for one another, or are labelled alike in some language."""
    if not first or not second:
        return False
    if any(first in group and second in group for group in ALIKE):
        return True
    one, other = CONCEPTS[first].labels, CONCEPTS[second].labels
    same_words = len(one) == len(other) and any(a == b for a, b in zip(one, other, strict=True))
    return same_words or bool(set(first.split()) & set(second.split()) - {"in", "out"})


def _fits(element: Element, want: Want) -> int:
    grades = [_YES if element.whole else _PERHAPS]
    if want.role:
        near = element.role in _LOOK_ALIKE.get(want.role, ())
        grades.append(_YES if element.role == want.role else _PERHAPS if near else _NO)
    else:
        grades.append(_YES if element.role in INTENT_ROLES else _NO)
    if want.concept:
        near = _alike(element.concept, want.concept)
        near = near or element.text.casefold() == want.concept  # such as what a list shows
        grades.append(_YES if element.concept == want.concept else _PERHAPS if near else _NO)
    if want.colour:
        clear = element.colours == (want.colour,)
        grades.append(_YES if clear else _PERHAPS if want.colour in element.colours else _NO)
    if want.state:
        grades.append(_YES if want.state in element.states else _NO)
    if want.row:
        grades.append(_YES if element.row == want.row else _NO)
    return min(grades)


def find(elements: Sequence[Element], want: Want) -> tuple[int, ...] | None:
    """Indices of the elements that fit a description; None if it cannot be told exactly."""
    grades = [_fits(element, want) for element in elements]
    if _PERHAPS in grades:
        return None
    found = tuple(number for number, grade in enumerate(grades) if grade == _YES)
    if want.concept and want.role in ("", "button") and not (want.colour or want.state):
        boxes = [elements[number].box for number in found]
        lone = (
            element
            for element in elements
            if element.role == "icon"
            and (element.concept == want.concept or _alike(element.concept, want.concept))
            and not any(_holds(box, element.box) for box in boxes)
        )
        if any(want.row in ("", icon.row) for icon in lone):
            return None  # an icon without a button may be meant as well
    return found


def _holds(outer: tuple[float, ...], inner: tuple[float, ...]) -> bool:
    x, y = (inner[0] + inner[2]) / 2, (inner[1] + inner[3]) / 2
    return outer[0] <= x <= outer[2] and outer[1] <= y <= outer[3]


def is_there(elements: Sequence[Element], concept: str) -> bool:
    """Whether a text of this concept can be read."""
    return any(
        element.whole and element.role in ("text", "heading") and element.concept == concept
        for element in elements
    )


def is_labelled(elements: Sequence[Element], targets: Sequence[int]) -> bool:
    """Whether a person can tell what each of these is: by its own text or icon, or a label."""
    return all(
        elements[number].role not in _NEED_LABELS
        or (elements[number].role == "field" and bool(elements[number].text))
        or is_there(elements, elements[number].concept)
        for number in targets
    )


def line_of(boxes: Sequence[tuple[float, ...]]) -> tuple[list[int], bool] | None:
    """The order of boxes that stand clearly below or beside one another.

    Returns:
        Indices from the first to the last, and whether they stand below one another; None if they
        do neither.
    """
    for low, other, upright in ((1, 0, True), (0, 1, False)):
        order = sorted(range(len(boxes)), key=[box[low] for box in boxes].__getitem__)
        pairs = list(pairwise(order))
        apart = all(boxes[b][low] >= boxes[a][low + 2] - 1 for a, b in pairs)
        middles = [(boxes[number][other] + boxes[number][other + 2]) / 2 for number in order]
        narrow = min(
            (boxes[number][other + 2] - boxes[number][other] for number in order), default=0
        )
        if pairs and apart and max(middles) - min(middles) <= max(narrow / 2, 4):
            return order, upright
    return None
