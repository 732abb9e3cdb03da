"""Widgets as HTML, each marked with what it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

import numpy as np

from molmo_point.data.screens.concepts import CONCEPTS
from molmo_point.data.screens.skins import Skin, Theme

__all__ = ["Style", "Widgets"]

_TINTS = ("blue", "green", "red", "orange", "yellow", "purple")
_FACES = ("#c0392b", "#2471a3", "#1e8449", "#7d3c98", "#b9770e", "#117a65", "#5d6d7e", "#d2527f")
_FILLER = (
    "Version 4.2", "12:40", "Today", "Room 7", "3 of 12", "€ 48.20", "2026-03-14", "v1.0.3",
    "Berlin", "72 %", "1,204", "14 kB", "+49 30 1234", "ID 80215", "5 min", "Monday", "EU-West",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Style:
    """How a page looks.

    Attributes:
        skin: its framework.
        theme: the framework's theme.
        icon_set: its icons.
        font: its font.
        language: of its labels, one of `concepts.LANGUAGES`.
        width: of the window, CSS pixels.
        height: CSS pixels.
        scale: device pixels of one CSS pixel.
        checks: class of the check boxes and switches that pages draw.
        variables: of `page.css`.
    """

    skin: Skin
    theme: Theme
    icon_set: str
    font: str
    language: str
    width: int
    height: int
    scale: float
    checks: str
    variables: dict[str, str] = field(default_factory=dict)


class Widgets:
    """Writes the widgets of one page.

    Every element carries `data-mp="role|concept|row|states"`, which `truth.js` reads after layout.

    Args:
        rng: where chance comes from.
        style: how the page looks.
        icons: `<svg>` by concept.
    """

    def __init__(self, rng: np.random.Generator, style: Style, icons: dict[str, str]) -> None:
        self.rng = rng
        self.style = style
        self.icons = icons
        self._own_checks = style.skin.own_checks or bool(rng.random() < 0.2)
        self._own_tabs = "tabs" not in style.skin.classes
        self._pills = " pills" if rng.random() < 0.4 else ""
        self._icon_first = bool(rng.random() < 0.75)
        self._names = 0

    def chance(self, share: float) -> bool:
        """True in so many cases."""
        return bool(self.rng.random() < share)

    def pick(self, keys: Sequence[str], count: int) -> list[str]:
        """Some different ones of them."""
        count = min(count, len(keys))
        return [str(key) for key in self.rng.choice(list(keys), count, replace=False)]

    def text_of(self, concept: str) -> str:
        """The label of a concept in the language of the page."""
        return escape(CONCEPTS[concept].label(self.style.language))

    def filler(self) -> str:
        """Text that no question is about."""
        return _FILLER[int(self.rng.integers(len(_FILLER)))]

    def mark(self, role: str, concept: str = "", row: str = "", *states: str) -> str:
        """The attribute that tells what an element is."""
        return f'data-mp="{role}|{concept}|{row}|{",".join(state for state in states if state)}"'

    def _class(self, widget: str, tone: str = "", more: str = "") -> str:
        classes = f"{self.style.skin.class_of(widget, tone)} {more}".strip()
        return f'class="{classes}"' if classes else ""

    def icon(self, concept: str, *, row: str = "", tint: bool = False) -> str:
        """A single icon; nothing if the set has none for it."""
        if concept not in self.icons:
            return ""
        colour = f' class="tint-{self.pick(_TINTS, 1)[0]}"' if tint else ""
        return f"<span{colour} {self.mark('icon', concept, row)}>{self.icons[concept]}</span>"

    def button(
        self,
        concept: str,
        tone: str = "",
        *,
        look: str = "text",
        row: str = "",
        small: bool = False,
        disabled: bool = False,
    ) -> str:
        """A button with its label, its icon (`look="icon"`), or both (`look="both"`)."""
        picture = self.icon(concept, row=row) if look != "text" else ""
        label = "" if look == "icon" and picture else f"<span>{self.text_of(concept)}</span>"
        inside = picture + label if self._icon_first else label + picture
        more = ("" if label else "only ") + (self.style.skin.class_of("small") if small else "")
        off = " disabled" if disabled else ""
        attributes = f"{self._class('button', tone, more)} {self.mark('button', concept, row)}"
        return f'<button type="button" {attributes}{off}>{inside}</button>'

    def text(self, concept: str, *, row: str = "", role: str = "text", tag: str = "span") -> str:
        """A label or heading."""
        return f"<{tag} {self.mark(role, concept, row)}>{self.text_of(concept)}</{tag}>"

    def link(self, concept: str, *, words: str = "", row: str = "") -> str:
        """A link in running text, on one line; it says its concept, or any words."""
        label = words or self.text_of(concept)
        return f'<a href="#" class="one" {self.mark("link", concept, row)}>{label}</a>'

    def field(self, concept: str, *, row: str = "", filled: bool = False) -> str:
        """A one-line text field."""
        value = f'value="{self.filler()}"' if filled else ""
        kind = self._class("field")
        return f'<input type="text" {kind} {value} {self.mark("field", concept, row)}>'

    def hinted(self, concept: str) -> str:
        """An empty text field that says itself what it is for."""
        kind, hint = self._class("field"), self.text_of(concept)
        mark = self.mark("field", concept)
        return f'<input type="text" {kind} placeholder="{hint}" {mark}>'

    def area(self, concept: str) -> str:
        """A text field of several lines."""
        kind = self._class("textarea" if "textarea" in self.style.skin.classes else "field")
        return f"<textarea {kind} {self.mark('field', concept)}></textarea>"

    def dropdown(self, concept: str, choices: Sequence[str], *, row: str = "") -> str:
        """A list to choose from, closed."""
        options = "".join(f"<option>{self.text_of(choice)}</option>" for choice in choices)
        kind, mark = self._class("select"), self.mark("dropdown", concept, row)
        select = f"<select {kind} {mark}>{options}</select>"
        wrap = self.style.skin.select_wrap
        return f'<div class="{wrap}">{select}</div>' if wrap else select

    def checkbox(
        self, concept: str, *, on: bool, row: str = "", off: bool = False, role: str = "checkbox"
    ) -> str:
        """A check box or, with `role="radio"`, a radio button, without its label."""
        state = ("checked" if on else "unchecked", "disabled" if off else "")
        mark = self.mark(role, concept, row, *state)
        if self._own_checks:
            classes = f"ck{' on' * on}{' dim' * off}{' radio' * (role == 'radio')}"
            return f'<span class="{classes}" {mark}></span>'
        widget = "radio" if role == "radio" and "radio" in self.style.skin.classes else "check"
        flags = f"{' checked' * on}{' disabled' * off}"
        return f'<input type="{role}" {self._class(widget)} {mark}{flags}>'

    def switch(self, concept: str, *, on: bool, row: str = "", off: bool = False) -> str:
        """A switch, without its label."""
        mark = self.mark("switch", concept, row, "on" if on else "off", "disabled" if off else "")
        if self._own_checks or "switch" not in self.style.skin.classes:
            return f'<span class="sw{" on" * on}{" dim" * off}" {mark}></span>'
        flags = f"{' checked' * on}{' disabled' * off}"
        box = f'<input type="checkbox" role="switch" {self._class("switch")} {mark}{flags}>'
        wrap = self.style.skin.class_of("switch wrap")
        return f'<span class="{wrap}">{box}</span>' if wrap else box

    def slider(self, concept: str, *, row: str = "") -> str:
        """A slider, somewhere between its ends."""
        value, mark = int(self.rng.integers(5, 95)), self.mark("slider", concept, row)
        return f'<input type="range" value="{value}" {self._class("range")} {mark}>'

    def progress(self, concept: str = "", *, row: str = "") -> str:
        """How far something is."""
        value, mark = int(self.rng.integers(15, 90)), self.mark("progress bar", concept, row)
        kind = self.style.skin.class_of("progress") or "own-progress"
        if kind != "own-progress":
            return f'<progress class="{kind}" value="{value}" max="100" {mark}></progress>'
        return f'<div class="{kind}" {mark}><div style="width:{value}%"></div></div>'

    def badge(self, concept: str, tone: str, *, row: str = "") -> str:
        """A short word on a coloured ground."""
        own = "" if "badge" in self.style.skin.classes else "own-badge"
        kind = self._class("badge", tone, own)
        return f"<span {kind} {self.mark('badge', concept, row)}>{self.text_of(concept)}</span>"

    def face(self, person: str, *, row: str = "") -> str:
        """The round picture of a person, with an initial."""
        colour = _FACES[int(self.rng.integers(len(_FACES)))]
        mark = self.mark("avatar", person, row)
        return f'<span class="face" style="background:{colour}" {mark}>{person[0].upper()}</span>'

    def photo(self, concept: str, *, row: str = "", height: float = 7) -> str:
        """A picture: hills and a sun in colours by chance."""
        hue, other = (int(value) for value in self.rng.integers(0, 360, 2))
        x, y = (int(value) for value in self.rng.integers(15, 85, 2))
        drawn = (
            f"<rect width='160' height='100' fill='hsl({hue} 55% 72%)'/>"
            f"<circle cx='{x}' cy='{y // 2 + 8}' r='12' fill='hsl({other} 80% 60%)'/>"
            f"<path d='M0 80 Q{x} {y} 90 75 T160 65 V100 H0Z' fill='hsl({other} 40% 40%)'/>"
        )
        source = (
            "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 160 100' "
            f"preserveAspectRatio='xMidYMid slice'>{drawn}</svg>"
        ).replace("#", "%23")
        mark = self.mark("picture", concept, row)
        return f'<img class="photo" style="height:{height}em" alt="" src="{source}" {mark}>'

    def tabs(self, concepts: Sequence[str], active: int) -> str:
        """Tabs, one of them selected."""
        parts = []
        for number, concept in enumerate(concepts):
            on = number == active
            if self._own_tabs:
                kind = f'class="own-tab{" on" * on}"'
            else:
                kind = self._class("tab", more=self.style.skin.class_of("tab active") if on else "")
            mark = self.mark("tab", concept, "", "selected" if on else "unselected")
            current = ' aria-current="page"' if on else ""
            parts.append(f"<a {kind} {mark}{current}>{self.text_of(concept)}</a>")
        kind = f'class="r{self._pills}"' if self._own_tabs else self._class("tabs")
        return f"<div {kind}>{''.join(parts)}</div>"

    def menu(self, concepts: Sequence[str], active: int = -1, *, icons: bool = False) -> str:
        """Menu items below one another."""
        own = "menu" not in self.style.skin.classes or "item" not in self.style.skin.classes
        parts = []
        for number, concept in enumerate(concepts):
            on = number == active
            if own:
                kind = f'class="own-item{" on" * on}"'
            else:
                more = self.style.skin.class_of("item active") if on else ""
                kind = self._class("item", more=more)
            picture = self.icon(concept) if icons else ""
            gap = " " if picture else ""
            mark = self.mark("menu item", concept, "", "selected" if on else "")
            label = f"<span>{self.text_of(concept)}</span>"
            parts.append(f"<div {kind} {mark}>{picture}{gap}{label}</div>")
        kind = 'class="c" style="gap:2px"' if own else self._class("menu")
        return f"<div {kind}>{''.join(parts)}</div>"

    def card(self, inside: str, *, more: str = "") -> str:
        """A framed part of the page."""
        kind = self.style.skin.class_of("card")
        return f'<div class="{kind or "own-card"} {more}"><div class="c">{inside}</div></div>'

    def labelled(self, concept: str, control: str, *, row: str = "", above: bool = True) -> str:
        """A control with its label above it or at its left."""
        label = self.text(concept, row=row)
        if above:
            return f'<div class="c" style="gap:.25em"><label>{label}</label>{control}</div>'
        inside = f'<label style="flex:0 0 9em">{label}</label><div class="f">{control}</div>'
        return f'<div class="r n">{inside}</div>'
