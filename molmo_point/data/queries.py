"""Questions about a scene, with the things that answer them."""

from __future__ import annotations

import numpy as np

from molmo_point.data import names as words
from molmo_point.data.scenes import Scene, SceneQuery, Thing
from molmo_point.data.worlds import DRAWN, World

__all__ = ["SceneQuery", "ask_about"]

_ABSENT = 0.16  # share of questions about something that is not there


def _pick(rng: np.random.Generator, options: tuple[str, ...] | list[str]) -> str:
    return options[int(rng.integers(len(options)))]


def _decorate(rng: np.random.Generator, text: str) -> str:
    """Sometimes with an article."""
    draw = rng.random()
    if draw < 0.15:
        return f"the {text}"
    if draw < 0.22:
        return f"all {text}"
    if draw < 0.26:
        return f"all the {text}"
    return f"every {text}" if draw < 0.28 and not text.endswith("s") else text


def _say(rng: np.random.Generator, world: World, name: str, count: int) -> str:
    """A word for so many of a thing; the plural is usual, also for one."""
    many = rng.random() < (0.75 if count != 1 else 0.45)
    options = world.names[name].words(many=bool(many))
    return options[0] if len(options) == 1 or rng.random() < 0.7 else _pick(rng, options[1:])


def _where(scene: Scene, name: str | None, colour: str | None) -> tuple[int, ...]:
    return tuple(
        index
        for index, thing in enumerate(scene.things)
        if (name is None or thing.name == name) and (colour is None or thing.colour == colour)
    )


def _colour_word(rng: np.random.Generator, colour: str) -> str:
    return "grey" if colour == "gray" and rng.random() < 0.4 else colour


def _ask(scene: Scene, rng: np.random.Generator, world: World) -> SceneQuery:
    """A question about something that is there; there must be something."""
    coloured: list[Thing] = [thing for thing in scene.things if thing.colour]
    draw = rng.random()
    if draw < 0.12:
        text = _pick(rng, words.EVERYTHING[:4])
        text = text if text == "everything" else _decorate(rng, text)
        return SceneQuery(text, "everything", _where(scene, None, None))
    if coloured and draw < 0.66:
        thing = coloured[int(rng.integers(len(coloured)))]
        word = _colour_word(rng, thing.colour)
        if draw < 0.3 and scene.kind == "shapes":  # others have parts of more colours
            targets = _where(scene, None, thing.colour)
            noun = _pick(rng, ("shapes", "things", "objects", "items"))
            return SceneQuery(_decorate(rng, f"{word} {noun}"), "colour", targets)
        targets = _where(scene, thing.name, thing.colour)
        text = f"{word} {_say(rng, world, thing.name, len(targets))}"
        return SceneQuery(_decorate(rng, text), "colour+name", targets)
    if scene.kind == "shapes" and draw < 0.7:
        return SceneQuery(_decorate(rng, "shapes"), "everything", _where(scene, None, None))
    name = _pick(rng, sorted({thing.name for thing in scene.things}))
    targets = _where(scene, name, None)
    return SceneQuery(_decorate(rng, _say(rng, world, name, len(targets))), "name", targets)


def _ask_for_nothing(scene: Scene, rng: np.random.Generator, world: World) -> SceneQuery:
    coloured = [thing for thing in scene.things if thing.colour]
    if coloured and rng.random() < 0.5:
        return _ask_near_miss(scene, rng, world, coloured)
    return _ask_absent(scene, rng, world)


def _ask_absent(scene: Scene, rng: np.random.Generator, world: World) -> SceneQuery:
    """A thing that is not there, usually one that could be; no words if everything is there."""
    present = {thing.name for thing in scene.things}
    present |= {other for name in present for other in world.look_alikes.get(name, ())}
    pool = world.kinds[scene.kind] if rng.random() < 0.75 else world.strangers[scene.kind]
    for names in (pool, world.strangers[scene.kind], world.kinds[scene.kind]):
        if options := [name for name in names if name not in present]:
            break
    else:
        return SceneQuery("", "absent", ())
    name = _pick(rng, options)
    text = _say(rng, world, name, 2)
    if scene.kind == "shapes" and rng.random() < 0.5 and any(t.colour for t in scene.things):
        text = f"{_pick(rng, words.COLOURS)} {text}"
    return SceneQuery(_decorate(rng, text), "absent", ())


def _ask_near_miss(
    scene: Scene, rng: np.random.Generator, world: World, coloured: list[Thing]
) -> SceneQuery:
    """The right name with a wrong colour, or the right colour with a wrong name."""
    name = coloured[int(rng.integers(len(coloured)))].name
    colours = [colour for colour in words.COLOURS if not _where(scene, name, colour)]
    present = [colour for colour in colours if _where(scene, None, colour)]
    colour = _pick(rng, present if present and rng.random() < 0.7 else colours)
    text = f"{_colour_word(rng, colour)} {_say(rng, world, name, 2)}"
    return SceneQuery(_decorate(rng, text), "near-miss", ())


def ask_about(
    scene: Scene, rng: np.random.Generator, count: int, world: World = DRAWN
) -> list[SceneQuery]:
    """So many different questions about a scene (fewer if it does not give that many).

    One in six is about something that is not there, and all if nothing is. None is about what is
    doubtful. Questions with
    different answers are preferred; another wording of one follows if they run out.
    """
    if scene.queries or scene.kind not in world.kinds:
        return list(scene.queries[:count])  # a window of a screen may give none
    asked: dict[str, SceneQuery] = {}
    answers: set[tuple[int, ...]] = {()}
    for _ in range(count):
        ask = _ask if scene.things and rng.random() >= _ABSENT else _ask_for_nothing
        tries = [
            query
            for query in (ask(scene, rng, world) for _ in range(6))
            if query.text
            and query.text not in asked
            and not any(scene.things[index].doubtful for index in query.targets)
        ]
        if tries:
            query = next((query for query in tries if query.targets not in answers), tries[0])
            asked[query.text] = query
            answers.add(query.targets)
    return list(asked.values())
