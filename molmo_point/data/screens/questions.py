"""Questions about a screen, with the elements that answer them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from molmo_point.data.scenes import SceneQuery
from molmo_point.data.screens.concepts import CONCEPTS
from molmo_point.data.screens.elements import Element, Screen
from molmo_point.data.screens.matching import Want, find, is_labelled, is_there, line_of
from molmo_point.data.screens.words import COLOURS, INTENT_ROLES, NOUNS, ORDINALS, STATES

__all__ = ["SCREEN_QUERY_KINDS", "ask_about_screen"]

_Question = tuple[str, tuple[int, ...], str] | None  # words, targets, kind

_COUNTED = (
    "button", "link", "field", "checkbox", "radio", "switch", "slider", "dropdown", "tab",
    "menu item", "badge", "picture", "avatar", "progress bar",
)  # fmt: skip
_NAMED = (*_COUNTED, "heading", "text", "icon")
_COLOURED = ("button", "badge", "icon", "avatar", "link")
_SWAPPED = ("link", "checkbox", "slider", "switch", "tab", "dropdown", "badge", "button")


class _Asker:
    """Makes questions of each kind about one screen; None where it finds no exact one."""

    def __init__(self, screen: Screen, rng: np.random.Generator) -> None:
        self.screen = screen
        self.elements = screen.elements
        self.rng = rng

    def _pick(self, options: tuple[str, ...] | list[str]) -> str:
        return str(options[int(self.rng.integers(len(options)))])

    def _noun(self, role: str, *, many: bool) -> str:
        nouns = NOUNS[role]
        first = self.rng.random() < 0.65
        return (nouns[0] if first else nouns[int(self.rng.integers(len(nouns)))])[many]

    def _any(self, roles: tuple[str, ...], *, concept: bool = False) -> Element | None:
        """One of the whole elements of these roles; every role is as likely."""
        fitting = [
            element for element in self.elements
            if element.whole and element.role in roles and (element.concept or not concept)
        ]  # fmt: skip
        if not fitting:
            return None
        role = self._pick(sorted({element.role for element in fitting}))
        fitting = [element for element in fitting if element.role == role]
        return fitting[int(self.rng.integers(len(fitting)))]

    def _say(self, want: Want, count: int = 1) -> str:
        """A role with its concept, colour and row, in words."""
        name = want.concept
        if want.role == "icon" and name:
            name = self._pick(CONCEPTS[name].looks or (name,))
        elif want.role == "button" and name and self._only_drawn(want):
            name = self._pick((name, *CONCEPTS[name].looks))
        many = count > 1 or (count == 1 and bool(self.rng.random() < 0.15))
        parts = (want.colour, name, self._noun(want.role, many=many))
        return " ".join(part for part in parts if part)

    def _only_drawn(self, want: Want) -> bool:
        """Buttons of a concept that have an icon and no label."""
        numbers = find(self.elements, want) or ()
        return bool(numbers) and not any(self.elements[number].text for number in numbers)

    def name(self) -> _Question:
        """By text, by translated text or by icon: which one, its screen decides."""
        element = self._any(_NAMED, concept=True)
        if element is None:
            return None
        want = Want(element.role, element.concept)
        targets = find(self.elements, want)
        if not targets or not is_labelled(self.elements, targets):
            return None
        drawn = element.role == "icon" or (element.role == "button" and self._only_drawn(want))
        same_everywhere = len(CONCEPTS[element.concept].labels) == 1
        english = self.screen.language == "en" or same_everywhere
        kind = "icon" if drawn else "text" if english else "translated"
        return self._say(want, len(targets)), targets, kind

    def role(self) -> _Question:
        element = self._any(_COUNTED)
        if element is None:
            return None
        targets = find(self.elements, Want(element.role))
        if not targets:
            return None
        single = len(targets) == 1 and self.rng.random() < 0.6
        noun = self._noun(element.role, many=not single)
        return noun, targets, "role" if single else "count"

    def colour(self) -> _Question:
        fitting = {
            (element.role, element.colours[0])
            for element in self.elements
            if element.whole and element.role in _COLOURED and len(element.colours) == 1
            and element.colours[0] in COLOURS
        }  # fmt: skip
        if not fitting:
            return None
        role, colour = sorted(fitting)[int(self.rng.integers(len(fitting)))]
        targets = find(self.elements, Want(role, colour=colour))
        if not targets:
            return None
        return f"{colour} {self._noun(role, many=len(targets) > 1)}", targets, "colour"

    def state(self) -> _Question:
        fitting = {
            (element.role, state)
            for element in self.elements if element.whole
            for state in element.states if (element.role, state) in STATES
        }  # fmt: skip
        if not fitting:
            return None
        role, state = sorted(fitting)[int(self.rng.integers(len(fitting)))]
        targets = find(self.elements, Want(role, state=state))
        if not targets:
            return None
        return self._in_state(role, state, len(targets)), targets, "state"

    def _in_state(self, role: str, state: str, count: int) -> str:
        many = count > 1
        pattern = self._pick(STATES[role, state])
        verb = "are" if many else "is"
        return pattern.format(noun=self._noun(role, many=many), verb=verb)

    def position(self) -> _Question:
        element = self._any(_COUNTED)
        if element is None:
            return None
        concept = element.concept if self.rng.random() < 0.6 else ""
        want = Want(element.role, concept)
        targets = find(self.elements, want)
        line = line_of([self.elements[number].box for number in targets or ()])
        if targets is None or line is None or not 2 <= len(targets) <= 8:
            return None
        if concept and not is_labelled(self.elements, targets):
            return None
        order, upright = line
        place = int(self.rng.integers(len(order)))
        options = [ORDINALS[place]] if place < len(ORDINALS) else []
        if place == 0:
            options.append("top" if upright else "leftmost")
        if place == len(order) - 1:
            options += ["last", "bottom" if upright else "rightmost"]
        if not options:
            return None
        words = f"{self._pick(options)} {self._say_one(want)}"
        return words, (targets[order[place]],), "position"

    def _say_one(self, want: Want) -> str:
        return f"{want.concept} {self._noun(want.role, many=False)}".strip()

    def row(self) -> _Question:
        element = self._any(
            ("button", "checkbox", "switch", "badge", "progress bar", "dropdown", "row", "avatar")
        )
        if element is None or not element.row or not is_there(self.elements, element.row):
            return None
        named = element.role in ("button", "badge", "dropdown")
        want = Want(element.role, element.concept if named else "", row=element.row)
        targets = find(self.elements, want)
        if not targets or len(targets) != 1:
            return None
        if element.role == "row":
            return self._pick((f"{element.row} row", f"row of {element.row}")), targets, "row"
        said = f"{want.concept} {self._noun(want.role, many=False)}".strip()
        joined = self._pick(("of", "next to", "for"))
        return f"{said} {joined} {element.row}", targets, "row"

    def intent(self) -> _Question:
        element = self._any(INTENT_ROLES, concept=True)
        if element is None or not CONCEPTS[element.concept].intents:
            return None
        targets = find(self.elements, Want("", element.concept))
        if not targets or not is_labelled(self.elements, targets):
            return None
        return self._pick(CONCEPTS[element.concept].intents), targets, "intent"

    def absent(self) -> _Question:
        draw = self.rng.random()
        if draw < 0.25:
            role = self._pick(_COUNTED)
            want, words = Want(role), self._noun(role, many=True)
        elif draw < 0.45:
            concept = self._pick([key for key, known in CONCEPTS.items() if known.intents])
            want, words = Want("", concept), self._pick(CONCEPTS[concept].intents)
        else:
            family = self._pick(("action", "action", "sign", "field", "option", "place"))
            concept = self._pick([key for key, known in CONCEPTS.items() if known.family == family])
            role = self._role_of(family, drawn=bool(CONCEPTS[concept].looks))
            want = Want(role, concept)
            words = self._say(want)
        return (words, (), "absent") if find(self.elements, want) == () else None

    def _role_of(self, family: str, *, drawn: bool) -> str:
        roles = {
            "action": ("button", "button", "icon", "menu item"), "sign": ("icon", "button"),
            "field": ("field",), "option": ("checkbox", "switch"),
            "place": ("tab", "menu item", "link", "badge"),
        }[family]  # fmt: skip
        return self._pick([role for role in roles if drawn or role != "icon"])

    def near_miss(self) -> _Question:
        """What is there, in a colour, state, role or row that it does not have."""
        element = self._any(("button", "badge", "checkbox", "switch", "tab", "icon"))
        if element is None:
            return None
        role, draw = element.role, self.rng.random()
        if element.row and draw < 0.3 and role == "button":
            others = [key for key in CONCEPTS if CONCEPTS[key].family in ("person", "file")]
            row = self._pick(others)
            want = Want(role, element.concept, row=row)
            words = f"{self._say_one(want)} of {row}"
            if is_there(self.elements, row):
                return None
        elif role in _COLOURED and draw < 0.65:
            want = Want(role, element.concept, colour=self._pick(COLOURS))
            words = self._say(want)
        elif element.states and draw < 0.85:
            states = [state for kind, state in STATES if kind == role]
            want = Want(role, state=self._pick(states))
            words = self._in_state(role, want.state, 2)
        elif element.concept and role != "icon":
            want = Want(self._pick([other for other in _SWAPPED if other != role]), element.concept)
            words = self._say_one(want)
        else:
            return None
        return (words, (), "near-miss") if find(self.elements, want) == () else None


_ASKERS: dict[str, tuple[Callable[[_Asker], _Question], float]] = {
    "name": (_Asker.name, 0.3),  # text, translated or icon
    "role": (_Asker.role, 0.12),  # role or count
    "colour": (_Asker.colour, 0.09),
    "state": (_Asker.state, 0.09),
    "position": (_Asker.position, 0.1),
    "row": (_Asker.row, 0.08),
    "intent": (_Asker.intent, 0.08),
    "absent": (_Asker.absent, 0.08),
    "near-miss": (_Asker.near_miss, 0.06),
}

SCREEN_QUERY_KINDS = (
    "text", "translated", "icon", "role", "count", "colour", "state", "position", "row", "intent",
    "absent", "near-miss",
)  # fmt: skip
"""Kinds of question. "translated" asks in English for what is labelled in another language."""


_INTENTS = frozenset(words for concept in CONCEPTS.values() for words in concept.intents)
_MOST_ABSENT = 0.3  # share of questions about something that is not there


def _decorate(rng: np.random.Generator, words: str, kind: str) -> str:
    """Sometimes with an article."""
    if words in _INTENTS:
        return words
    draw = rng.random()
    if draw < 0.2:
        return f"the {words}"
    return f"all {words}" if draw < 0.27 and kind == "count" else words


def ask_about_screen(screen: Screen, rng: np.random.Generator, count: int) -> list[SceneQuery]:
    """So many different questions about a screen (fewer if it does not give that many).

    A question is asked only if its answer is exact: nothing that is cut off, covered, of a colour
    in between, or easily taken for what is asked would change it.

    Args:
        screen: a page, or a window of one.
        rng: where chance comes from.
        count: of questions.

    Returns:
        Questions of `SCREEN_QUERY_KINDS`; targets are indices into `screen.elements`.
    """
    asker = _Asker(screen, rng)
    askers = [ask for ask, _ in _ASKERS.values()]
    shares = np.array([share for _, share in _ASKERS.values()])
    asked: dict[str, SceneQuery] = {}
    answers: set[tuple[int, ...]] = {()}
    for _ in range(12 * count):
        if len(asked) == count:
            break
        found = askers[int(rng.choice(len(askers), p=shares / shares.sum()))](asker)
        if found is None:
            continue
        words, targets, kind = found
        absent = sum(not query.targets for query in asked.values())
        if not targets and absent >= max(1.0, _MOST_ABSENT * count):
            continue
        again = targets in answers and targets != () and rng.random() < 0.7
        text = _decorate(rng, words, kind)
        if text not in asked and not again:
            asked[text] = SceneQuery(text, kind, targets)
            answers.add(targets)
    return list(asked.values())
