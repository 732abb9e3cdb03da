"""The lifecycle node: what is loaded when, and what listens when."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from numpy.typing import NDArray
from rcl_interfaces.msg import SetParametersResult
from rclpy.lifecycle import LifecycleNode, LifecycleState, TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.qos import QoSProfile, ReliabilityPolicy, qos_profile_sensor_data
from rclpy.subscription import Subscription
from sensor_msgs.msg import CameraInfo, CompressedImage, Image
from std_msgs.msg import String

from molmo_point.errors import MolmoPointError
from molmo_point_adapters.ros2.inbox import Ask, Inbox, NoAnswer
from molmo_point_adapters.ros2.locator import Locator
from molmo_point_adapters.ros2.messages import to_nanoseconds
from molmo_point_adapters.ros2.outputs import Outputs
from molmo_point_adapters.ros2.questions import Questions
from molmo_point_adapters.ros2.settings import Settings, declare_settings
from molmo_point_adapters.ros2.sighting import Sighting
from molmo_point_adapters.ros2.tally import Tally, Times
from molmo_point_adapters.ros2.target_frame import TargetFrame, TransformError, require_tf2
from molmo_point_adapters.ros2.watcher import (
    Arrival,
    Looking,
    Picture,
    PictureInbox,
    Watcher,
)
from molmo_point_adapters.ros2.wording import find_wordings

__all__ = ["PointerNode", "load_pointer"]

Load: TypeAlias = Callable[[Settings], Looking]

_SUCCESS, _FAILURE = TransitionCallbackReturn.SUCCESS, TransitionCallbackReturn.FAILURE


def load_pointer(settings: Settings) -> Looking:
    """The model that the parameters name."""
    from molmo_point import Pointer

    return Pointer(
        settings.model or None, device=settings.device or None, dtype=settings.dtype or None
    )


class PointerNode(LifecycleNode):
    """Points at what its parameter `query` names, in each image that it has time for.

    Args:
        load: opens the model when the node is configured.
        name: of the node; a remapping comes first.
        parameters: what to set besides the command line.

    Raises:
        SettingError: a parameter cannot be what it was started with.
    """

    def __init__(
        self,
        load: Load = load_pointer,
        *,
        name: str = "pointer",
        parameters: Sequence[Parameter[str]] = (),
    ) -> None:
        super().__init__(name, parameter_overrides=list(parameters))
        self._load = load
        self.failed: BaseException | None = None
        self._tally = Tally()
        self._dropped = 0  # while the node was active before
        self._pointer: Looking | None = None
        self._outputs: Outputs | None = None
        self._inbox: PictureInbox | None = None
        self._watcher: Watcher | None = None
        self._target: TargetFrame | None = None
        self._ears: list[Subscription[Picture] | Subscription[CameraInfo]] = []
        self._questions: list[Questions] = []
        self.settings = declare_settings(self)
        self.add_on_set_parameters_callback(self._check_parameters)
        self.add_post_set_parameters_callback(self._take_parameters)
        self.create_subscription(String, "query", self._take_query, 1)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 1)
        self._questions = [
            Questions(self, wording, lambda: self.settings, self._ask)
            for wording in find_wordings()
        ]
        self.create_timer(1.0, self._report)

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the model."""
        with self._noted():
            return self._configure(state)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to listen and to look."""
        with self._noted():
            return self._activate(state)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Keep an error of the program, of which rclpy makes a state without a word."""
        try:
            yield
        finally:
            self.failed = sys.exception()

    def _configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        began = time.monotonic()
        try:
            self._open_target()
            self._pointer = self._load(self.settings)
        except MolmoPointError as error:
            self.get_logger().error(str(error))
            return _FAILURE
        self.get_logger().info(f"{self._pointer!r}, in {time.monotonic() - began:.1f} s")
        self._outputs = Outputs(self)
        return super().on_configure(state)

    def _activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        assert self._pointer is not None
        done = super().on_activate(state)
        locator, self._inbox = Locator(self._fault), Inbox()
        self._tally.restart_clock()
        self._watcher = Watcher(
            self._pointer,
            self._inbox,
            locator,
            self._fault,
            settings=lambda: self.settings,
            publish=self._publish,
            move=self._move,
        )
        self._listen(self._inbox, locator)
        return done

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop listening; the image that is being looked at is finished."""
        self._stop()
        return super().on_deactivate(state)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Free the model."""
        self.close()
        return _SUCCESS

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop, and free the model."""
        self.close()
        return _SUCCESS

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Back to the beginning."""
        self.close()
        return _SUCCESS

    def close(self) -> None:
        """Stop and let go of everything that configuring made."""
        self._stop()
        if self._outputs is not None:
            self._outputs.close()
        if self._target is not None:
            self._target.close()
        self._pointer = self._outputs = self._target = None

    def destroy_node(self) -> None:
        """Close, and leave the graph."""
        self.close()
        for questions in self._questions:
            questions.close()
        super().destroy_node()

    def _listen(self, inbox: PictureInbox, locator: Locator) -> None:
        sensor = qos_profile_sensor_data
        if self.settings.reliable:
            sensor = QoSProfile(depth=sensor.depth, reliability=ReliabilityPolicy.RELIABLE)

        def take(picture: Picture) -> None:
            self._tally.receive()
            inbox.put(Arrival(picture, time.monotonic()))

        if self.settings.transport == "compressed":
            ears = [self.create_subscription(CompressedImage, "image/compressed", take, sensor)]
        else:
            ears = [self.create_subscription(Image, "image", take, sensor)]
        ears += [
            self.create_subscription(CameraInfo, "camera_info", locator.put_camera_info, sensor),
            self.create_subscription(Image, "depth", locator.put_depth, sensor),
        ]
        self._ears = ears

    def _stop(self) -> None:
        for ear in self._ears:
            self.destroy_subscription(ear)
        self._ears = []
        if self._watcher is not None:
            self._watcher.close()
        if self._inbox is not None:
            self._dropped += self._inbox.dropped
        self._watcher = self._inbox = None

    def _ask(self, ask: Ask[Sighting]) -> None:
        inbox = self._inbox
        if inbox is None:
            raise NoAnswer("The node is not active: activate it, then ask.")
        inbox.ask(ask)

    def _publish(
        self, sighting: Sighting, pixels: NDArray[np.uint8], *, waited_s: float, model_s: float
    ) -> None:
        outputs = self._outputs
        if outputs is None:
            return
        outputs.publish(sighting)
        latency_ns = self.get_clock().now().nanoseconds - to_nanoseconds(sighting.header.stamp)
        self._tally.answer(len(sighting.points), Times(latency_ns / 1e9, waited_s, model_s))
        outputs.publish_picture(sighting, pixels)

    def _move(self, sighting: Sighting) -> Sighting:
        target = self._target
        if target is None:
            return sighting
        try:
            return target.place(sighting, self.settings.sync_tolerance)
        except TransformError as error:  # pixels are right all the same
            self._fault("frame", str(error))
            return replace(sighting, space=None)

    def _fault(self, kind: str, sentence: str) -> None:
        self._tally.fault(kind, sentence)
        self.get_logger().warning(sentence, throttle_duration_sec=1.0)

    def _report(self) -> None:
        if self._watcher is not None and self._watcher.ended.done():
            self._watcher.ended.result()  # raises what ended it
        status = self._tally.report(
            f"{self.get_name()}: pointing",
            model="" if self._pointer is None else repr(self._pointer),
            dropped=self._dropped + (0 if self._inbox is None else self._inbox.dropped),
            patience_s=None if self._watcher is None else self.settings.patience,
        )
        message = DiagnosticArray(status=[status])
        message.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(message)

    def _take_query(self, message: String) -> None:
        done = self.set_parameters([Parameter("query", value=message.data)])[0]
        if not done.successful:
            self._fault("query", done.reason)

    def _check_parameters(self, changes: list[Parameter[Any]]) -> SetParametersResult:
        values = {change.name: change.value for change in changes}
        try:
            new = self.settings.changed(values, configured=self._pointer is not None)
            if new.frame:
                require_tf2(new.frame)
        except MolmoPointError as error:
            return SetParametersResult(successful=False, reason=str(error))
        return SetParametersResult(successful=True)

    def _take_parameters(self, changes: list[Parameter[Any]]) -> None:
        before = self.settings
        values = {change.name: change.value for change in changes}
        self.settings = before.changed(values, configured=False)
        if self.settings.frame != before.frame and self._pointer is not None:
            self._open_target()

    def _open_target(self) -> None:
        if self._target is not None:
            self._target.close()
        frame = self.settings.frame
        self._target = TargetFrame(self, frame) if frame else None
