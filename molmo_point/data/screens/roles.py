"""What elements of screens are called: one name for each role and state, with all its spellings."""

from __future__ import annotations

from collections.abc import Sequence

from molmo_point.data.screens.concepts import CONCEPTS
from molmo_point.data.screens.words import NOUNS, STATES

__all__ = ["MEANINGS", "ROLE_NAMES", "name_of"]

_CONTAINERS = ("row",)  # they hold other elements, which is what can be pointed at


def name_of(role: str, states: Sequence[str]) -> str:
    """The name of an element, such as "checked checkbox"; its role if no state matters."""
    for state in states:
        if (role, state) in STATES:
            return f"{state} {role}"
    return role


def _spellings() -> dict[str, tuple[str, ...]]:
    """Every name with its spellings; the plain role is a spelling of each of its states."""
    table: dict[str, tuple[str, ...]] = {}
    for role, nouns in NOUNS.items():
        if role in _CONTAINERS:
            continue
        words = [noun for pair in nouns for noun in pair]
        states = [state for kind, state in STATES if kind == role]
        for state in states:
            said = [
                pattern.format(noun=noun, verb="are" if many else "is")
                for pattern in STATES[role, state]
                for pair in nouns
                for many, noun in enumerate(pair)
            ]
            table[f"{state} {role}"] = (f"{state} {role}", *said, *words)
        if not _always_in_a_state(states):
            table[role] = tuple(words)
    drawn = [noun for role in ("button", "icon") for pair in NOUNS[role] for noun in pair]
    return {**table, "icon button": ("icon button", "icon buttons", *drawn)}


def _always_in_a_state(states: Sequence[str]) -> bool:
    """A check box is checked or not; a tab may be neither selected nor anything else."""
    return {"checked", "unchecked"} <= set(states) or {"on", "off"} <= set(states)


ROLE_NAMES: dict[str, tuple[str, ...]] = _spellings()
"""Spellings by name."""

MEANINGS: dict[str, tuple[str, ...]] = {
    key: tuple(dict.fromkeys((key, *concept.looks, *concept.intents)))
    for key, concept in CONCEPTS.items()
}
"""Spellings of what an element can stand for, by concept: its label, its looks, what it is for."""
