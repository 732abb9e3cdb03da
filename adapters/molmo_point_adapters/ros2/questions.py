"""One-shot questions: a service and an action, of interfaces that every rclpy has.

No standard interface carries words to a camera, so two are taken by their shape:

- `~/ask`, `rcl_interfaces/srv/GetParameters`: names in, values out. The names are what to look for,
  the values what was found, each a string of JSON.
- `~/find`, `test_msgs/action/Fibonacci`: the one action that is made as a wheel. The goal's `order`
  is how many points at most, 0 for all; feedback and result are the pixels so far, rounded down:
  x0, y0, x1, y1, ... It looks for the node's `query`.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import GetParameters
from rclpy.action.server import ActionServer, CancelResponse, GoalResponse, ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.lifecycle import LifecycleNode
from rclpy.task import Future as Awaited

from molmo_point import Point
from molmo_point.errors import MolmoPointError
from molmo_point_adapters.ros2.inbox import Ask
from molmo_point_adapters.ros2.settings import Settings
from molmo_point_adapters.ros2.sighting import Sighting

__all__ = ["Questions"]

_AT_ONCE = 32  # questions a call


class Questions:
    """Takes questions for the node and gives back what the watcher answers.

    Args:
        node: serves.
        settings: the parameters as they are now.
        ask: hands a question to the watcher; raises a MolmoPointError while there is none.
    """

    def __init__(
        self,
        node: LifecycleNode,
        settings: Callable[[], Settings],
        ask: Callable[[Ask[Sighting]], None],
    ) -> None:
        self._node, self._settings, self._ask = node, settings, ask
        node.create_service(
            GetParameters, "~/ask", self._serve, callback_group=ReentrantCallbackGroup()
        )
        self._answers: dict[bytes, Future[Sighting]] = {}
        self._action: ActionServer[Any, Any, Any] | None = None
        if find_spec("test_msgs") is None:
            node.get_logger().info("There is no action ~/find: the package test_msgs is not here.")
            return
        self._kind = import_module("test_msgs.action").Fibonacci
        self._action = ActionServer(
            node,
            self._kind,
            "~/find",
            execute_callback=self._finish,
            goal_callback=self._judge,
            handle_accepted_callback=self._begin,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
        )

    def close(self) -> None:
        """Take the action down; the service goes with the node."""
        if self._action is not None:
            self._action.destroy()

    def _deadline(self) -> float:
        return time.monotonic() + self._settings().patience

    async def _serve(
        self, request: GetParameters.Request, response: GetParameters.Response
    ) -> GetParameters.Response:
        queries = list(request.names) or [self._settings().query]
        texts = [json.dumps({"error": f"At most {_AT_ONCE} questions a call, got {len(queries)}."})]
        if len(queries) <= _AT_ONCE:
            asks = [Ask[Sighting](query, self._deadline()) for query in queries]
            self._hand_over(asks)
            texts = [await self._reply(ask) for ask in asks]
        response.values = [
            ParameterValue(type=ParameterType.PARAMETER_STRING, string_value=text) for text in texts
        ]
        return response

    def _hand_over(self, asks: list[Ask[Sighting]]) -> None:
        for ask in asks:
            try:
                self._ask(ask)
            except MolmoPointError as error:
                ask.answer.set_exception(error)

    async def _reply(self, ask: Ask[Sighting]) -> str:
        await self._is_answered(ask)
        try:
            return ask.answer.result().to_json()
        except MolmoPointError as error:
            return json.dumps({"query": ask.query, "error": str(error)}, ensure_ascii=False)

    def _is_answered(self, ask: Ask[Sighting]) -> Awaited[None]:
        """Done when the watcher's thread has answered; until then the executor does other work."""
        executor = self._node.executor
        answered: Awaited[None] = Awaited(executor=executor)

        def tell(answer: Future[Sighting]) -> None:
            answered.set_result(None)
            if executor is not None:
                executor.wake()

        ask.answer.add_done_callback(tell)
        return answered

    def _judge(self, goal: Any) -> GoalResponse:
        return GoalResponse.ACCEPT if goal.order >= 0 else GoalResponse.REJECT

    def _begin(self, goal: ServerGoalHandle[Any, Any, Any]) -> None:
        def follow(points: Sequence[Point]) -> None:
            goal.publish_feedback(self._kind.Feedback(sequence=_to_numbers(points)))

        ask = Ask[Sighting](
            self._settings().query,
            self._deadline(),
            limit=goal.request.order,
            progress=follow,
            is_cancelled=lambda: goal.is_cancel_requested,
        )
        self._answers[bytes(goal.goal_id.uuid)] = ask.answer
        ask.answer.add_done_callback(lambda answer: goal.execute())
        self._hand_over([ask])

    def _finish(self, goal: ServerGoalHandle[Any, Any, Any]) -> Any:
        answer = self._answers.pop(bytes(goal.goal_id.uuid))
        result = self._kind.Result()
        error = answer.exception()
        if error is None:
            result.sequence = _to_numbers(answer.result().points)
        if goal.is_cancel_requested:
            goal.canceled()
        elif error is None:
            goal.succeed()
        else:
            self._node.get_logger().warning(f"~/find: {error}")
            goal.abort()
        return result


def _to_numbers(points: Sequence[Point]) -> list[int]:
    """x0, y0, x1, y1, ...: the pixels that the points lie in."""
    return [math.floor(value) for point in points for value in (point.x, point.y)]
