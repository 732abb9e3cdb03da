"""Running the node: start, spin, and leave cleanly."""

from __future__ import annotations

import signal
import sys
from collections.abc import Sequence

import rclpy
from rclpy.exceptions import ROSInterruptException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions

from molmo_point.errors import MolmoPointError
from molmo_point_adapters.ros2.node import Load, PointerNode, load_pointer
from molmo_point_adapters.ros2.settings import SettingError, Settings
from molmo_point_adapters.ros2.watcher import Looking

__all__ = ["main", "run"]

_LOOK_EVERY = 0.2  # seconds, in which an idle node sees that it was asked to stop


def run(
    load: Load = load_pointer,
    *,
    arguments: Sequence[str] | None = None,
    parameters: Sequence[Parameter[str]] = (),
) -> None:
    """Run the node until it is interrupted; it starts by itself unless `autostart` is off.

    Args:
        load: opens the model.
        arguments: of the command line, `--ros-args` and what follows; None for `sys.argv`.
        parameters: what to set besides.

    Raises:
        SettingError: an argument or parameter cannot be.
    """
    try:
        rclpy.init(
            args=None if arguments is None else ["molmo-point", *arguments],
            # rclpy's handlers shut down under a node that is being made, and raise once more later
            signal_handler_options=SignalHandlerOptions.NO,
        )
    except RuntimeError as error:  # rclpy: arguments that cannot be parsed
        raise SettingError(f"ROS cannot read the arguments: {error}") from error
    try:
        stop = _Stop()
        _spin(PointerNode(stop.ending(load), parameters=parameters), stop)
    except (KeyboardInterrupt, _Stopped, ExternalShutdownException, ROSInterruptException):
        pass  # asked to stop
    finally:
        rclpy.try_shutdown()


class _Stopped(BaseException):
    """Asked to stop while the model was loaded.

    Not a KeyboardInterrupt: of one that passes through a text run by `exec`, as imports have many,
    Python remembers that it was not handled, whoever handles it, and ends by the signal.
    """


class _Stop:
    """Ctrl-C or SIGTERM: ends the loading of the model at once, and the spinning.

    What else is done, as ROS making its node, is short, and not made to be broken off.
    """

    def __init__(self) -> None:
        self.asked = self._loading = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, *_: object) -> None:
        self.asked = True
        if self._loading:
            self._loading = False
            raise _Stopped

    def ending(self, load: Load) -> Load:
        """`load`, from which this breaks out, whatever a library makes of it on the way."""

        def load_until_stopped(settings: Settings) -> Looking:
            self._loading = True
            try:
                if self.asked:
                    raise _Stopped
                return load(settings)
            except BaseException as error:
                if self.asked:
                    raise _Stopped from error
                raise
            finally:
                self._loading = False

        return load_until_stopped


def _spin(node: PointerNode, stop: _Stop) -> None:
    executor = SingleThreadedExecutor()  # with many threads rclpy waits busily
    executor.add_node(node)
    try:
        started = TransitionCallbackReturn.SUCCESS
        if node.settings.autostart and node.trigger_configure() == started:
            node.trigger_activate()
        while rclpy.ok() and not stop.asked:
            if node.failed is not None:
                raise node.failed
            executor.spin_once(timeout_sec=_LOOK_EVERY)
    finally:
        executor.shutdown()
        node.destroy_node()


def main() -> None:
    """The program `pointer` of the package molmo_point_ros; an error of ours is one sentence."""
    try:
        run()
    except MolmoPointError as error:
        sys.exit(f"pointer: {error}")
