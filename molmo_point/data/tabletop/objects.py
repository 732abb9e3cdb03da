"""Things made of simple solids, in MuJoCo's MJCF; held-out ones have proportions of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from molmo_point.data.cutouts.names import NAMES
from molmo_point.data.names import COLOURS, Name
from molmo_point.data.shapes import colour_of
from molmo_point.data.sprites import FloatPixels

__all__ = ["TABLETOP_NAMES", "Built", "build_object"]

_OWN = {
    "can": Name("can", "cans", (("tin", "tins"),)),
    "ball": Name("ball", "balls"),
    "valve": Name("valve", "valves", (("valve wheel", "valve wheels"),)),
    "screwdriver": NAMES["screwdriver"],
}  # fmt: skip
_SHARED = (
    "mug", "bottle", "box", "book", "plate", "die", "pen", "hammer", "flashlight", "banana",
    "apple", "traffic cone", "wrench",
)  # fmt: skip

TABLETOP_NAMES: dict[str, Name] = {**{name: NAMES[name] for name in _SHARED}, **_OWN}
"""Everything that can stand on the table."""

_HELD_OUT_FROM = 0.75  # of each range of proportions, what lies above is for held-out scenes
_OTHERS = (-0.35, 0.7)  # the part of the others, wide: what is told apart must not hang on them


@dataclass(frozen=True, slots=True)
class Built:
    """One object.

    Attributes:
        geoms: MJCF of its solids, around the middle of its footprint, which is at height 0.
        reach: metres from the middle that it takes on the table.
        colour: one of the colour words, or "" if it has no single colour.
    """

    geoms: str
    reach: float
    colour: str


class _Shape:
    """Chance for one object: proportions by split, and a paint."""

    def __init__(self, rng: np.random.Generator, *, apart: bool) -> None:
        self.rng, self.apart = rng, apart
        self.colour = str(rng.choice([word for word in COLOURS if word != "brown"]))
        self.paint = _rgba(colour_of(rng, self.colour))

    def __call__(self, low: float, high: float) -> float:
        """A proportion out of the split's part of a range."""
        share = self.rng.uniform(0, 1)
        first, last = (_HELD_OUT_FROM, 1.0) if self.apart else _OTHERS
        return low + (first + share * (last - first)) * (high - low)


def _rgba(colour: FloatPixels) -> str:
    return " ".join(f"{min(max(float(value) / 255, 0), 1):.3f}" for value in colour) + " 1"


_WHITE, _DARK, _STEEL = "0.93 0.93 0.91 1", "0.08 0.08 0.09 1", "0.62 0.64 0.67 1"
_YELLOW, _RED_SKIN, _ORANGE = "0.93 0.80 0.18 1", "0.75 0.10 0.10 1", "0.93 0.42 0.08 1"


def _geom(kind: str, size: str, at: tuple[float, float, float], rgba: str, more: str = "") -> str:
    place = " ".join(f"{value:.4f}" for value in at)
    return f'<geom type="{kind}" size="{size}" pos="{place}" rgba="{rgba}" {more}/>'


def _rod(
    start: tuple[float, float, float],
    end: tuple[float, float, float],
    radius: float,
    rgba: str,
    kind: str = "capsule",
) -> str:
    ends = " ".join(f"{value:.4f}" for value in (*start, *end))
    return f'<geom type="{kind}" size="{radius:.4f}" fromto="{ends}" rgba="{rgba}"/>'


def _mug(s: _Shape) -> Built:
    radius, half = s(0.032, 0.05), s(0.035, 0.06)
    body = _geom("cylinder", f"{radius:.4f} {half:.4f}", (0, 0, half), s.paint)
    inside = _geom(
        "cylinder", f"{radius * 0.86:.4f} 0.001", (0, 0, 2 * half + 0.0005), "0.2 0.14 0.1 1"
    )
    out, thick = radius + s(0.02, 0.034), s(0.005, 0.008)
    low, high = half * 0.55, half * 1.5
    handle = (
        _rod((radius, 0, high), (out, 0, high), thick, s.paint)
        + _rod((out, 0, high), (out, 0, low), thick, s.paint)
        + _rod((out, 0, low), (radius, 0, low), thick, s.paint)
    )
    return Built(body + inside + handle, out + thick, s.colour)


def _bottle(s: _Shape) -> Built:
    radius, half = s(0.028, 0.042), s(0.06, 0.1)
    neck, length = radius * s(0.3, 0.45), s(0.02, 0.05)
    top, shoulder = 2 * half, f"{radius:.4f} {radius:.4f} {radius * 0.8:.4f}"
    parts = _geom("cylinder", f"{radius:.4f} {half:.4f}", (0, 0, half), s.paint)
    parts += _geom("ellipsoid", shoulder, (0, 0, top), s.paint)
    parts += _rod((0, 0, top), (0, 0, top + radius * 0.8 + length), neck, s.paint, "cylinder")
    cap = top + radius * 0.8 + length
    parts += _geom("cylinder", f"{neck * 1.25:.4f} 0.008", (0, 0, cap), _WHITE)
    return Built(parts, radius, s.colour)


