"""Elements of a screen by what is written on or beside them.

Text that was read proposes places; what the small model sees there decides whether they are what
was asked for, and which control a label belongs to.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np

from molmo_point.ocr import TextLine

__all__ = ["Element", "Labelled", "Wish", "find_in_row", "find_labelled", "split_row"]

Box = tuple[float, float, float, float]
RoleIn = Callable[[Box], float]

_ALIKE = 0.8  # share of letters in common from which two texts are the same, misread
_ROLE = 0.15  # share of the asked roles from which a control may be what is asked for
_FAINT = 0.05  # the same where a text, or a row, leaves few places (training pages)
_ROW = re.compile(r"\s+(?:of|next to|for)\s+")
_FAR = 420.0  # pixels from a label to its control, at most
_CLOSE = 50.0  # pixels from a control to a label behind it, usually at most
_CARD = 260.0  # pixels between the parts of a card, at most
_ACROSS = 0.15  # of pixels across, beside those up and down: rows are wide


@dataclass(frozen=True, slots=True)
class Element:
    """One thing that the model found.

    Attributes:
        x: pixels, where it would be pointed at.
        y: pixels.
        box: left, top, right, bottom, pixels.
        likely: probability that it is there.
        role: probability that it is one of the roles that are asked for; 1 if none is.
    """

    x: float
    y: float
    box: Box
    likely: float
    role: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked for.

    Attributes:
        label: words that are to be read on it or beside it.
        also: labels that mean the same, in other languages or words.
        beside: whether what is asked for has its label beside it, such as a check box.
        row: words that are to be read in its row, or "".
    """

    label: str
    beside: bool
    row: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Labelled:
    """A place that fits.

    Attributes:
        x: pixels.
        y: pixels.
        box: of the text or of the control, pixels.
        confidence: 0-1: how surely it was read, times how well it fits, times how likely its role
            is beside the likeliest of the answer: on dev pages 98 in 100 answers were right at any
            likelihood of the role, as what is read leaves few places.
    """

    x: float
    y: float
    box: Box
    confidence: float


def split_row(words: str) -> tuple[str, str]:
    """Split off the row: "delete button of anna" -> ("delete button", "anna"); "" if none."""
    parts = _ROW.split(words)
    return (words, "") if len(parts) < 2 else (_ROW.split(words, maxsplit=1)[0], parts[-1])


def find_labelled(
    wish: Wish, lines: Sequence[TextLine], elements: Sequence[Element], role_in: RoleIn
) -> list[Labelled]:
    """The places that fit best, in reading order; none if nothing that is read fits.

    Args:
        wish: what is asked for.
        lines: what is written in the image.
        elements: what the model found.
        role_in: how likely what lies in a box (pixels) is what is asked for.
    """
    found = [hit for line in lines if (hit := _match(wish.label, line)) is not None]
    if not found:
        found = [hit for line in lines for label in wish.also
                 if (hit := _match(label, line)) is not None]  # fmt: skip
    best = max((hit.confidence for hit in found), default=0.0)
    found = [hit for hit in found if hit.confidence > 0.9 * best]
    if wish.beside:
        found = [hit for text in found if (hit := _control(text, elements)) is not None]
    else:
        found = _of_the_role(found, role_in)
    if wish.row:
        rows = [hit for line in lines if (hit := _match(wish.row, line)) is not None]
        found = [hit for row in rows if (hit := _in_row(row, found)) is not None]
    surest = max((hit.confidence for hit in found), default=0.0)
    unique = {
        hit.box: replace(hit, confidence=round(hit.confidence / surest * best, 4)) for hit in found
    }
    return sorted(unique.values(), key=lambda hit: (hit.y, hit.x))


def find_in_row(row: str, lines: Sequence[TextLine], elements: Sequence[Element]) -> list[Labelled]:
    """The control in the line of a text, the likeliest if there are several.

    Args:
        row: words that are read in it.
        lines: what is written in the image.
        elements: what the model found.
    """
    texts = [hit for line in lines if (hit := _match(row, line)) is not None]
    if not texts:
        return []
    text = max(texts, key=lambda hit: hit.confidence)
    graded = []
    for element in elements:
        sure = element.role * element.likely
        height = max(text.box[3] - text.box[1], element.box[3] - element.box[1])
        if sure >= _FAINT and abs(element.y - text.y) < 0.6 * height:
            graded.append((sure, element))
    if not graded:
        return []
    _, element = max(graded, key=lambda pair: pair[0])
    return [Labelled(element.x, element.y, element.box, text.confidence)]


