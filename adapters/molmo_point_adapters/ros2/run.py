"""Running the node: start, spin, and leave cleanly."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import rclpy
from rclpy.exceptions import ROSInterruptException
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.parameter import Parameter
from rclpy.signals import SignalHandlerOptions, install_signal_handlers

from molmo_point.errors import MolmoPointError
from molmo_point_adapters.ros2.node import Load, PointerNode, load_pointer
from molmo_point_adapters.ros2.settings import SettingError

__all__ = ["main", "run"]


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
            # until the node spins, Ctrl-C is Python's: rclpy's shuts down under a node being made
            signal_handler_options=SignalHandlerOptions.NO,
        )
    except RuntimeError as error:  # rclpy: arguments that cannot be parsed
        raise SettingError(f"ROS cannot read the arguments: {error}") from error
    try:
        _spin(PointerNode(load, parameters=parameters))
    except (KeyboardInterrupt, ExternalShutdownException, ROSInterruptException):
        pass  # asked to stop
    finally:
        rclpy.try_shutdown()


def _spin(node: PointerNode) -> None:
    executor = SingleThreadedExecutor()  # with many threads rclpy waits busily
    executor.add_node(node)
    try:
        started = TransitionCallbackReturn.SUCCESS
        if node.settings.autostart and node.trigger_configure() == started:
            node.trigger_activate()
        install_signal_handlers()
        executor.spin()
    finally:
        executor.shutdown()
        node.destroy_node()


def main() -> None:
    """The program `pointer` of the package molmo_point_ros; an error of ours is one sentence."""
    try:
        run()
    except MolmoPointError as error:
        sys.exit(f"pointer: {error}")
