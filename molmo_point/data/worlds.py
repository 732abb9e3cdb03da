"""Worlds: what there can be in generated scenes, how it is said, and who draws it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from importlib import import_module
from pathlib import Path

import numpy as np

from molmo_point.data import names as words
from molmo_point.data.cutouts.crowd import generate_crowd
from molmo_point.data.cutouts.names import LOOK_ALIKES as CUTOUTS_ALIKE
from molmo_point.data.cutouts.names import vocabulary as cutout_words
from molmo_point.data.cutouts.scenes import generate_cutout_scene
from molmo_point.data.cutouts.taught import TAUGHT as CUTOUTS
from molmo_point.data.names import Name
from molmo_point.data.scenes import Scene, Split, generate_scene, random_of
from molmo_point.data.screens.icon_sheet import generate_icon_sheet
from molmo_point.data.screens.pool import ScreenPool
from molmo_point.data.screens.roles import MEANINGS, ROLE_NAMES
from molmo_point.data.screens.words import screen_words
from molmo_point.data.tabletop.objects import TABLETOP_NAMES
from molmo_point.data.tabletop.pool import TabletopPool
from molmo_point.errors import MolmoPointError

__all__ = ["ALL", "DRAWN", "SCREENS", "TABLETOP", "THINGS", "WORLDS", "World", "find_world"]

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
        roles: spellings of the names that elements of screens have, by name.
        meanings: spellings of what such an element can stand for.
    """

    name: str
    names: Mapping[str, Name]
    look_alikes: Mapping[str, frozenset[str]]
    vocabulary: tuple[str, ...]
    draw: Draw
    kinds: Mapping[str, tuple[str, ...]]
    strangers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    meanings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def spellings(self, name: str) -> list[str]:
        """All words for a thing; "shapes" means each shape, and a plain dot is a circle too."""
        known = self.names[name]
        if name in self.roles:
            return list(dict.fromkeys([*self.roles[name], *known.words(many=True)]))
        general = ("shape", "shapes") if name in words.SHAPES else ()
        also = words.ALSO_CALLED.get(name, ())
        return [name, *known.words(many=False), *known.words(many=True), *general, *also]


def _draw_drawn(seed: int, split: Split, size: tuple[int, int] | None) -> Scene:
    return generate_scene(seed, split, size=size)


_CUTOUTS_SHARE = 0.75  # of the scenes of THINGS; the rest are flat shapes, discs and grains
_CROWDS = 0.6  # of those, while training
_PLAIN = ("shapes", "discs", "grains")


_LARGER = (0.6, 2.0)  # a scene that a part is taken of, against the part


def _draw_things(seed: int, split: Split, size: tuple[int, int] | None) -> Scene:
    rng = random_of(split, seed, 7)
    if rng.random() < _CUTOUTS_SHARE:
        if split == "train" and size is not None and rng.random() < _CROWDS:
            return generate_crowd(seed, split, size)
        return _draw_part(generate_cutout_scene, rng, seed, split, size)
    kind = str(rng.choice(_PLAIN))
    return _draw_part(partial(generate_scene, kind=kind), rng, seed, split, size)


def _draw_part(
    draw: Callable[..., Scene],
    rng: np.random.Generator,
    seed: int,
    split: Split,
    size: tuple[int, int] | None,
) -> Scene:
    """What one crop of a larger picture shows, or a small picture enlarged.

    A picture that fits into one crop holds small things alone, and none that goes on in the next.
    """
    if size is None or split == "heldout":
        return draw(seed, split, size=size)
    larger = float(np.exp(rng.uniform(*np.log(_LARGER))))
    width, height = (round(side * larger) for side in size)
    scene = draw(seed, split, size=(width, height))
    across, down = min(size[0], width), min(size[1], height)
    if not scene.things:
        return scene.part(0, 0, across, down, size)
    thing = scene.things[int(rng.integers(len(scene.things)))]
    left = int(np.clip(thing.x - across * rng.uniform(0.1, 0.9), 0, width - across))
    top = int(np.clip(thing.y - down * rng.uniform(0.1, 0.9), 0, height - down))
    return scene.part(left, top, across, down, size)


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

_SHOWS = {
    "warning sign": "triangle", "triangular ruler": "triangle", "hospital": "cross",
    "church": "cross", "ambulance": "cross",
}  # fmt: skip
"""Shapes that pictures of other things have on them."""

THINGS = World(
    "things",
    {**_PLAIN_NAMES, **CUTOUTS},
    {
        **words.LOOK_ALIKES,
        **CUTOUTS_ALIKE,
        **{name: CUTOUTS_ALIKE.get(name, frozenset()) | {it} for name, it in _SHOWS.items()},
    },
    tuple(sorted({*cutout_words(), *words.vocabulary()})),
    _draw_things,
    {
        **{kind: DRAWN.kinds[kind] for kind in _PLAIN},
        "cutouts": tuple(CUTOUTS),
        "crowd": tuple(CUTOUTS),
    },
    {
        **dict.fromkeys(_PLAIN, ("dog", "car", "banana", "chair", "shoe", "guitar", "key", "tree")),
        "cutouts": ("triangle", "square", "hexagon", "cross"),
        "crowd": ("triangle", "square", "hexagon", "cross"),
    },
)
"""Cut-outs of 362 names over photographs, and the plain things; needs the atlas of cut-outs."""

