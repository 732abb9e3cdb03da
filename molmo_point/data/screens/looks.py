"""Looks: rules on top of a framework, so that a few frameworks look like many."""

from __future__ import annotations

import numpy as np

__all__ = ["draw_look"]

_BUTTONS = "button:not(.own-tab)"
_FIELDS = "input[type=text],select,textarea"
_SHARE = 0.7  # of pages that have a look of their own
_EACH = 0.45  # share of those that a rule is on


def draw_look(rng: np.random.Generator) -> str:
    """A style sheet that changes shapes, edges, weights and grounds, never sizes of the page.

    Args:
        rng: where chance comes from.

    Returns:
        CSS, "" for a page that looks as its framework does.
    """
    if rng.random() > _SHARE:
        return ""
    rules = (_corners, _edges, _lettering, _shine, _room, _fields, _tables, _cards, _ground,
             _links, _ticks)  # fmt: skip
    return "".join(rule(rng) for rule in rules if rng.random() < _EACH)


def _pick(rng: np.random.Generator, *values: str) -> str:
    return str(rng.choice(values))


def _shade(share: float) -> str:
    return f"color-mix(in srgb, currentColor {share:.0f}%, transparent)"


def _corners(rng: np.random.Generator) -> str:
    buttons = _pick(rng, "0", "2px", "5px", "9px", "14px", "99px")
    fields = _pick(rng, "0", "2px", "5px", "9px", "20px")
    return (
        f"{_BUTTONS}{{border-radius:{buttons} !important}}"
        f"{_FIELDS}{{border-radius:{fields} !important}}"
    )


def _edges(rng: np.random.Generator) -> str:
    width, line = (
        _pick(rng, "0", "1px", "1px", "2px", "3px"),
        _pick(rng, "solid", "solid", "double"),
    )
    return f"{_BUTTONS}{{border:{width} {line} {_shade(rng.uniform(20, 90))} !important}}"


def _lettering(rng: np.random.Generator) -> str:
    case = _pick(rng, "none", "none", "uppercase", "capitalize")
    space, weight = _pick(rng, "normal", ".04em", ".1em"), _pick(rng, "400", "500", "700", "900")
    size = _pick(rng, ".85rem", "1rem", "1.1rem")
    return (
        f"{_BUTTONS}{{text-transform:{case} !important;letter-spacing:{space} !important;"
        f"font-weight:{weight} !important;font-size:{size} !important}}"
    )


def _shine(rng: np.random.Generator) -> str:
    image = _pick(
        rng,
        "none",
        "linear-gradient(rgb(255 255 255/.3),rgb(255 255 255/0) 50%,rgb(0 0 0/.12))",
        "linear-gradient(rgb(0 0 0/.1),rgb(255 255 255/.15))",
    )
    shadow = _pick(rng, "none", "0 1px 3px rgb(0 0 0/.4)", "0 3px 0 rgb(0 0 0/.35)",
                   "inset 0 1px 3px rgb(0 0 0/.4)", "0 4px 12px rgb(0 0 0/.25)")  # fmt: skip
    plain = _BUTTONS + ":not(.own-ghost)"
    return f"{plain}{{background-image:{image} !important;box-shadow:{shadow} !important}}"


def _room(rng: np.random.Generator) -> str:
    down, across = rng.uniform(0.15, 0.9), rng.uniform(0.5, 1.8)
    return (
        f"{_BUTTONS}:not(.only){{padding:{down:.2f}em {across:.2f}em !important;"
        f"line-height:1.3 !important;height:auto !important;min-height:0 !important}}"
    )


def _fields(rng: np.random.Generator) -> str:
    edge = _shade(rng.uniform(15, 70))
    border = _pick(rng, f"border:1px solid {edge}", f"border:2px solid {edge}",
                   f"border-width:0 0 2px;border-style:solid;border-color:{edge}",
                   "border-color:transparent")  # fmt: skip
    ground = _pick(rng, "", f"background-color:{_shade(rng.uniform(3, 12))} !important")
    down, across = rng.uniform(0.2, 0.8), rng.uniform(0.4, 1.0)
    rules = ";".join(f"{part} !important" for part in border.split(";"))
    return (
        f"{_FIELDS}{{{rules};{ground}}}input[type=text]{{height:auto !important;"
        f"padding:{down:.2f}em {across:.2f}em !important}}"
    )


def _tables(rng: np.random.Generator) -> str:
    rows, head = rng.uniform(0, 9), rng.uniform(0, 20)
    down = rng.uniform(0.15, 0.9)
    lines = _pick(rng, "0", "0 0 1px", "1px")
    return (
        f"tr:nth-child(even) td{{background:{_shade(rows)} !important}}"
        f"th{{background:{_shade(head)} !important}}"
        f"td,th{{padding:{down:.2f}em .7em !important;border-style:solid !important;"
        f"border-width:{lines} !important;border-color:{_shade(20)} !important}}"
    )


def _cards(rng: np.random.Generator) -> str:
    shadow = _pick(rng, "none", "0 1px 3px rgb(0 0 0/.3)", "0 8px 24px rgb(0 0 0/.2)")
    corner, ground = _pick(rng, "0", "4px", "12px", "24px"), _shade(rng.uniform(0, 8))
    return (
        f".own-card,.card{{box-shadow:{shadow} !important;border-radius:{corner} !important}}"
        f".own-card{{background:{ground} !important}}"
    )


def _ground(rng: np.random.Generator) -> str:
    hue, share = rng.uniform(0, 360), rng.uniform(3, 14)
    tint = f"hsl({hue:.0f} 80% 50% / {share:.0f}%)"
    image = _pick(
        rng,
        f"linear-gradient({tint},{tint})",
        f"linear-gradient(120deg,{tint},transparent)",
        f"repeating-linear-gradient(45deg,{tint} 0 9px,transparent 9px 18px)",
    )
    return f"body{{background-image:{image} !important}}"


def _links(rng: np.random.Generator) -> str:
    line, weight = _pick(rng, "none", "underline"), _pick(rng, "400", "600")
    return f"a:not(.own-tab){{text-decoration:{line} !important;font-weight:{weight} !important}}"


def _ticks(rng: np.random.Generator) -> str:
    size = rng.uniform(0.8, 1.6)
    return f".ck,.sw{{font-size:{size:.2f}rem !important}}:root{{accent-color:var(--accent)}}"
