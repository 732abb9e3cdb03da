"""Worlds: what there can be in generated scenes, how it is said, and who draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from molmo_point.data import names as words
from molmo_point.data.cutouts.names import LOOK_ALIKES as CUTOUTS_ALIKE
from molmo_point.data.cutouts.names import NAMES as CUTOUTS
from molmo_point.data.cutouts.names import vocabulary as cutout_words
from molmo_point.data.cutouts.scenes import generate_cutout_scene
from molmo_point.data.names import Name
from molmo_point.data.scenes import Scene, Split, generate_scene, random_of
from molmo_point.errors import MolmoPointError

__all__ = ["DRAWN", "THINGS", "WORLDS", "World", "find_world"]

Draw = Callable[[int, Split, tuple[int, int] | None], Scene]


@dataclass(frozen=True, slots=True)
class World:
    """One kind of data.

    Attributes:
        name: to call it by.
        names: everything that a thing can be called, by its primary name.
        look_alikes: names that pass for one another.
        vocabulary: every word of its questions, sorted.
        draw: (seed, split, size) -> scene; size (width, height) may be None.
        kinds: names that may be asked about without ambiguity, by the kind of the scene.
        strangers: names that none of a kind's things can be taken for, by the kind of the scene.
    """

    name: str
    names: Mapping[str, Name]
    look_alikes: Mapping[str, frozenset[str]]
    vocabulary: tuple[str, ...]
    draw: Draw
    kinds: Mapping[str, tuple[str, ...]]
    strangers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def spellings(self, name: str) -> list[str]:
        """All words for a thing; "shapes" means each shape, and a plain dot is a circle too."""
        known = self.names[name]
        general = ("shape", "shapes") if name in words.SHAPES else ()
        also = words.ALSO_CALLED.get(name, ())
        return [name, *known.words(many=False), *known.words(many=True), *general, *also]


def _draw_drawn(seed: int, split: Split, size: tuple[int, int] | None) -> Scene:
    return generate_scene(seed, split, size=size)


_CUTOUTS_SHARE = 0.6  # of the scenes of THINGS; the rest are flat shapes, discs and grains
_PLAIN = ("shapes", "discs", "grains")


def _draw_things(seed: int, split: Split, size: tuple[int, int] | None) -> Scene:
    rng = random_of(split, seed, 7)
    if rng.random() < _CUTOUTS_SHARE:
        return generate_cutout_scene(seed, split, size)
    return generate_scene(seed, split, size=size, kind=str(rng.choice(_PLAIN)))


_ROUND_NO_MORE = ("star", "heart", "pill", "bean")  # round things may pass for one another

DRAWN = World(
    "drawn",
    words.KNOWN_NAMES,
    words.LOOK_ALIKES,
    words.vocabulary(),
    _draw_drawn,
    {
        "emoji": tuple(words.EMOJI),
        "shapes": words.SHAPES,
        "discs": words.DISCS,
        "grains": words.GRAINS,
    },
    {
        "emoji": _ROUND_NO_MORE,
        "shapes": tuple(words.EMOJI),
        "discs": tuple(words.EMOJI),
        "grains": tuple(words.EMOJI),
    },
)
"""Emoji of one font, flat shapes, discs, grains: no files but that font are needed."""

_PLAIN_NAMES = {name: words.KNOWN_NAMES[name] for kind in _PLAIN for name in DRAWN.kinds[kind]}

THINGS = World(
    "things",
    {**_PLAIN_NAMES, **CUTOUTS},
    {**words.LOOK_ALIKES, **CUTOUTS_ALIKE},
    tuple(sorted({*cutout_words(), *words.vocabulary()})),
    _draw_things,
    {**{kind: DRAWN.kinds[kind] for kind in _PLAIN}, "cutouts": tuple(CUTOUTS)},
    {
        **dict.fromkeys(_PLAIN, ("dog", "car", "banana", "chair", "shoe", "guitar", "key", "tree")),
        "cutouts": ("triangle", "square", "hexagon", "cross"),
    },
)
"""Cut-outs of 668 names over photographs, and the plain things; needs the atlas of cut-outs."""

WORLDS = {world.name: world for world in (DRAWN, THINGS)}
"""By name."""


def find_world(name: str) -> World:
    """A world by its name.

    Raises:
        MolmoPointError: there is none of this name.
    """
    if name not in WORLDS:
        raise MolmoPointError(f'There is no world "{name}": use one of {", ".join(WORLDS)}.')
    return WORLDS[name]
