"""Look, aim, ask the policy, make sure that nothing moved, act, see what happened."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self

from molmo_point.points import Point
from molmo_point_adapters.screen.action import Action, Kind
from molmo_point_adapters.screen.action_log import ActionLog
from molmo_point_adapters.screen.aim import Aim, Target, choose
from molmo_point_adapters.screen.finder import Finder
from molmo_point_adapters.screen.outcome import Outcome, Status
from molmo_point_adapters.screen.pace import Pace
from molmo_point_adapters.screen.policy import Policy, decide
from molmo_point_adapters.screen.second_look import look_again
from molmo_point_adapters.screen.stillness import is_same, wait_until_still
from molmo_point_adapters.screen.surface import Effect, Look, Surface

__all__ = ["ScreenPointer", "Where"]

Where = str | tuple[float, float]
"""A query, or a place (x, y) in pixels of the last picture that `look` gave."""

_REACH = 8.0  # input pixels by which a point may miss an element
_INSET = 4.0  # input pixels from an element's edge, where it is large enough
_LOOKS = 2  # the screen may change under the first
_SETTLE_S = 1.0  # until something has to be seen of an action
_SAME_PLACE = 8.0  # input pixels


class ScreenPointer:
    """Points at things on a screen and acts on them, as far as a policy allows.

    As a context manager it lets go of the screen at the end.

    Args:
        surface: the screen.
        pointer: the model; by default the embedded one, reading text if that extra is installed.
        policy: what is allowed; by default nothing: dry runs.
        log: a folder for a log of all actions, with pictures.
    """

    def __init__(
        self,
        surface: Surface,
        pointer: Finder | None = None,
        *,
        policy: Policy | None = None,
        log: str | Path | None = None,
    ) -> None:
        self.surface = surface
        self.policy = policy or Policy()
        self._pointer = pointer
        self._log = None if log is None else ActionLog(log)
        self._pace = Pace(self.policy.min_interval, self.policy.per_minute)
        self._seen: Look | None = None
        self._shown: dict[str, Aim] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.surface.close()

    @property
    def pointer(self) -> Finder:
        """The model, which is loaded when it is first needed."""
        if self._pointer is None:
            from importlib.util import find_spec

            from molmo_point import Pointer

            self._pointer = Pointer(ocr=find_spec("rapidocr") is not None)
        return self._pointer

    @property
    def seen(self) -> Look | None:
        """The last look; None before the first, and after an action."""
        return self._seen

    def look(self) -> Look:
        """A picture of the screen, once it has come to rest."""
        self._seen = wait_until_still(self.surface.look)
        return self._seen

    def aim(self, where: Where, *, number: int | None = None) -> Aim:
        """Find the place that is meant, and do nothing.

        Args:
            where: a query, or a place in the last picture.
            number: which of the candidates of an earlier aim, from 1.

        Raises:
            QueryError: the query is empty or not understood, or there is no such candidate.
        """
        look = self.look() if isinstance(where, str) or self._seen is None else self._seen
        return self._aim(look, where, number)

    def act(self, kind: Kind, where: Where, *, number: int | None = None) -> Outcome:
        """Click, double click, right click or hover; see `click`."""
        return self._act(kind, where, number=number)

    def click(self, where: Where, *, number: int | None = None) -> Outcome:
        """Click the left button.

        Args:
            where: a query, or a place in the last picture that `look` gave.
            number: which of the candidates of an earlier answer, from 1.

        Raises:
            QueryError: the query is empty or not understood, or there is no such candidate.
        """
        return self._act("click", where, number=number)

    def double_click(self, where: Where, *, number: int | None = None) -> Outcome:
        """Click twice; see `click`."""
        return self._act("double click", where, number=number)

    def right_click(self, where: Where, *, number: int | None = None) -> Outcome:
        """Click the right button; see `click`."""
        return self._act("right click", where, number=number)

    def hover(self, where: Where, *, number: int | None = None) -> Outcome:
        """Move there; see `click`."""
        return self._act("hover", where, number=number)

    def drag(self, where: Where, to: Where, *, number: int | None = None) -> Outcome:
        """Press at one place, move to another, let go; see `click`.

        Args:
            where: a query or a place in the last picture.
            to: the same.
            number: which candidate for `where` is meant.
        """
        return self._act("drag", where, to=to, number=number)

    def type_into(self, where: Where, text: str, *, number: int | None = None) -> Outcome:
        """Click, then type; without line breaks, which would submit. See `click`."""
        return self._act("type", where, number=number, text=text)

    def scroll(self, down: float, *, right: float = 0.0, where: Where | None = None) -> Outcome:
        """Turn the wheel over a place, by default the middle of what is shown; see `click`.

        Args:
            down: how far, input pixels; negative is up.
            right: the same to the right.
            where: a query or a place in the last picture.
        """
        if where is None:
            width, height = self.look().image_size
            where = (width / 2, height / 2)
        return self._act("scroll", where, by=(right, down))

    def question(self, kind: Kind, where: Where, *, number: int | None = None) -> str | None:
        """What a person would be asked before this action, and nothing is done; None if nothing."""
        look = self.look() if isinstance(where, str) or self._seen is None else self._seen
        shown = dict(self._shown)
        aim = self._aim(look, where, number)
        self._shown = shown  # numbers stay those of what was shown
        if aim.target is None:
            return None
        text = "..." if kind == "type" else None
        outcome = Outcome("done", "", aim, look, Action(kind, aim.target.place, text=text))
        answer, reason = self._decide(outcome)
        return reason if answer == "ask" else None

    def _aim(self, look: Look, where: Where, number: int | None = None) -> Aim:
        if not isinstance(where, str):
            place = look.to_input(*where)
            element = self.surface.element_at(place, reach=0)
            return Aim(f"({where[0]:g}, {where[1]:g})", (Target(place, where, None, element),), 0)
        targets = [self._target(look, point) for point in self.pointer.point(look.image, where)]
        limits = (self.policy.min_confidence, self.policy.min_lead)
        aim = choose(where, targets, min_confidence=limits[0], min_lead=limits[1], number=number)
        shown = self._shown.get(where)
        if number is not None and shown is not None and not _is_same_choice(shown, aim):
            reason = "The screen has changed since the candidates were shown: look at them again."
            return replace(aim, chosen=None, reason=reason)
        self._shown[where] = aim
        return self._refine(look, aim)

    def _target(self, look: Look, point: Point) -> Target:
        """A point, drawn onto the element that it means."""
        place = look.to_input(point.x, point.y)
        element = self.surface.element_at(place, reach=_REACH)
        if element is not None and element.interactive:
            drawn = element.box.nearest(place, inset=_INSET)
            if drawn != place:
                there = self.surface.element_at(drawn, reach=0)
                if element.is_same(there):
                    place = drawn
                else:
                    element = self.surface.element_at(place, reach=0)
        return Target(place, look.to_image(place), point.confidence, element)

    def _refine(self, look: Look, aim: Aim) -> Aim:
        """Look again at the one that is meant if no element says how far it goes."""
        target = aim.target
        if target is None or (target.element is not None and target.element.interactive):
            return aim
        first = Point(*target.xy, confidence=target.confidence)
        refined = self._target(look, look_again(self.pointer, look.image, aim.query, first))
        chosen = enumerate(aim.candidates)
        return replace(
            aim, candidates=tuple(refined if i == aim.chosen else one for i, one in chosen)
        )

    def _act(
        self,
        kind: Kind,
        where: Where,
        *,
        number: int | None = None,
        to: Where | None = None,
        text: str | None = None,
        by: tuple[float, float] | None = None,
    ) -> Outcome:
        for _ in range(_LOOKS):
            keep = not isinstance(where, str) and self._seen is not None
            look = self._seen if keep and self._seen is not None else self.look()
            aim = self._aim(look, where, number)
            end = None if to is None else self._aim(look, to)
            outcome = self._prepare(kind, look, aim, end, text=text, by=by)
            if outcome.status != "done":
                return self._finish(outcome)
            before = self.surface.look()
            if all(self._is_unchanged(look, before, one) for one in (aim, end) if one is not None):
                return self._perform(outcome, before)
            if not isinstance(where, str):
                break
        reason = "The screen changed between the look and the click: look again."
        return self._finish(replace(outcome, status="refused", reason=reason))

    def _prepare(
        self,
        kind: Kind,
        look: Look,
        aim: Aim,
        end: Aim | None,
        *,
        text: str | None,
        by: tuple[float, float] | None,
    ) -> Outcome:
        """The outcome as it would be: "done" stands for "nothing is against it"."""
        target, target_end = aim.target, None if end is None else end.target
        if target is None or (end is not None and target_end is None):
            missing = aim if target is None or end is None else end
            return Outcome("refused", missing.reason, missing, look, end=end)
        to = None if target_end is None else target_end.place
        action = Action(kind, target.place, to, text, by)
        outcome = Outcome("done", "", aim, look, action, end)
        verdict = self._decide(outcome)
        if verdict[0] == "ask":
            if self.policy.ask is None:
                reason = f"{verdict[1]} Nobody is there to ask: see Policy(ask=...)."
                return replace(outcome, status="refused", reason=reason)
            if not self.policy.ask(verdict[1]):
                return replace(outcome, status="refused", reason=f"{verdict[1]} The answer is no.")
        elif verdict[0] != "yes":
            status: Status = "dry run" if verdict[0] == "dry run" else "refused"
            return replace(outcome, status=status, reason=verdict[1])
        if too_fast := self._pace.wait():
            return replace(outcome, status="refused", reason=too_fast)
        return outcome

    def _decide(self, outcome: Outcome) -> tuple[str, str]:
        assert outcome.action is not None
        aims = [aim for aim in (outcome.aim, outcome.end) if aim is not None]
        elements = tuple(aim.target.element for aim in aims if aim.target is not None)
        known = {element.origin for element in elements if element is not None}
        page = outcome.look.origin
        origins = known | {page} if page is not None else known or {""}
        verdict = decide(
            self.policy,
            outcome.action,
            query=" / ".join(aim.query for aim in aims),
            elements=elements,
            origins=tuple(sorted(origins)),
            person_at=self.surface.person_at(),
        )
        return verdict.answer, verdict.reason

    def _is_unchanged(self, look: Look, now: Look, aim: Aim) -> bool:
        """Whether what was aimed at is still there."""
        target = aim.target
        assert target is not None
        if now.frame != look.frame or now.origin != look.origin:
            return False
        element = target.element
        if element is not None and not element.is_same(
            self.surface.element_at(target.place, reach=0)
        ):
            return False
        if element is not None and element.interactive:
            return True
        return is_same(look.image, now.image, around=target.xy)

    def _perform(self, outcome: Outcome, before: Look) -> Outcome:
        assert outcome.action is not None
        answer, reason = self._decide(outcome)  # the person may have moved meanwhile
        if answer == "no":
            return self._finish(replace(outcome, status="refused", reason=reason))
        self._pace.note()
        self._seen = None
        done = replace(outcome, reason="The screen went away before anything was seen.")
        after = None
        try:
            effect = self.surface.perform(outcome.action, outcome.element)
            after, signs = self._watch(before, effect)
            done = _with_signs(outcome, effect, signs)
        finally:
            self._finish(done, after)
        return done

    def _watch(self, before: Look, effect: Effect) -> tuple[Look, tuple[str, ...]]:
        """Wait for something to be seen of an action."""
        end = time.monotonic() + (0.0 if effect.signs else _SETTLE_S)
        while True:
            after = self.surface.look()
            if not is_same(before.image, after.image):
                return after, (*effect.signs, "picture")
            if time.monotonic() >= end:
                return after, effect.signs
            time.sleep(0.05)

    def _finish(self, outcome: Outcome, after: Look | None = None) -> Outcome:
        if self._log is not None:
            self._log.write(outcome, None if after is None else after.image)
        return outcome


def _with_signs(outcome: Outcome, effect: Effect, signs: tuple[str, ...]) -> Outcome:
    reason = "" if signs else "Nothing was seen to happen."
    status: Status = "done"
    if effect.landed is False:
        status, reason = "refused", "The event did not reach what was aimed at."
    return replace(outcome, status=status, reason=reason, landed=effect.landed, signs=signs)


def _is_same_choice(shown: Aim, now: Aim) -> bool:
    """Whether a number means the same candidate in both."""
    if now.chosen is None or now.chosen >= len(shown.candidates):
        return False
    then, target = shown.candidates[now.chosen], now.candidates[now.chosen]
    if then.element is not None and then.element.interactive:
        return then.element.is_same(target.element)
    return all(abs(a - b) <= _SAME_PLACE for a, b in zip(then.place, target.place, strict=True))
