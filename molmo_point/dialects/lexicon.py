"""What a wish is called on screens: the usual labels of it, in the languages that are known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from molmo_point.data.screens.concepts import CONCEPTS

__all__ = ["ARTICLES", "Usual", "usual"]

ARTICLES = frozenset({"the", "a", "an", "all", "every", "each"})


@dataclass(frozen=True, slots=True)
class Usual:
    """What is usually written where a wish comes true.

    Attributes:
        labels: English, German, Spanish and French, or one for all.
        control: whether the label stands beside a control, which is what is wanted: "enter my
            email" wants the field.
    """

    labels: tuple[str, ...] = ()
    control: bool = False


@cache
def _table() -> dict[str, Usual]:
    table: dict[str, Usual] = {}
    for key, concept in CONCEPTS.items():
        for said in (key, *concept.intents):
            words = " ".join(word for word in said.split() if word not in ARTICLES)
            control = said != key and concept.family == "field"
            table.setdefault(words, Usual(concept.labels, control))
    return table


def usual(words: str) -> Usual:
    """What is usually written: for "delete" also "Löschen", for "save file" "Save".

    Args:
        words: lower case, without articles; what is not known has no labels.
    """
    return _table().get(words, Usual())
