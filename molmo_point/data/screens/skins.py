"""Skins: how a CSS framework calls its widgets, and which themes it has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["FONTS", "HELD_OUT_FONTS", "HELD_OUT_SKINS", "SKINS", "Skin", "Theme"]


@dataclass(frozen=True, slots=True)
class Theme:
    """One look of a skin.

    Attributes:
        name: to tell it by.
        files: style sheets in `node_modules`.
        dark: light writing on a dark ground.
        root: attributes of the `<html>` element.
    """

    name: str
    files: tuple[str, ...]
    dark: bool = False
    root: str = ""


@dataclass(frozen=True, slots=True)
class Skin:
    """A CSS framework.

    Attributes:
        name: its package.
        themes: its looks.
        classes: the framework's classes of a widget, by the widget; a widget that is not named is
            the plain element. Tones of a button or badge are `button.<tone>`, `badge.<tone>`.
        own_checks: its check boxes are drawn by something else than the `<input>`, so that pages
            draw their own.
        select_wrap: class of an element around a `<select>`, or "".
    """

    name: str
    themes: tuple[Theme, ...]
    classes: Mapping[str, str] = field(default_factory=dict)
    own_checks: bool = False
    select_wrap: str = ""

    def class_of(self, widget: str, tone: str = "") -> str:
        """Classes of a widget; a tone that the framework does not have is drawn by the page."""
        plain = self.classes.get(widget, "")
        toned = self.classes.get(f"{widget}.{tone}", f"own-{tone}" if tone else "")
        return f"{plain} {toned}".strip()


def _tones(widget: str, pattern: str, **words: str) -> dict[str, str]:
    return {f"{widget}.{tone}": pattern.format(word) for tone, word in words.items()}


_SIX = {"blue": "primary", "gray": "secondary", "green": "success", "red": "danger"}

_BOOTSTRAP = {
    "button": "btn", "small": "btn-sm", "field": "form-control", "select": "form-select",
    "check": "form-check-input position-static m-0", "switch": "form-check-input m-0",
    "switch wrap": "form-check form-switch m-0 p-0 d-inline-flex", "range": "form-range",
    "table": "table", "card": "card card-body", "badge": "badge", "tabs": "nav nav-tabs",
    "tab": "nav-link", "tab active": "active", "menu": "list-group",
    "item": "list-group-item list-group-item-action", "item active": "active",
    "progress": "own-progress", "alert": "alert alert-info",
    **_tones("button", "btn-{}", primary="primary", **_SIX, yellow="warning", ghost="link"),
    **_tones("badge", "text-bg-{}", primary="primary", **_SIX, yellow="warning"),
}  # fmt: skip
_SWATCHES = {
    "cerulean": False, "cosmo": False, "cyborg": True, "darkly": True, "flatly": False,
    "journal": False, "litera": False, "lumen": False, "lux": False, "materia": False,
    "minty": False, "morph": False, "pulse": False, "quartz": True, "sandstone": False,
    "simplex": False, "sketchy": False, "slate": True, "solar": True, "spacelab": False,
    "superhero": True, "united": False, "vapor": True, "yeti": False, "zephyr": False,
}  # fmt: skip
_PICO = (
    "amber", "blue", "fuchsia", "green", "indigo", "jade", "pumpkin", "red", "slate", "violet",
    "zinc",
)  # fmt: skip
_DAISY = {
    "light": False, "dark": True, "cupcake": False, "emerald": False, "corporate": False,
    "synthwave": True, "retro": False, "garden": False, "aqua": True, "lofi": False,
    "pastel": False, "dracula": True, "autumn": False, "business": True, "lemonade": False,
    "night": True, "coffee": True, "winter": False, "dim": True, "nord": False, "sunset": True,
}  # fmt: skip

SKINS = (
    Skin("plain", (Theme("light", ()), Theme("dark", (), dark=True))),
    Skin(
        "bootstrap",
        (
            Theme("light", ("bootstrap/dist/css/bootstrap.min.css",)),
            Theme("dark", ("bootstrap/dist/css/bootstrap.min.css",), dark=True,
                  root="data-bs-theme=dark"),
        ),
        _BOOTSTRAP,
    ),
    Skin(
        "bootswatch",
        tuple(
            Theme(name, (f"bootswatch/dist/{name}/bootstrap.min.css",), dark)
            for name, dark in _SWATCHES.items()
        ),
        _BOOTSTRAP,
    ),
    Skin(
        "@tabler/core",
        (
            Theme("light", ("@tabler/core/dist/css/tabler.min.css",)),
            Theme("dark", ("@tabler/core/dist/css/tabler.min.css",), dark=True,
                  root="data-bs-theme=dark"),
        ),
        {**_BOOTSTRAP, **_tones("badge", "bg-{0} text-{0}-fg", primary="primary", blue="blue",
                                green="green", red="red", yellow="yellow")},
    ),
    Skin(
        "bulma",
        (
            Theme("light", ("bulma/css/bulma.min.css",), root="data-theme=light"),
            Theme("dark", ("bulma/css/bulma.min.css",), dark=True, root="data-theme=dark"),
        ),
        {
            "button": "button", "small": "is-small", "field": "input", "textarea": "textarea",
            "table": "table", "card": "box", "badge": "tag", "progress": "own-progress",
            "alert": "notification",
            **_tones("button", "is-{}", primary="primary", blue="link", green="success",
                     red="danger", yellow="warning", ghost="ghost"),
            **_tones("badge", "is-{}", primary="primary", blue="link", green="success",
                     red="danger", yellow="warning"),
        },
        select_wrap="select",
    ),
    Skin(
        "@picocss/pico",
        tuple(
            Theme(f"{colour} {shade}", (f"@picocss/pico/css/pico.{colour}.min.css",),
                  shade == "dark", f"data-theme={shade}")
            for colour in _PICO for shade in ("light", "dark")
        ),
        {"button.primary": "", "button.gray": "secondary", "button.ghost": "outline",
         "switch": "pico-switch"},
    ),
    Skin("water.css", (Theme("light", ("water.css/out/light.min.css",)),
                       Theme("dark", ("water.css/out/dark.min.css",), dark=True))),
    Skin("milligram", (Theme("light", ("milligram/dist/milligram.min.css",)),),
         {"button.primary": "", "button.ghost": "button-clear", "button.gray": "button-outline"}),
    Skin(
        "spectre.css",
        (Theme("light", ("spectre.css/dist/spectre.min.css",)),),
        {
            "button": "btn", "small": "btn-sm", "field": "form-input", "select": "form-select",
            "range": "slider", "table": "table", "card": "panel", "badge": "label",
            "menu": "menu", "tabs": "tab", "tab": "btn btn-link", "tab active": "active",
            **_tones("button", "btn-{}", primary="primary", green="success", red="error",
                     ghost="link"),
            **_tones("badge", "label-{}", primary="primary", green="success", red="error",
                     yellow="warning"),
        },
    ),
    Skin("purecss", (Theme("light", ("purecss/build/pure-min.css",)),),
         {"button": "pure-button", "button.primary": "pure-button-primary",
          "table": "pure-table pure-table-horizontal", "form": "pure-form"}),
    Skin("chota", (Theme("light", ("chota/dist/chota.min.css",)),),
         {"button": "button", "button.primary": "primary", "button.gray": "secondary",
          "button.red": "error", "button.ghost": "clear", "card": "card", "badge": "tag",
          "tabs": "tabs"}),
    Skin("@exampledev/new.css", (
        Theme("light", ("@exampledev/new.css/new.css",)),
        Theme("night", ("@exampledev/new.css/new.css", "@exampledev/new.css/theme/night.css"),
              dark=True))),
    Skin("sakura.css", tuple(
        Theme(name, (f"sakura.css/css/{name}.css",), dark)
        for name, dark in {"sakura": False, "sakura-earthly": False, "sakura-ink": False,
                           "sakura-dark": True, "sakura-dark-solarized": True,
                           "sakura-vader": True}.items())),
    Skin("mvp.css", (Theme("light", ("mvp.css/mvp.css",)),)),
    Skin("marx-css", (Theme("light", ("marx-css/css/marx.min.css",)),)),
    Skin("picnic", (Theme("light", ("picnic/picnic.min.css",)),),
         {"button.primary": "", "button.green": "success", "button.red": "error",
          "button.yellow": "warning", "button.ghost": "pseudo", "card": "card",
          "badge": "label", "badge.green": "success", "badge.red": "error"}, own_checks=True),
    Skin("papercss", (Theme("light", ("papercss/dist/paper.min.css",)),),
         {"button.primary": "btn-primary-outline", "button.green": "btn-success",
          "button.red": "btn-danger", "button.yellow": "btn-warning", "small": "btn-small",
          "badge": "badge", "badge.green": "success", "badge.red": "danger", "card": "card",
          "progress": "own-progress"}, own_checks=True),
    Skin("nes.css", (Theme("light", ("nes.css/css/nes.min.css",)),),
         {"button": "nes-btn", "button.primary": "is-primary", "button.green": "is-success",
          "button.red": "is-error", "button.yellow": "is-warning", "field": "nes-input",
          "textarea": "nes-textarea", "card": "nes-container is-rounded",
          "table": "nes-table is-bordered", "progress": "nes-progress is-primary"},
         own_checks=True, select_wrap="nes-select"),
    Skin("98.css", (Theme("light", ("98.css/dist/98.css",)),),
         {"card": "window", "form": "legible"}, own_checks=True),
    Skin("xp.css", (Theme("light", ("xp.css/dist/XP.css",)),),
         {"card": "window", "form": "legible"}, own_checks=True),
    Skin(
        "daisyui",
        tuple(Theme(name, ("daisyui/daisyui.css", "daisyui/themes.css"), dark,
                    f"data-theme={name}") for name, dark in _DAISY.items()),
        {
            "button": "btn", "small": "btn-sm", "field": "input", "select": "select",
            "textarea": "textarea", "check": "checkbox", "radio": "radio", "switch": "toggle",
            "range": "range", "table": "table", "card": "card card-border", "badge": "badge",
            "progress": "progress", "tabs": "tabs tabs-box", "tab": "tab",
            "tab active": "tab-active",
            **_tones("button", "btn-{}", primary="primary", green="success", red="error",
                     yellow="warning", ghost="ghost", gray="soft"),
            **_tones("badge", "badge-{}", primary="primary", green="success", red="error",
                     yellow="warning"),
        },
    ),
    Skin(
        "beercss",
        (Theme("light", ("beercss/dist/cdn/beer.min.css",), root="class=light"),
         Theme("dark", ("beercss/dist/cdn/beer.min.css",), dark=True, root="class=dark")),
        {"button.ghost": "transparent", "button.gray": "border", "small": "small"},
        own_checks=True,
    ),
)  # fmt: skip
"""Frameworks of training pages; "plain" is the browser's own widgets and those that pages draw."""

