"""What questions and answers are said in: standard interfaces, or those of molmo_point_msgs.

No standard interface carries words to a camera, so two that every rclpy has are taken by their
shape (`StandardWording`). Where the package molmo_point_msgs was built, its own are served beside
(`OwnWording`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters

from molmo_point import Point
from molmo_point_adapters.ros2 import messages
from molmo_point_adapters.ros2.interfaces import find_interfaces
from molmo_point_adapters.ros2.sighting import Sighting

__all__ = ["OwnWording", "Reply", "StandardWording", "Wording", "find_wordings"]


@dataclass(frozen=True, slots=True)
class Reply:
    """What came of one question: what was seen, or why there is no answer.

    Attributes:
        query: in words.
        sighting: what was seen; None if there is no answer.
        error: why there is none; "" if there is one.
    """

    query: str
    sighting: Sighting | None = None
    error: str = ""


class Wording(Protocol):
    """A service for questions that are answered whole, and an action for one by one.

    Attributes:
        service: its type.
        service_name: its name, below the node's.
        action: its type; None if its package is not here.
        action_name: its name, below the node's.
    """

    service: Any
    service_name: str
    action: Any | None
    action_name: str

    def to_queries(self, request: Any) -> list[str]:
        """What a call of the service asks; "" or none at all: what the node points at."""
        ...

    def to_response(self, response: Any, replies: Sequence[Reply]) -> Any:
        """The answer to a call, one reply to each of its queries."""
        ...

    def to_goal(self, goal: Any) -> tuple[str, int]:
        """What a goal asks ("": what the node points at), and how many points are enough."""
        ...

    def to_feedback(self, points: Sequence[Point]) -> Any:
        """The points so far."""
        ...

    def to_result(self, reply: Reply) -> Any:
        """The end of a goal."""
        ...


class StandardWording:
    """`rcl_interfaces/srv/GetParameters` and `test_msgs/action/Fibonacci`.

    - `~/ask`: names in, values out. The names are what to look for, the values what was found, each
      a string of JSON.
    - `~/find`: the one action that is made as a wheel. The goal's `order` is how many points at
      most, 0 for all; feedback and result are the pixels so far, rounded down: x0, y0, x1, y1, ...
      It looks for the node's `query`.
    """

    service = GetParameters
    service_name = "~/ask"
    action_name = "~/find"

    def __init__(self) -> None:
        actions = find_interfaces("test_msgs", "action")
        self.action: Any | None = None if actions is None else actions.Fibonacci

    def to_queries(self, request: GetParameters.Request) -> list[str]:
        """See `Wording`."""
        return list(request.names)

    def to_response(
        self, response: GetParameters.Response, replies: Sequence[Reply]
    ) -> GetParameters.Response:
        """See `Wording`."""
        response.values = [
            ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=_to_json(reply))
            for reply in replies
        ]
        return response

    def to_goal(self, goal: Any) -> tuple[str, int]:
        """See `Wording`."""
        return "", goal.order

    def to_feedback(self, points: Sequence[Point]) -> Any:
        """See `Wording`."""
        assert self.action is not None
        return self.action.Feedback(sequence=_to_numbers(points))

    def to_result(self, reply: Reply) -> Any:
        """See `Wording`."""
        assert self.action is not None
        seen = reply.sighting
        return self.action.Result(sequence=[] if seen is None else _to_numbers(seen.points))


class OwnWording:
    """Those of molmo_point_msgs: its `srv/Point` as `~/point`, its `action/Stream` as `~/stream`.

    Raises:
        ImportError: the package is not here.
    """

    service_name = "~/point"
    action_name = "~/stream"

    def __init__(self) -> None:
        self._kinds = import_module("molmo_point_msgs.msg")
        self.service = import_module("molmo_point_msgs.srv").Point
        self.action = import_module("molmo_point_msgs.action").Stream

    def to_queries(self, request: Any) -> list[str]:
        """See `Wording`."""
        return list(request.queries)

    def to_response(self, response: Any, replies: Sequence[Reply]) -> Any:
        """See `Wording`."""
        response.sightings = [self._to_message(reply) for reply in replies]
        return response

    def to_goal(self, goal: Any) -> tuple[str, int]:
        """See `Wording`."""
        return goal.query, goal.limit

    def to_feedback(self, points: Sequence[Point]) -> Any:
        """See `Wording`."""
        found = [messages.to_found_point(point, self._kinds) for point in points]
        return self.action.Feedback(points=found)

    def to_result(self, reply: Reply) -> Any:
        """See `Wording`."""
        return self.action.Result(sighting=self._to_message(reply))

    def _to_message(self, reply: Reply) -> Any:
        if reply.sighting is None:
            return self._kinds.Sighting(query=reply.query, error=reply.error)
        return messages.to_sighting(reply.sighting, self._kinds)


def find_wordings() -> list[Wording]:
    """The standard one; our own as well where molmo_point_msgs was built."""
    if find_interfaces("molmo_point_msgs", "msg") is None:
        return [StandardWording()]
    return [StandardWording(), OwnWording()]


def _to_json(reply: Reply) -> str:
    if reply.sighting is not None:
        return reply.sighting.to_json()
    return json.dumps({"query": reply.query, "error": reply.error}, ensure_ascii=False)


def _to_numbers(points: Sequence[Point]) -> list[int]:
    """x0, y0, x1, y1, ...: the pixels that the points lie in."""
    return [math.floor(value) for point in points for value in (point.x, point.y)]
