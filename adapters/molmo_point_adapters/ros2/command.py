"""`molmo-point ros`: the node as a command."""

from __future__ import annotations

from itertools import takewhile
from typing import Annotated

import typer

from molmo_point.errors import require

__all__ = ["add"]


def add(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("ros", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
        _ros
    )


def _ros(
    context: typer.Context,
    query: Annotated[
        str | None, typer.Argument(help="What to point at; can be changed while it runs.")
    ] = None,
) -> None:
    """A ROS 2 node beside a camera: points in pixels and in metres.

    What follows --ros-args goes to ROS (docs/ros2.md):

    molmo-point ros "the red valve" --ros-args -r image:=/camera/image_raw -p rate:=5.0
    """
    require("rclpy", "ros")
    from rclpy.parameter import Parameter

    from molmo_point_adapters.ros2.run import run
    from molmo_point_adapters.ros2.settings import SettingError

    arguments = list(context.args)
    if query is not None and query.startswith("-"):  # --ros-args, without a query before
        arguments, query = [query, *arguments], None
    stray = list(takewhile(lambda word: word != "--ros-args", arguments))
    if stray:
        raise SettingError(
            f'"{" ".join(stray)}" is not understood: the query is one word or in quotes, and '
            'parameters follow --ros-args, as "-p model:=..." (docs/ros2.md).'
        )
    parameters = [] if query is None else [Parameter("query", value=query)]
    run(arguments=arguments, parameters=parameters)