def _can(s: _Shape) -> Built:
    radius, half = s(0.026, 0.04), s(0.045, 0.07)
    body = _geom("cylinder", f"{radius:.4f} {half:.4f}", (0, 0, half), s.paint)
    lid = _geom("cylinder", f"{radius * 0.93:.4f} 0.002", (0, 0, 2 * half + 0.001), _STEEL)
    return Built(body + lid, radius, s.colour)


def _box(s: _Shape) -> Built:
    x, y, z = s(0.03, 0.07), s(0.03, 0.06), s(0.025, 0.06)
    return Built(_geom("box", f"{x:.4f} {y:.4f} {z:.4f}", (0, 0, z), s.paint), max(x, y), s.colour)


def _ball(s: _Shape) -> Built:
    radius = s(0.022, 0.05)
    return Built(_geom("sphere", f"{radius:.4f}", (0, 0, radius), s.paint), radius, s.colour)


def _book(s: _Shape) -> Built:
    x, y, z = s(0.06, 0.09), s(0.085, 0.12), s(0.009, 0.02)
    cover = "".join(
        _geom("box", f"{x:.4f} {y:.4f} 0.0018", (0, 0, height), s.paint)
        for height in (0.0018, 2 * z - 0.0018)
    )
    spine = _geom("box", f"0.0018 {y:.4f} {z:.4f}", (-x, 0, z), s.paint)
    pages = _geom("box", f"{x * 0.96:.4f} {y * 0.96:.4f} {z * 0.85:.4f}", (0, 0, z), _WHITE)
    return Built(cover + spine + pages, y, s.colour)


def _plate(s: _Shape) -> Built:
    radius = s(0.07, 0.11)
    rim = _geom("cylinder", f"{radius:.4f} 0.006", (0, 0, 0.006), s.paint)
    well = _geom("cylinder", f"{radius * s(0.55, 0.75):.4f} 0.001", (0, 0, 0.0125), _WHITE)
    return Built(rim + well, radius, s.colour)


def _die(s: _Shape) -> Built:
    half = s(0.014, 0.026)
    parts = _geom("box", f"{half:.4f} {half:.4f} {half:.4f}", (0, 0, half), s.paint)
    pip = _DARK if s.colour in ("white", "yellow", "pink", "orange") else _WHITE
    off = half * 0.5
    for x, y in ((0, 0), (off, off), (-off, -off), (off, -off), (-off, off)):
        parts += _geom("cylinder", f"{half * 0.17:.4f} 0.0008", (x, y, 2 * half), pip)
    turned = 'euler="90 0 0"'
    for x, z in ((off, half + off), (-off, half - off)):
        parts += _geom("cylinder", f"{half * 0.17:.4f} 0.0008", (x, -half, z), pip, turned)
    return Built(parts, half * 1.4, s.colour)


def _pen(s: _Shape) -> Built:
    radius, half = s(0.0045, 0.008), s(0.06, 0.085)
    body = _rod((-half, 0, radius), (half * 0.8, 0, radius), radius, s.paint, "cylinder")
    tip = _rod((half * 0.8, 0, radius), (half, 0, radius), radius * 0.5, _DARK)
    clip = _rod((-half, 0, 2 * radius), (-half * 0.5, 0, 2 * radius), radius * 0.3, _STEEL)
    return Built(body + tip + clip, half, s.colour)


def _screwdriver(s: _Shape) -> Built:
    radius, grip, shaft = s(0.011, 0.017), s(0.04, 0.06), s(0.06, 0.11)
    handle = _rod((-grip, 0, radius), (grip * 0.4, 0, radius), radius, s.paint)
    blade = _rod((grip * 0.4, 0, radius), (shaft, 0, radius), radius * 0.25, _STEEL, "cylinder")
    return Built(handle + blade, shaft, s.colour)


def _hammer(s: _Shape) -> Built:
    length, radius = s(0.16, 0.24), s(0.009, 0.013)
    height = radius * 2
    handle = _rod((-length / 2, 0, height), (length / 2, 0, height), radius, s.paint)
    head = s(0.035, 0.055)
    block = _geom(
        "box", f"{radius * 1.6:.4f} {head:.4f} {height * 0.95:.4f}", (length / 2, 0, height), _STEEL
    )
    return Built(handle + block, length / 2 + radius * 2, s.colour)


def _flashlight(s: _Shape) -> Built:
    radius, half = s(0.012, 0.02), s(0.05, 0.08)
    wide = radius * s(1.35, 1.8)
    body = _rod((-half, 0, wide), (half, 0, wide), radius, s.paint, "cylinder")
    head = _rod((half * 0.75, 0, wide), (half * 1.2, 0, wide), wide, s.paint, "cylinder")
    glass = _rod((half * 1.2, 0, wide), (half * 1.22, 0, wide), wide * 0.85, _WHITE, "cylinder")
    return Built(body + head + glass, half * 1.25, s.colour)