HELD_OUT_SKINS = (
    Skin(
        "uikit",
        (Theme("light", ("uikit/dist/css/uikit.min.css",)),),
        {
            "button": "uk-button", "small": "uk-button-small", "field": "uk-input",
            "textarea": "uk-textarea", "select": "uk-select", "check": "uk-checkbox",
            "radio": "uk-radio", "range": "uk-range", "table": "uk-table uk-table-divider m0",
            "badge": "uk-label", "card": "uk-card uk-card-default own-pad",
            "button.primary": "uk-button-primary", "button.red": "uk-button-danger",
            "button.gray": "uk-button-default", "button.ghost": "uk-button-text",
            "button.": "uk-button-default", "badge.green": "uk-label-success",
            "badge.red": "uk-label-danger", "badge.yellow": "uk-label-warning",
            "progress": "uk-progress", "alert": "uk-alert-primary own-pad",
        },
    ),
    Skin(
        "foundation-sites",
        (Theme("light", ("foundation-sites/dist/css/foundation.min.css",)),),
        {
            "button": "button m0", "small": "small", "badge": "label", "card": "card own-pad",
            **_tones("button", "{}", primary="primary", gray="secondary", green="success",
                     red="alert", yellow="warning", ghost="clear"),
            **_tones("badge", "{}", primary="primary", gray="secondary", green="success",
                     red="alert", yellow="warning"),
            "alert": "callout primary", "progress": "own-progress",
        },
    ),
    Skin(
        "@primer/css",
        (Theme("light", ("@primer/css/dist/primer.css",),
               root="data-color-mode=light data-light-theme=light"),
         Theme("dark", ("@primer/css/dist/primer.css",), dark=True,
               root="data-color-mode=dark data-dark-theme=dark")),
        {
            "button": "btn", "small": "btn-sm", "field": "form-control", "select": "form-select",
            "card": "Box own-pad", "badge": "Label", "button.primary": "btn-primary",
            "button.red": "btn-danger", "button.ghost": "btn-invisible",
            "badge.green": "Label--success", "badge.red": "Label--danger", "alert": "flash",
            "menu": "SideNav border", "item": "SideNav-item", "tabs": "UnderlineNav-body",
            "tab": "UnderlineNav-item",
        },
    ),
    Skin(
        "fomantic-ui-css",
        (Theme("light", ("fomantic-ui-css/semantic.min.css",)),),
        {
            "button": "ui button m0", "small": "small", "table": "ui table m0",
            "card": "ui segment m0", "badge": "ui label", "select": "ui dropdown",
            **_tones("button", "{}", primary="primary", blue="blue", green="green", red="red",
                     yellow="yellow", ghost="basic"),
            **_tones("badge", "{}", primary="primary", blue="blue", green="green", red="red",
                     yellow="yellow"),
            "form": "ui form", "alert": "ui message", "progress": "own-progress",
        },
    ),
    Skin("simpledotcss", (Theme("light", ("simpledotcss/simple.min.css",)),
                          Theme("dark", ("simpledotcss/simple.min.css",), dark=True))),
    Skin("terminal.css", (Theme("light", ("terminal.css/dist/terminal.min.css",)),),
         {"button": "btn", "button.primary": "btn-primary", "button.red": "btn-error",
          "button.ghost": "btn-ghost", "card": "terminal-card own-pad",
          "alert": "terminal-alert"}),
    Skin(
        "cirrus-ui",
        (Theme("light", ("cirrus-ui/dist/cirrus.min.css",)),),
        {
            "button": "btn m-0", "small": "btn-small", "field": "m-0", "badge": "tag",
            "card": "card p-2 m-0", "table": "table m-0",
            **_tones("button", "btn-{}", primary="primary", blue="info", green="success",
                     red="danger", yellow="warning", ghost="transparent"),
            **_tones("badge", "tag--{}", primary="primary", blue="info", green="success",
                     red="danger", yellow="warning"),
            "progress": "own-progress",
        },
    ),
)  # fmt: skip
"""Frameworks of held-out pages alone; none is made from one of the others."""

FONTS = (
    "barlow", "cabin", "dm-sans", "exo-2", "figtree", "fira-sans", "hind", "inter",
    "jetbrains-mono", "karla", "lato", "merriweather", "montserrat", "mulish", "noto-sans",
    "nunito", "open-sans", "poppins", "pt-sans", "quicksand", "raleway", "roboto", "rubik",
    "source-sans-3", "source-serif-4", "ubuntu",
)  # fmt: skip
"""Fonts of training pages: packages `@fontsource/<font>`."""

HELD_OUT_FONTS = (
    "ibm-plex-sans", "libre-franklin", "lora", "manrope", "oxygen", "public-sans",
    "space-grotesk", "ubuntu-mono", "work-sans",
)  # fmt: skip
"""Fonts of held-out pages alone."""