_ROLES = {name: THINGS.names.get(name, Name(name, name)) for name in ROLE_NAMES}
_SHEETS = 0.3  # of the screens, while training
_POOL = "MOLMO_POINT_SCREEN_POOL"


@cache
def _screen_pool(split: Split) -> ScreenPool:
    folder = os.environ.get(_POOL, "~/.cache/molmo-point/screen-pool")
    return ScreenPool(Path(folder).expanduser(), split)


def _draw_screens(seed: int, split: Split, size: tuple[int, int] | None) -> Scene:
    if split == "train" and size is not None and random_of(split, seed, 8).random() < _SHEETS:
        return generate_icon_sheet(seed, split, size)
    drawn = _screen_pool(split).scene(seed, size)
    return drawn.screen.to_scene(drawn.queries)


SCREENS = World(
    "screens",
    _ROLES,
    {},
    screen_words(),
    _draw_screens,
    {},
    roles=ROLE_NAMES,
    meanings=MEANINGS,
)
"""Windows of rendered pages; needs a pool of them."""

_TABLES = "MOLMO_POINT_TABLETOP_POOL"


@cache
def _tabletop_pool(split: Split) -> TabletopPool:
    folder = os.environ.get(_TABLES, "~/.cache/molmo-point/tabletop-pool")
    return TabletopPool(Path(folder).expanduser(), split)


def _draw_tabletop(seed: int, split: Split, size: tuple[int, int] | None) -> Scene:
    return _tabletop_pool(split).window(seed, size).to_scene()


TABLETOP = World(
    "tabletop",
    TABLETOP_NAMES,
    {},
    words.vocabulary(TABLETOP_NAMES),
    _draw_tabletop,
    {"tabletop": tuple(TABLETOP_NAMES)},
    {"tabletop": ("pen", "valve", "banana")},
)
"""Rendered tables; needs a pool of them."""

# what the font's drawings are called among the cut-outs
_CUTOUT_OF = {
    "pepper": "chili",
    "leaf": "maple leaf",
    "boat": "sailboat",
    "hat": "top hat",
    "egg": "fried egg",
    "clock": "alarm clock",
    "lamp": "light bulb",
}
_REDRAWN = 20  # tries; 3 in 100 scenes have a thing without a name


def _draw_emoji(seed: int, split: Split, size: tuple[int, int] | None) -> Scene:
    rng = random_of(split, seed, 10)
    for another in range(_REDRAWN):
        scene = _draw_part(
            partial(generate_scene, kind="emoji"), rng, seed + another * 10**15, split, size
        )
        called = [_CUTOUT_OF.get(thing.name, thing.name) for thing in scene.things]
        if all(name in THINGS.names for name in called):  # else a thing would pass for background
            break
    things = zip(scene.things, called, strict=True)
    return replace(scene, things=tuple(replace(thing, name=name) for thing, name in things))


_SHARES = {"things": 0.42, "screens": 0.4, "tabletop": 0.1, "emoji": 0.08}
_DRAWERS = {
    "things": _draw_things,
    "screens": _draw_screens,
    "tabletop": _draw_tabletop,
    "emoji": _draw_emoji,
}


def _draw_all(seed: int, split: Split, size: tuple[int, int] | None) -> Scene:
    chosen = str(random_of(split, seed, 9).choice(list(_SHARES), p=list(_SHARES.values())))
    return _DRAWERS[chosen](seed, split, size)


ALL = World(
    "all",
    {**THINGS.names, **TABLETOP_NAMES, **_ROLES},
    THINGS.look_alikes,
    tuple(sorted({*THINGS.vocabulary, *TABLETOP.vocabulary, *SCREENS.vocabulary})),
    _draw_all,
    {**THINGS.kinds, **TABLETOP.kinds, "emoji": tuple(CUTOUTS)},
    {
        **THINGS.strangers,
        "emoji": _ROUND_NO_MORE,
        "tabletop": ("dog", "guitar", "shoe", "pizza", "star", "elephant"),
    },
    ROLE_NAMES,
    MEANINGS,
)
"""Everything at once: what the embedded model is trained on."""

WORLDS = {world.name: world for world in (DRAWN, THINGS, SCREENS, TABLETOP, ALL)}
"""By name."""


def find_world(name: str) -> World:
    """A world by its name, or one of your own.

    Args:
        name: one of `WORLDS`; a file of COCO annotations, "parts/annotations.json" (`coco.py`); or
            where a `World` is, "my_package.my_module:WORLD".

    Raises:
        MolmoPointError: there is none of this name, or nothing of the kind in that place.
    """
    return WORLDS[name] if name in WORLDS else _find_own_world(name)


@cache
def _find_own_world(name: str) -> World:
    if name.endswith(".json"):
        from molmo_point.data.coco import read_coco_world  # its worlds are as these

        return read_coco_world(Path(name))
    module, _, attribute = name.partition(":")
    if not attribute:
        raise MolmoPointError(
            f'There is no world "{name}": use one of {", ".join(WORLDS)}; or for one of your own '
            "a file of COCO annotations, or module:NAME."
        )
    try:
        world = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise MolmoPointError(f'The world "{name}" cannot be imported: {error}.') from error
    if not isinstance(world, World):
        raise MolmoPointError(f'"{name}" is {type(world).__name__}, no World.')
    return world
