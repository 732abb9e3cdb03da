"""The closed vocabulary of questions about screens."""

from __future__ import annotations

from molmo_point.data.names import ARTICLES
from molmo_point.data.screens.concepts import CONCEPTS

__all__ = ["COLOURS", "INTENT_ROLES", "NOUNS", "ORDINALS", "PLACE_WORDS", "STATES", "screen_words"]

NOUNS: dict[str, tuple[tuple[str, str], ...]] = {
    "button": (("button", "buttons"),),
    "link": (("link", "links"),),
    "field": (("text field", "text fields"), ("field", "fields"), ("input", "inputs")),
    "checkbox": (("checkbox", "checkboxes"), ("check box", "check boxes")),
    "radio": (("radio button", "radio buttons"),),
    "switch": (("switch", "switches"), ("toggle", "toggles")),
    "slider": (("slider", "sliders"),),
    "dropdown": (("dropdown", "dropdowns"), ("select box", "select boxes")),
    "tab": (("tab", "tabs"),),
    "menu item": (("menu item", "menu items"), ("menu entry", "menu entries")),
    "icon": (("icon", "icons"), ("symbol", "symbols")),
    "badge": (("badge", "badges"),),
    "picture": (("picture", "pictures"), ("image", "images")),
    "avatar": (("avatar", "avatars"),),
    "progress bar": (("progress bar", "progress bars"),),
    "heading": (("heading", "headings"), ("title", "titles")),
    "text": (("text", "texts"), ("label", "labels")),
    "row": (("row", "rows"),),
}
"""Roles in words: singular and plural, the usual ones first."""

COLOURS = ("red", "orange", "yellow", "green", "blue", "purple", "pink")
"""Colours that are asked for."""

_CHECKED = ("checked {noun}", "ticked {noun}", "{noun} that {verb} checked")
_UNCHECKED = ("unchecked {noun}", "empty {noun}", "{noun} that {verb} not checked")
_SELECTED = ("selected {noun}", "active {noun}", "current {noun}")
_DISABLED = ("disabled {noun}", "inactive {noun}", "{noun} that {verb} disabled")

STATES: dict[tuple[str, str], tuple[str, ...]] = {
    ("checkbox", "checked"): _CHECKED,
    ("checkbox", "unchecked"): _UNCHECKED,
    ("radio", "checked"): ("selected {noun}", "chosen {noun}"),
    ("radio", "unchecked"): ("unselected {noun}", "empty {noun}"),
    ("switch", "on"): ("{noun} that {verb} on", "{noun} turned on", "enabled {noun}"),
    ("switch", "off"): ("{noun} that {verb} off", "{noun} turned off"),
    ("tab", "selected"): _SELECTED,
    ("menu item", "selected"): _SELECTED,
    ("button", "disabled"): _DISABLED,
}
"""What a role in a state is called."""

ORDINALS = ("first", "second", "third", "fourth", "fifth")
"""Places in a row or column."""
_PLACES = ("last", "top", "bottom", "leftmost", "rightmost")

PLACE_WORDS = {
    "first": ("first", "1st"), "second": ("second", "2nd"), "third": ("third", "3rd"),
    "fourth": ("fourth", "4th"), "fifth": ("fifth", "5th"), "last": ("last",),
    "top": ("top", "topmost", "upper"), "bottom": ("bottom", "lowest", "lower"),
    "left": ("left", "leftmost"), "right": ("right", "rightmost"),
}  # fmt: skip
"""Places with all their spellings; more than the questions of the generator use."""

INTENT_ROLES = ("button", "link", "field", "dropdown", "slider", "tab", "menu item")
"""Elements that a person uses for a purpose."""

_LINKS = ("of", "next", "to", "for")


def screen_words() -> tuple[str, ...]:
    """Every lower-case word that a question about a screen can contain, sorted."""
    phrases = [*COLOURS, *ORDINALS, *_PLACES, *_LINKS, *ARTICLES, "are", "is"]
    phrases += [word for words in PLACE_WORDS.values() for word in words]
    phrases += [noun for nouns in NOUNS.values() for pair in nouns for noun in pair]
    for patterns in STATES.values():
        phrases += [pattern.format(noun="", verb="") for pattern in patterns]
    for concept in CONCEPTS.values():
        phrases += [concept.key, *concept.looks, *concept.intents]
    return tuple(sorted({word for phrase in phrases for word in phrase.split()}))