def _plain(text: str) -> str:
    """Words in small letters without accents, which readers often miss."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return " ".join(re.findall(r"\w+", "".join(c for c in apart if not unicodedata.combining(c))))


def _match(label: str, line: TextLine) -> Labelled | None:
    """Where a label stands in a line; None if it does not."""
    wanted, written = _plain(label), _plain(line.text)
    if not wanted or not written:
        return None
    left, top, right, bottom = line.box
    fit, start, end = 0.0, 0.0, 1.0
    at = f" {written} ".find(f" {wanted} ")
    if wanted == written:
        fit = 1.0
    elif at >= 0:
        start, end = at / len(written), (at + len(wanted)) / len(written)
        fit = 0.55 + 0.35 * (end - start)
    elif len(joined := wanted.replace(" ", "")) >= 5 and (
        (whole := written.replace(" ", "")).startswith(joined) or whole.endswith(joined)
    ):  # two labels that were read as one
        share = len(joined) / len(whole)
        start, end = (0.0, share) if whole.startswith(joined) else (1.0 - share, 1.0)
        fit = 0.5 + 0.35 * share
    elif len(wanted) >= 4:
        alike = SequenceMatcher(None, wanted, written).ratio()
        fit = alike * 0.9 if alike >= _ALIKE else 0.0
    if not fit:
        return None
    box = (left + start * (right - left), top, left + end * (right - left), bottom)
    return Labelled((box[0] + box[2]) / 2, (top + bottom) / 2, box, round(fit * line.confidence, 4))


def _of_the_role(found: list[Labelled], role_in: RoleIn) -> list[Labelled]:
    """Texts that lie on what was asked for, by the model's eye; none if none does."""
    graded = [(text, role_in(text.box)) for text in found]
    best = max((role for _, role in graded), default=0.0)
    return [replace(text, confidence=text.confidence * role)
            for text, role in graded if role >= max(_FAINT, 0.4 * best)]  # fmt: skip


def _control(text: Labelled, elements: Sequence[Element]) -> Labelled | None:
    """The control that a label belongs to: around it, in its line, or just below it."""
    near: list[tuple[float, Element]] = []
    for element in elements:
        if element.role * element.likely < _ROLE:
            continue
        if _is_label(text.box, element.box):
            continue
        gap = _gap(text.box, element.box)
        if _holds(text.box, element.x, element.y) or _holds(element.box, text.x, text.y):
            gap += 2.5 * (text.box[3] - text.box[1])  # a field that says itself what it is, or none
        if gap < _FAR:
            near.append((gap / max(element.role * element.likely, _ROLE) ** 0.5, element))
    if not near:
        return None
    gap, element = min(near, key=lambda pair: pair[0])
    sure = text.confidence * element.role * element.likely
    return Labelled(element.x, element.y, element.box, sure)


def _holds(box: Box, x: float, y: float) -> bool:
    return box[0] < x < box[2] and box[1] < y < box[3]


def _is_label(text: Box, box: Box) -> bool:
    """Whether an element is no larger than the text in it: the label, taken for a control."""
    inside = _holds(box, (text[0] + text[2]) / 2, (text[1] + text[3]) / 2)
    return inside and box[3] - box[1] < 1.4 * (text[3] - text[1])


def _gap(text: Box, box: Box) -> float:
    """Pixels between a label and a control, more if they do not stand in one line."""
    across = max(text[0] - box[2], box[0] - text[2], 0.0)
    down = max(text[1] - box[3], box[1] - text[3], 0.0)
    middle = abs((text[1] + text[3]) / 2 - (box[1] + box[3]) / 2)
    if down == 0.0 and middle < 0.75 * max(text[3] - text[1], box[3] - box[1]):
        before = box[2] < text[0]  # as check boxes are, close to their labels
        return across if not before else across + 3.0 * max(across - _CLOSE, 0.0)
    above = box[1] > text[1]
    return float(np.hypot(across, down)) * (1.6 if above else 4.0) + 8.0


def _in_row(row: Labelled, found: Sequence[Labelled]) -> Labelled | None:
    """Of several, the one in the line of a text, or below it on the same card; None if none is."""
    graded = []
    for hit in found:
        across, down = abs(hit.x - row.x), hit.y - row.y
        height = max(row.box[3] - row.box[1], hit.box[3] - hit.box[1])
        if abs(down) < 1.2 * height:
            graded.append((abs(down) + _ACROSS * across, hit))
        elif 0 < down < _CARD and across < _CARD:
            graded.append((down + _ACROSS * across + height, hit))
    return min(graded, key=lambda pair: pair[0])[1] if graded else None
