"""One-shot questions: services and actions that ask about the next image."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

from rclpy.action.server import ActionServer, CancelResponse, GoalResponse, ServerGoalHandle
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.lifecycle import LifecycleNode
from rclpy.task import Future as Awaited

from molmo_point import Point
from molmo_point.errors import MolmoPointError
from molmo_point_adapters.ros2.inbox import Ask
from molmo_point_adapters.ros2.settings import Settings
from molmo_point_adapters.ros2.sighting import Sighting
from molmo_point_adapters.ros2.wording import Reply, Wording

__all__ = ["Questions"]

_AT_ONCE = 32  # questions a call


class Questions:
    """Takes questions in one wording and gives back what the watcher answers.

    Args:
        node: serves.
        wording: the messages that questions and answers come in.
        settings: the parameters as they are now.
        ask: hands a question to the watcher; raises a MolmoPointError while there is none.
    """

    def __init__(
        self,
        node: LifecycleNode,
        wording: Wording,
        settings: Callable[[], Settings],
        ask: Callable[[Ask[Sighting]], None],
    ) -> None:
        self._node, self._wording, self._settings, self._ask = node, wording, settings, ask
        node.create_service(
            wording.service,
            wording.service_name,
            self._serve,
            callback_group=ReentrantCallbackGroup(),
        )
        self._answers: dict[bytes, Future[Sighting]] = {}
        self._action: ActionServer[Any, Any, Any] | None = None
        if wording.action is None:
            return
        self._action = ActionServer(
            node,
            wording.action,
            wording.action_name,
            execute_callback=self._finish,
            goal_callback=self._judge,
            handle_accepted_callback=self._begin,
            cancel_callback=lambda goal: CancelResponse.ACCEPT,
        )

    def close(self) -> None:
        """Take the action down; the service goes with the node."""
        if self._action is not None:
            self._action.destroy()

    def _make_ask(self, query: str) -> Ask[Sighting]:
        settings = self._settings()
        return Ask(query or settings.query, time.monotonic() + settings.patience)

    async def _serve(self, request: Any, response: Any) -> Any:
        queries = self._wording.to_queries(request) or [""]
        if len(queries) <= _AT_ONCE:
            asks = [self._make_ask(query) for query in queries]
            for ask in asks:
                self._hand_over(ask)
            replies = [await self._reply(ask) for ask in asks]
        else:
            error = f"At most {_AT_ONCE} questions a call, got {len(queries)}."
            replies = [Reply(query, error=error) for query in queries]
        return self._wording.to_response(response, replies)

    def _hand_over(self, ask: Ask[Sighting]) -> None:
        try:
            self._ask(ask)
        except MolmoPointError as error:
            ask.answer.set_exception(error)

    async def _reply(self, ask: Ask[Sighting]) -> Reply:
        await self._is_answered(ask)
        try:
            return Reply(ask.query, ask.answer.result())
        except MolmoPointError as error:
            return Reply(ask.query, error=str(error))

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
        return GoalResponse.ACCEPT if self._wording.to_goal(goal)[1] >= 0 else GoalResponse.REJECT

    def _begin(self, goal: ServerGoalHandle[Any, Any, Any]) -> None:
        def follow(points: Sequence[Point]) -> None:
            goal.publish_feedback(self._wording.to_feedback(points))

        query, limit = self._wording.to_goal(goal.request)
        ask = self._make_ask(query)
        ask.limit, ask.progress = limit, follow
        ask.is_cancelled = lambda: goal.is_cancel_requested
        self._answers[bytes(goal.goal_id.uuid)] = ask.answer
        ask.answer.add_done_callback(lambda answer: goal.execute())
        self._hand_over(ask)

    def _finish(self, goal: ServerGoalHandle[Any, Any, Any]) -> Any:
        answer = self._answers.pop(bytes(goal.goal_id.uuid))
        error = answer.exception()
        query = self._wording.to_goal(goal.request)[0] or self._settings().query
        reply = Reply(query, answer.result()) if error is None else Reply(query, error=str(error))
        if goal.is_cancel_requested:
            goal.canceled()
        elif error is None:
            goal.succeed()
        else:
            self._node.get_logger().warning(f"{self._wording.action_name}: {error}")
            goal.abort()
        return self._wording.to_result(reply)
