"""Pages: a pure function of (split, seed) and the packages."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np

from molmo_point.data.scenes import Split, random_of
from molmo_point.data.screens.concepts import LANGUAGES
from molmo_point.data.screens.held_out_templates import HELD_OUT_TEMPLATES
from molmo_point.data.screens.icons import HELD_OUT_ICON_SETS, ICON_SETS, icons_of
from molmo_point.data.screens.looks import draw_look
from molmo_point.data.screens.packages import package_folder, package_path
from molmo_point.data.screens.skins import FONTS, HELD_OUT_FONTS, HELD_OUT_SKINS, SKINS, Skin
from molmo_point.data.screens.templates import TEMPLATES, Template
from molmo_point.data.screens.widgets import Style, Widgets

__all__ = ["Page", "Shelf", "generate_page", "shelf_of"]

_PURPOSE = 11  # keeps these random numbers apart from those of the other scenes
_WIDTHS = (640, 768, 800, 900, 1024, 1152, 1280, 1366, 1440, 1600, 1920)
_SCALES, _SCALE_SHARES = (1.0, 1.25, 1.5, 2.0), (0.5, 0.15, 0.15, 0.2)
_ENGLISH = 0.7  # share of pages
_COLOURS = {
    "blue": ("#1d5fd0", "#2f6fed", "#0b57d0", "#1e4fbf"),
    "green": ("#1c8a3c", "#2da44e", "#188038", "#0f7b2f"),
    "red": ("#c8202a", "#d92d20", "#b91c1c", "#e02424"),
    "yellow": ("#f4cf1b", "#f5d90a", "#e8c400"),
    "orange": ("#e8700a", "#f07c12", "#d9660a"),
    "purple": ("#7a2fc0", "#8e3ccf", "#6b21a8"),
    "pink": ("#d6258a", "#e0359a"),
}
_GREYS = {
    False: (("#ffffff", "#1b1b1b"), ("#f6f7f9", "#202733"), ("#fbf8f1", "#2b2722")),
    True: (("#16181d", "#e8e8ea"), ("#0d1117", "#e6edf3"), ("#26262b", "#f0f0f0")),
}


@dataclass(frozen=True, slots=True)
class Shelf:
    """What the pages of a split may be made from.

    Attributes:
        templates: by name.
        skins: frameworks.
        icon_sets: names.
        fonts: names.
        checks: classes of check boxes, then of switches, that pages draw.
    """

    templates: Mapping[str, Template]
    skins: tuple[Skin, ...]
    icon_sets: tuple[str, ...]
    fonts: tuple[str, ...]
    checks: tuple[tuple[str, ...], tuple[str, ...]]


_TRAINING = Shelf(
    TEMPLATES, SKINS, ICON_SETS, FONTS,
    (("k-plain", "k-filled", "k-sunken", "k-round", "k-shaded", "k-heavy"),
     ("w-pill", "w-square", "w-green", "w-lettered", "w-inset")),
)  # fmt: skip
_HELD_OUT = Shelf(
    HELD_OUT_TEMPLATES, HELD_OUT_SKINS, HELD_OUT_ICON_SETS, HELD_OUT_FONTS,
    (("k-thin", "k-cross", "k-solid"), ("w-outline", "w-track")),
)  # fmt: skip


def shelf_of(split: Split) -> Shelf:
    """What the pages of a split are made from; held-out pages share nothing with the others."""
    return _HELD_OUT if split == "heldout" else _TRAINING


@dataclass(frozen=True, slots=True)
class Page:
    """A page before it is rendered.

    Attributes:
        html: all of it; it refers to files of the packages alone.
        style: how it looks.
        template: name.
    """

    html: str
    style: Style
    template: str

    @property
    def names(self) -> dict[str, str]:
        """Names of what it is made from, for reports."""
        style = self.style
        return {
            "template": self.template, "skin": style.skin.name, "theme": style.theme.name,
            "icons": style.icon_set, "font": style.font, "checks": style.checks,
        }  # fmt: skip


def generate_page(
    seed: int, split: Split, *, folder: Path | None = None, template: str | None = None
) -> Page:
    """Write a page.

    Args:
        seed: any integer from 0; pages of one split differ by it.
        split: "train", "dev" or "heldout"; held-out pages use templates, frameworks, icon sets,
            fonts, check boxes and switches that no other page uses. The others may have a look
            of their own on top of their framework.
        folder: of the packages, see `packages.package_folder`.
        template: name of one of the split's; by chance if None.

    Raises:
        MolmoPointError: a package is not there; the sentence names it.
    """
    folder, rng, shelf = package_folder(folder), random_of(split, seed, _PURPOSE), shelf_of(split)
    style = _draw_style(rng, shelf)
    chosen = str(rng.choice(list(shelf.templates)))
    template = chosen if template is None else template
    look = "" if split == "heldout" else draw_look(rng)
    widgets = Widgets(rng, style, icons_of(style.icon_set, folder))
    body = shelf.templates[template](widgets)
    return Page(_document(style, body, folder, look), style, template)


def _draw_style(rng: np.random.Generator, shelf: Shelf) -> Style:
    weights = np.sqrt([len(skin.themes) for skin in shelf.skins])
    skin = shelf.skins[int(rng.choice(len(shelf.skins), p=weights / weights.sum()))]
    theme = skin.themes[int(rng.integers(len(skin.themes)))]
    width = int(rng.choice(_WIDTHS))
    english = rng.random() < _ENGLISH
    ground, ink = _GREYS[theme.dark][int(rng.integers(3))]
    colours = {name: str(rng.choice(shades)) for name, shades in _COLOURS.items()}
    accent = str(rng.choice(["blue", "blue", "green", "purple", "red", "orange", "pink"]))
    variables = {
        **colours, "accent": colours[accent], "ground": ground, "ink": ink,
        "size": f"{rng.choice([13, 14, 15, 16, 16, 18])}px",
        "gap": f"{rng.choice([5, 8, 12, 16])}px", "round": f"{rng.choice([0, 3, 6, 10, 18])}px",
        "edge": f"{rng.choice([1, 1, 2])}px", "icon": f"{rng.choice([1.2, 1.5, 2.0])}rem",
        "shadow": str(rng.choice(["none", "0 1px 4px rgb(0 0 0 / .25)"])),
    }  # fmt: skip
    return Style(
        skin, theme, str(rng.choice(shelf.icon_sets)), str(rng.choice(shelf.fonts)),
        LANGUAGES[0] if english else str(rng.choice(LANGUAGES[1:])),
        width, int(width * rng.uniform(0.55, 0.85)), float(rng.choice(_SCALES, p=_SCALE_SHARES)),
        " ".join(str(rng.choice(kinds)) for kinds in shelf.checks), variables,
    )  # fmt: skip


def _document(style: Style, body: str, folder: Path, look: str) -> str:
    sheets = "".join(
        f'<link rel="stylesheet" href="{package_path(folder, file).as_uri()}">'
        for file in style.theme.files
    )
    faces = "".join(_face(style.font, weight, folder) for weight in (400, 700))
    variables = "".join(f"--{name}:{value};" for name, value in style.variables.items())
    rules = (resources.files("molmo_point.data.screens") / "page.css").read_text(encoding="utf-8")
    font = f"--font:'{style.font}','DejaVu Sans',sans-serif;"
    kind = f"{style.checks}{'' if style.theme.files else ' plain'} {style.skin.class_of('form')}"
    scheme = "dark" if style.theme.dark else "light"
    return (
        f'<!doctype html><html lang="{style.language}" {style.theme.root}><head>'
        f'<meta charset="utf-8">{sheets}<style>{faces}:root{{{variables}{font}'
        f"color-scheme:{scheme};}}{rules}{look}</style></head>"
        f'<body class="{kind}">{body}</body></html>'
    )


def _face(font: str, weight: int, folder: Path) -> str:
    file = f"@fontsource/{font}/files/{font}-latin-{weight}-normal.woff2"
    source = package_path(folder, file).as_uri()
    return f"@font-face{{font-family:'{font}';font-weight:{weight};src:url('{source}')}}"
