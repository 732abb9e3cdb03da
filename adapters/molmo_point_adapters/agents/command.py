"""The command `molmo-point mcp`."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from molmo_point.errors import DeviceError, require
from molmo_point_adapters.clicking import command as clicking

if TYPE_CHECKING:
    from molmo_point_adapters.agents.screen_tools import ScreenTools

__all__ = ["add"]


def add(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("mcp")(_mcp)


def _mcp(
    page: clicking.Page = None,
    browser: clicking.Browser = None,
    android: clicking.Android = None,
    monitor: clicking.Monitor = None,
    window: clicking.Window = None,
    ratio: clicking.Ratio = 1.0,
    show: Annotated[
        bool, typer.Option("--show", help="The page that is opened can be seen.")
    ] = False,
    yes: Annotated[
        bool, typer.Option("--yes", help="Agents may act. Without this, calls are dry runs.")
    ] = False,
    region: clicking.Region = None,
    origin: clicking.Origin = None,
    min_confidence: clicking.Confidence = 0.2,
    log: clicking.Log = None,
    model: clicking.Model = None,
    device: clicking.Device = None,
    dtype: clicking.Dtype = None,
    http: Annotated[
        int | None,
        typer.Option(
            help="Serve on this port of 127.0.0.1, at /mcp.",
            show_default="stdio",
            min=1,
            max=65535,
        ),
    ] = None,
) -> None:
    """A screen for agents, over the Model Context Protocol.

    molmo-point mcp --page https://example.org --origin https://example.org --yes
    """
    require("mcp", "mcp")
    from molmo_point_adapters.agents.screen_tools import ScreenTools
    from molmo_point_adapters.clicking.open_screen import ScreenChoice, open_screen

    choice = ScreenChoice(page, browser, android, monitor, window, ratio, show)
    policy = clicking.policy_of(
        act=yes, region=region, origin=origin, min_confidence=min_confidence, terminal=False
    )

    @contextmanager
    def open_tools() -> Iterator[ScreenTools]:
        finder = clicking.model_of(model, device, dtype)
        with open_screen(choice, finder, policy=policy, log=log) as screen:
            yield ScreenTools(screen)

    _serve(open_tools, http)


def _serve(open_tools: Callable[[], AbstractContextManager[ScreenTools]], http: int | None) -> None:
    """Open the screen, so that what is wrong with it is said, and then serve it."""
    from molmo_point_adapters.agents.mcp_server import make_server
    from molmo_point_adapters.agents.screen_thread import ScreenThread

    if http is not None:
        _check_port(http)
    with ScreenThread.opened(open_tools) as screen:
        server = make_server(screen)
        if http is None:
            server.run("stdio")
        else:
            server.run("streamable-http", host="127.0.0.1", port=http)


def _check_port(port: int) -> None:
    """Say in a sentence what the server would only write into its log."""
    try:
        socket.create_server(("127.0.0.1", port)).close()
    except OSError as error:
        raise DeviceError(
            f"Port {port} of 127.0.0.1 cannot be served on ({error.strerror}): give another."
        ) from error
