"""What may be done on a screen: nothing, unless it is said."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from molmo_point.errors import MolmoPointError
from molmo_point_adapters.screen.action import Action
from molmo_point_adapters.screen.element import Element, clean_words, one_line
from molmo_point_adapters.screen.screen_map import Box, Place

__all__ = ["RISKY_WORDS", "Policy", "Verdict", "decide"]

RISKY_WORDS = (
    "buy", "checkout", "close", "confirm", "delete", "deactivate", "discard", "donate", "empty",
    "erase", "exit", "format", "log out", "logout", "order", "overwrite", "pay", "payment",
    "place order", "power off", "publish", "purchase", "quit", "remove", "reset", "restart",
    "revoke", "send", "shut down", "shutdown", "sign out", "submit", "subscribe", "terminate",
    "transfer", "trash", "uninstall", "unsubscribe", "wipe", "withdraw",
)  # fmt: skip
"""Words in the name of an element, or in what was asked, for which a person is asked first."""

_CORNER = 2.0  # input pixels around the fail-safe corner


@dataclass(frozen=True, slots=True)
class Policy:
    """What is allowed. The default looks and acts on nothing: a dry run.

    Attributes:
        act: act at all; else say what would be done.
        region: input coordinates outside which nothing is touched; None for all that is shown.
        origins: the only sites that may be acted on, as "https://example.org", or apps, as
            "android-app://org.example"; also of the iframe that holds the element. Empty for any.
        risky_words: words for which `ask` is called; not before a hover or a scroll.
        ask: gets a sentence and says whether to go on; None refuses in its place.
        min_confidence: below it, nothing is done; a point without a confidence passes.
        min_lead: how much surer the first of several places has to be, or else they are shown and
            one has to be chosen by its number.
        min_interval: seconds between two actions; faster ones are taken for double clicks.
        per_minute: actions in any 60 seconds.
        fail_safe: a person's pointer in the top-left corner of the desktop stops everything.

    Raises:
        MolmoPointError: a number cannot be.
    """

    act: bool = False
    region: Box | None = None
    origins: tuple[str, ...] = ()
    risky_words: tuple[str, ...] = RISKY_WORDS
    ask: Callable[[str], bool] | None = None
    min_confidence: float = 0.2
    min_lead: float = 0.1
    min_interval: float = 0.6
    per_minute: int = 30
    fail_safe: bool = True

    def __post_init__(self) -> None:
        if not (0 <= self.min_confidence <= 1 and 0 <= self.min_lead <= 1):
            raise MolmoPointError(
                f"min_confidence and min_lead lie in 0-1, got {self.min_confidence} and "
                f"{self.min_lead}."
            )
        if self.min_interval < 0 or self.per_minute < 1:
            raise MolmoPointError(
                "min_interval is at least 0 and per_minute at least 1, got "
                f"{self.min_interval} and {self.per_minute}."
            )
        for origin in self.origins:
            parts = urlsplit(origin)
            if not parts.scheme or parts.path or parts.query:
                raise MolmoPointError(
                    f'An origin is a scheme and a host such as "https://example.org", got '
                    f'"{origin}".'
                )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a policy says.

    Attributes:
        answer: "yes", "no", "ask" or "dry run".
        reason: a sentence; "" for yes.
    """

    answer: Literal["yes", "no", "ask", "dry run"]
    reason: str = ""


def decide(
    policy: Policy,
    action: Action,
    *,
    query: str,
    elements: tuple[Element | None, ...],
    origins: tuple[str, ...],
    person_at: Place | None = None,
) -> Verdict:
    """Whether an action may be done; nothing is done here, and nobody is asked.

    Args:
        policy: what is allowed.
        action: what is to be done.
        query: the words that led to its place.
        elements: what lies under its places, where known.
        origins: of the page and of the documents that hold the elements.
        person_at: where a person's own pointer is, from the screen's top-left corner.
    """
    if policy.fail_safe and person_at is not None and max(map(abs, person_at)) < _CORNER:
        return Verdict("no", "The pointer is in the top-left corner, which stops everything.")
    for place in (action.place, action.to):
        if place is not None and policy.region is not None and not policy.region.contains(place):
            return Verdict(
                "no",
                f"({place[0]:.0f}, {place[1]:.0f}) lies outside the region that may be touched, "
                f"{tuple(round(v) for v in policy.region.to_tuple())}.",
            )
    for origin in origins:
        if policy.origins and origin not in policy.origins:
            what = f'"{origin}" is not' if origin else "Its origin is unknown, and so not"
            return Verdict(
                "no", f"{what} among the sites that may be acted on: {', '.join(policy.origins)}."
            )
    if not policy.act:
        return Verdict("dry run", "A dry run: allow it by Policy(act=True), or --yes.")
    if action.kind in ("hover", "scroll"):
        return Verdict("yes")
    known = [element for element in elements if element is not None]
    for words in (query, *(one.name for one in known), *(one.text for one in known)):
        if risky := _risky_word(words, policy.risky_words):
            target = f", on {elements[0]}" if elements and elements[0] is not None else ""
            said = clean_words(words)
            return Verdict(
                "ask", f'"{risky}" in "{said}" asks for a person: {action.kind}{target}?'
            )
    return Verdict("yes")


def _risky_word(words: str, risky: tuple[str, ...]) -> str | None:
    """The first risky word that stands in some words, as a word of its own; "_" ends a word."""
    folded = one_line(words).casefold()
    return next(
        (
            word
            for word in risky
            if re.search(rf"(?<![^\W_]){re.escape(word.casefold())}(?![^\W_])", folded)
        ),
        None,
    )