def _valve(s: _Shape) -> Built:
    ring, thick, spokes = s(0.045, 0.075), s(0.006, 0.011), round(s(3, 5.4))
    stem = s(0.03, 0.06)
    base = _geom("cylinder", f"{ring * 0.45:.4f} {stem / 2:.4f}", (0, 0, stem / 2), _STEEL)
    corners = 14
    angles = np.arange(corners + 1) * 2 * np.pi / corners
    places = [(ring * float(np.cos(a)), ring * float(np.sin(a)), stem + thick) for a in angles]
    wheel = "".join(_rod(one, other, thick, s.paint) for one, other in pairwise(places))
    for turn in np.arange(spokes) * 2 * np.pi / spokes:
        end = (ring * float(np.cos(turn)), ring * float(np.sin(turn)), stem + thick)
        wheel += _rod((0, 0, stem + thick), end, thick * 0.7, s.paint)
    hub = _geom("cylinder", f"{thick * 2:.4f} {thick * 1.3:.4f}", (0, 0, stem + thick), s.paint)
    return Built(base + wheel + hub, ring + thick, s.colour)


def _banana(s: _Shape) -> Built:
    length, radius, bend = s(0.07, 0.1), s(0.013, 0.02), s(0.5, 0.9)
    angles = np.linspace(-bend, bend, 7)
    far = length / np.sin(bend)
    places = [(far * float(np.sin(a)), far * float(1 - np.cos(a)), radius) for a in angles]
    parts = "".join(
        _rod(one, other, radius * (0.7 if rank in (0, 5) else 1.0), _YELLOW)
        for rank, (one, other) in enumerate(pairwise(places))
    )
    ends = _rod(
        places[-1], (places[-1][0] * 1.12, places[-1][1] * 1.15, radius), radius * 0.4, _DARK
    )
    return Built(parts + ends, length * 1.2, "yellow")


def _apple(s: _Shape) -> Built:
    radius = s(0.03, 0.042)
    green = bool(s.rng.random() < 0.4)
    skin, colour = ("0.45 0.65 0.15 1", "green") if green else (_RED_SKIN, "red")
    parts = _geom("ellipsoid", f"{radius:.4f} {radius:.4f} {radius * s(0.8, 0.98):.4f}",
                  (0, 0, radius * 0.9), skin)  # fmt: skip
    stem = _rod((0, 0, radius * 1.7), (0.004, 0, radius * 2.1), 0.002, "0.3 0.2 0.1 1")
    return Built(parts + stem, radius, colour)


def _traffic_cone(s: _Shape) -> Built:
    base, height = s(0.035, 0.05), s(0.09, 0.14)
    parts = _geom("box", f"{base:.4f} {base:.4f} 0.004", (0, 0, 0.004), _ORANGE)
    steps = 12
    for step in range(steps):
        radius = base * 0.8 * (1 - step / steps) + 0.004
        at = 0.008 + (step + 0.5) * height / steps
        band = _WHITE if step in (4, 5, 8) else _ORANGE
        parts += _geom("cylinder", f"{radius:.4f} {height / steps / 2:.4f}", (0, 0, at), band)
    return Built(parts, base * 1.4, "orange")


def _wrench(s: _Shape) -> Built:
    half, wide, thick = s(0.06, 0.1), s(0.008, 0.012), s(0.004, 0.006)
    parts = _geom("box", f"{half:.4f} {wide:.4f} {thick:.4f}", (0, 0, thick), _STEEL)
    jaw = wide * s(1.5, 2.1)
    for side in (-1, 1):
        for turn in (-0.9, 0.0, 0.9):
            at = (side * (half + jaw * 0.3 * float(np.cos(turn))), jaw * float(np.sin(turn)), thick)
            end = (side * (half + jaw * float(np.cos(turn))), jaw * float(np.sin(turn)), thick)
            parts += _rod(at, end, thick, _STEEL)
    return Built(parts, half + jaw, "gray")


_BUILDERS: dict[str, Callable[[_Shape], Built]] = {
    "mug": _mug, "bottle": _bottle, "can": _can, "box": _box, "ball": _ball, "book": _book,
    "plate": _plate, "die": _die, "pen": _pen, "screwdriver": _screwdriver, "hammer": _hammer,
    "flashlight": _flashlight, "valve": _valve, "banana": _banana, "apple": _apple,
    "traffic cone": _traffic_cone, "wrench": _wrench,
}  # fmt: skip


def build_object(name: str, rng: np.random.Generator, *, apart: bool) -> Built:
    """Build one of `TABLETOP_NAMES`.

    Args:
        name: which.
        rng: where its proportions and paint come from.
        apart: with the proportions of held-out scenes.
    """
    return _BUILDERS[name](_Shape(rng, apart=apart))
