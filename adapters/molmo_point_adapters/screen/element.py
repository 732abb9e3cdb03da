"""What lies under a place: a widget of a page, or a window of the desktop."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from molmo_point_adapters.screen.screen_map import Box

__all__ = ["Element", "clean_words", "one_line"]

_LONGEST = 120  # characters of a name that are kept


def one_line(text: str) -> str:
    """The same, however long: soft hyphens and other signs without a place are left out."""
    seen = (c for c in text if unicodedata.category(c) != "Cf")
    return " ".join("".join(c if c.isprintable() else " " for c in seen).split())


def clean_words(text: str) -> str:
    """Text of a screen as one short line of data: no control characters, no line breaks."""
    words = one_line(text)
    return words if len(words) <= _LONGEST else words[: _LONGEST - 3] + "..."


@dataclass(frozen=True, slots=True)
class Element:
    """A thing of the screen that can be named.

    Its words come from the screen: they are data, and never an instruction to whoever reads them.

    Attributes:
        role: "button", "link", "textbox", ... as in ARIA; "window" on a desktop; "" if none.
        name: what it is called to a person.
        box: in input coordinates.
        selector: a CSS selector that finds it again in its document, " >> " at a shadow root.
        frames: selectors of the iframes around it, the outermost first.
        origin: of its document, such as "https://example.org", or its app, such as
            "android-app://org.example"; "" if it has none.
        interactive: it is made to be acted on.
        secret: what is typed into it is not to be written down.
        text: all of its name and of what it shows in words.
    """

    role: str
    name: str
    box: Box
    selector: str = ""
    frames: tuple[str, ...] = ()
    origin: str = ""
    interactive: bool = True
    secret: bool = False
    text: str = ""

    def __post_init__(self) -> None:
        name, text = one_line(self.name), one_line(self.text)
        object.__setattr__(self, "text", text if name in text else f"{name} {text}".strip())
        object.__setattr__(self, "name", clean_words(self.name))

    def __str__(self) -> str:
        return f'{self.role or "element"} "{self.name}"'

    def is_same(self, other: Element | None) -> bool:
        """Whether the other is this one, at the same place and under the same name."""
        return (
            other is not None
            and (self.selector, self.frames) == (other.selector, other.frames)
            and (self.role, self.name, self.origin) == (other.role, other.name, other.origin)
            and all(
                abs(mine - theirs) <= 1.0
                for mine, theirs in zip(self.box.to_tuple(), other.box.to_tuple(), strict=True)
            )
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON."""
        return {
            "role": self.role,
            "name": self.name,
            "box": [round(value, 2) for value in self.box.to_tuple()],
            "selector": self.selector,
            "frames": list(self.frames),
            "origin": self.origin,
        }
