"""Computer use as two families of models speak it: their tool, and the actions they send.

Anthropic's: `{"action": "left_click", "coordinate": [x, y]}`, tool `computer_20250124`.
OpenAI's: `{"type": "click", "x": x, "y": y, "button": "left"}`, tool `computer_use_preview`.
Coordinates are pixels of the last screenshot. Names and fields: their public API references.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from molmo_point.errors import QueryError
from molmo_point_adapters.agents.screen_tools import Done, ScreenTools
from molmo_point_adapters.screen.action import Press

__all__ = ["ComputerUse", "Request", "Step", "read_action"]

_NOTCH = 100.0  # pixels to a step of Anthropic's scroll_amount
_LONGEST_WAIT_S = 10.0
_PRESSES: dict[str, Press] = {
    "left_click": "left", "right_click": "right", "double_click": "double", "mouse_move": "none",
    "move": "none",
}  # fmt: skip
_DIRECTIONS = {"up": (0.0, -1.0), "down": (0.0, 1.0), "left": (-1.0, 0.0), "right": (1.0, 0.0)}

Spot = tuple[float, float]
"""(x, y) in pixels of the last screenshot."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a model wants, whichever way it said so.

    Attributes:
        kind: what.
        at: where; for typing None means where it clicked last.
        to: where a drag ends.
        press: which button of a click.
        text: what is typed.
        by: how far a wheel turns, pixels to the right and down.
        seconds: how long to wait.
    """

    kind: Literal["look", "wait", "click", "drag", "scroll", "type"]
    at: Spot | None = None
    to: Spot | None = None
    press: Press = "left"
    text: str = ""
    by: Spot = (0.0, 0.0)
    seconds: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """What the model gets back.

    Attributes:
        done: what came of an action; None if it only looked or waited.
        screenshot: what the screen shows now, uint8 [H, W, 3] RGB.
    """

    done: Done | None
    screenshot: NDArray[np.uint8]


def read_action(action: Mapping[str, Any]) -> Request:
    """An action in either family's shape.

    Raises:
        QueryError: it is none that can be done here; keys are not pressed.
    """
    name = str(action.get("action", action.get("type", "")))
    if name == "screenshot":
        return Request("look")
    if name == "wait":
        seconds = _number(action, "duration", 1.0)
        return Request("wait", seconds=min(max(seconds, 0.0), _LONGEST_WAIT_S))
    if name == "type":
        at = _spot(action) if {"coordinate", "x"} & action.keys() else None
        return Request("type", at=at, text=str(action.get("text", "")))
    if name == "left_click_drag":
        return Request("drag", at=_spot(action, "start_coordinate"), to=_spot(action))
    if name == "drag":
        path = list(action.get("path") or ())
        if len(path) < 2:
            raise QueryError(f"A drag has a path of two places at least, got {path}.")
        return Request("drag", at=_spot(path[0]), to=_spot(path[-1]))
    if name == "scroll":
        return Request("scroll", at=_spot(action), by=_distance(action))
    if name == "click" and action.get("button", "left") in ("left", "right"):
        return Request("click", at=_spot(action), press=action.get("button", "left"))
    if name in _PRESSES:
        return Request("click", at=_spot(action), press=_PRESSES[name])
    raise QueryError(f"This cannot be done here: {dict(action)!r:.200}.")


def _spot(action: Any, name: str = "coordinate") -> Spot:
    try:
        pair = (action["x"], action["y"]) if "x" in action else action[name]
        x, y = (float(value) for value in pair)
    except (KeyError, TypeError, ValueError) as error:
        raise QueryError(f"A place is two numbers, got {action!r:.200}.") from error
    return x, y


def _number(action: Mapping[str, Any], name: str, default: float) -> float:
    value = action.get(name, default)
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise QueryError(f'"{name}" is a number, got {value!r:.80}.') from error


def _distance(action: Mapping[str, Any]) -> Spot:
    if "scroll_direction" not in action:
        return _number(action, "scroll_x", 0.0), _number(action, "scroll_y", 0.0)
    direction = _DIRECTIONS.get(str(action["scroll_direction"]))
    if direction is None:
        raise QueryError(f"A scroll goes {', '.join(_DIRECTIONS)}, got {dict(action)!r:.200}.")
    far = _number(action, "scroll_amount", 3.0) * _NOTCH
    return direction[0] * far, direction[1] * far


class ComputerUse:
    """A screen as the "computer" of a model that knows computer use.

    Args:
        tools: the screen, and the policy that binds every action.
    """

    def __init__(self, tools: ScreenTools) -> None:
        self._tools = tools
        self._last: Spot | None = None
        height, width = tools.screenshot().shape[:2]
        self.size = (width, height)

    def anthropic_tool(self) -> dict[str, Any]:
        """The tool's entry of a request to Anthropic's Messages API."""
        width, height = self.size
        return {
            "type": "computer_20250124",
            "name": "computer",
            "display_width_px": width,
            "display_height_px": height,
        }

    def openai_tool(self, environment: str = "browser") -> dict[str, Any]:
        """The tool's entry of a request to OpenAI's Responses API."""
        width, height = self.size
        return {
            "type": "computer_use_preview",
            "display_width": width,
            "display_height": height,
            "environment": environment,
        }

    def do(self, action: Mapping[str, Any], *, approved: str | None = None) -> Step:
        """Do what a model asks, as far as the policy allows, and look.

        Args:
            action: in either shape.
            approved: see `ScreenTools.click`.

        Raises:
            QueryError: it cannot be done here.
        """
        request = read_action(action)
        done: Done | None = None
        if request.kind == "wait":
            time.sleep(request.seconds)
        elif request.kind != "look":
            done = self._act(request, approved)
        return Step(done, self._tools.screenshot())

    def _act(self, request: Request, approved: str | None) -> Done:
        at = request.at or self._last
        if at is None:
            raise QueryError("Where to type? Click on the field first.")
        if request.kind in ("drag", "scroll"):
            self._last = None  # what was clicked may have moved
        if request.kind == "drag":
            assert request.to is not None
            return self._tools.drag(at, request.to, approved=approved)
        if request.kind == "scroll":
            right, down = request.by
            return self._tools.scroll(down, right=right, x=at[0], y=at[1])
        if request.kind == "type" or request.press in ("left", "double"):
            self._last = at
        if request.kind == "type":
            return self._tools.type_text(request.text, x=at[0], y=at[1], approved=approved)
        return self._tools.click(x=at[0], y=at[1], button=request.press, approved=approved)
