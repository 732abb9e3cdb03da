"""What the words and icons of pages mean: concepts, their labels in four languages, and intents."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import resources

__all__ = ["ALIKE", "CONCEPTS", "LANGUAGES", "Concept", "concepts_of"]

LANGUAGES = ("en", "de", "es", "fr")
"""Languages of labels; questions are in English."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One meaning that a label or an icon can have.

    Attributes:
        key: the English label, in lower case.
        family: "action", "sign", "field", "option", "place", "person" or "file".
        labels: visible text by language, in the order of `LANGUAGES`; one for all if alone.
        looks: what its icon looks like, in words; empty if there is no icon.
        intents: what a person wants who looks for it.
    """

    key: str
    family: str
    labels: tuple[str, ...]
    looks: tuple[str, ...] = ()
    intents: tuple[str, ...] = ()

    def label(self, language: str) -> str:
        """The visible text in a language."""
        return self.labels[LANGUAGES.index(language) if len(self.labels) > 1 else 0]


ALIKE: tuple[frozenset[str], ...] = tuple(
    frozenset(group.split(", "))
    for group in (
        "close, cancel, delete", "back, undo, reply", "next, continue, redo, send, share",
        "add, zoom in", "search, zoom in, zoom out", "account, profile, contact, public profile",
        "team, members, customers", "mail, email, message, inbox, send", "chat, message, comment",
        "document, copy, report, reports, notes, draft, drafts, contract",
        "confirm, apply, continue, done, save", "settings, general, advanced, details, about",
        "share, upload", "undo, cancel", "show, hide, overview", "list, menu, sort",
        "grid, dashboard, overview",
        "dark, dark mode", "light, brightness", "place, map, location, address, city, country",
        "help, info, support, about", "phone, call, contact", "pay, buy, payment, billing, paid",
        "download, upload, export, import, save, cloud, backup", "sign in, sign out, register",
        "pictures, photo, camera", "sound, sounds, volume, music, mute", "warning, failed",
        "name, first name, last name, user name", "sent, send", "lock, security, privacy, password",
        "video, camera, play", "calendar, schedule, date", "clock, time, history, watch",
        "statistics, reports, report, dashboard, activity", "code, link", "language, website",
        "key, password, security", "standard, general", "title, name", "refresh, undo, redo, reset",
        "pending, active", "forgot password, password", "edit, rename", "notifications, reminders",
        "bookmark, favorites, like, flag, tag", "chair, lamp", "size, small, medium, large",
        "more, menu, settings", "archive, folder", "pause, play, mute", "bug, code",
        "full screen, zoom in", "orders, tasks", "phone, microphone", "news, newsletter",
        "keyboard, music",
    )
)  # fmt: skip
"""Concepts that may pass for one another: one is not asked about where the other is."""


def _read() -> dict[str, Concept]:
    file = resources.files("molmo_point.data.screens") / "concepts.json"
    table = json.loads(file.read_text(encoding="utf-8"))
    return {
        key: Concept(key, row.pop("family"), **{name: tuple(value) for name, value in row.items()})
        for key, row in table.items()
    }


CONCEPTS: dict[str, Concept] = _read()
"""Every concept, by its key."""


def concepts_of(*families: str, icon: bool = False) -> tuple[str, ...]:
    """Keys of some families in the order of the tables; with `icon`, those that have an icon."""
    return tuple(
        key
        for key, concept in CONCEPTS.items()
        if concept.family in families and (concept.looks or not icon)
    )
