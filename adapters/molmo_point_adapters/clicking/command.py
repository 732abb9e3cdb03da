"""The command `molmo-point click`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from molmo_point.errors import MolmoPointError
from molmo_point_adapters.screen.action import KINDS, Press

if TYPE_CHECKING:
    from molmo_point_adapters.screen.finder import Finder
    from molmo_point_adapters.screen.outcome import Outcome
    from molmo_point_adapters.screen.policy import Policy
    from molmo_point_adapters.screen.screen_map import Box
    from molmo_point_adapters.screen.screen_pointer import ScreenPointer

__all__ = ["add", "model_of", "policy_of"]

Page = Annotated[
    str | None, typer.Option(help="A file or address, opened in Chromium; or with --browser a tab.")
]
Browser = Annotated[
    str | None,
    typer.Option(help='A running one: "http://127.0.0.1:9222", its --remote-debugging-port.'),
]
Android = Annotated[
    str | None, typer.Option(help='A phone by its serial in adb, "" for the only one.')
]
Monitor = Annotated[
    int | None, typer.Option(help="One of the desktop's, from 1.", show_default="all")
]
Window = Annotated[str | None, typer.Option(help="Words of a window's title, on X11.")]
Ratio = Annotated[float, typer.Option(help="Device pixels to a CSS pixel of an opened page.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do it. Without this nothing is touched.")]
Region = Annotated[
    str | None, typer.Option(help="LEFT,TOP,WIDTH,HEIGHT outside of which nothing is touched.")
]
Origin = Annotated[
    list[str] | None,
    typer.Option(help='The only sites that may be acted on: "https://example.org".'),
]
Confidence = Annotated[
    float, typer.Option("--min-confidence", help="Below it nothing is done.", min=0.0, max=1.0)
]
Log = Annotated[Path | None, typer.Option(help="Folder for a log of all actions, with pictures.")]
Model = Annotated[
    str | None,
    typer.Option("--model", "-m", help="As for point.", show_default="the embedded model"),
]
Device = Annotated[str | None, typer.Option(help='"cpu", "cuda", ...', show_default="what fits")]
Dtype = Annotated[
    str | None,
    typer.Option(
        help='"bfloat16", "int8", "int4", ...', show_default="bfloat16 on a GPU, else float32"
    ),
]


def add(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("click")(_click)


def _click(
    target: Annotated[str, typer.Argument(help="What to click on, in words.")],
    page: Page = None,
    browser: Browser = None,
    android: Android = None,
    monitor: Monitor = None,
    window: Window = None,
    ratio: Ratio = 1.0,
    button: Annotated[
        Press,
        typer.Option(help='"double" is left twice; with "none" the pointer only goes there.'),
    ] = "left",
    text: Annotated[
        str | None, typer.Option("--type", help="Type this there, after the click.")
    ] = None,
    to: Annotated[str | None, typer.Option(help="Drag it there, in words.")] = None,
    number: Annotated[
        int | None, typer.Option(help="Which of the numbered candidates is meant.", min=1)
    ] = None,
    yes: Yes = False,
    region: Region = None,
    origin: Origin = None,
    min_confidence: Confidence = 0.2,
    draw: Annotated[
        Path | None,
        typer.Option(help="Picture of the aim.", show_default="aim.png, if nothing was touched"),
    ] = None,
    log: Log = None,
    model: Model = None,
    device: Device = None,
    dtype: Dtype = None,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
) -> None:
    """Click on what is asked for in words; without --yes, only draw and say where that is.

    molmo-point click "the Save button" --window Editor --yes
    """
    from molmo_point_adapters.clicking.open_screen import ScreenChoice, open_screen

    if text is not None and to is not None:
        raise MolmoPointError("Typing and dragging are two actions: use --type or --to.")
    choice = ScreenChoice(page, browser, android, monitor, window, ratio)
    policy = policy_of(act=yes, region=region, origin=origin, min_confidence=min_confidence)
    finder = model_of(model, device, dtype)
    with open_screen(choice, finder, policy=policy, log=log) as screen:
        outcome = _do(screen, target, button, text=text, to=to, number=number)
    drawn = draw or (None if outcome.done else Path("aim.png"))
    if drawn is not None:
        _save(outcome, drawn)
        print(f"drawn: {drawn}", file=sys.stderr)
    print(json.dumps(outcome.to_dict(), ensure_ascii=False) if as_json else _told(outcome))
    if outcome.status == "refused":
        raise typer.Exit(1)


def _do(
    screen: ScreenPointer,
    target: str,
    button: Press,
    *,
    text: str | None,
    to: str | None,
    number: int | None,
) -> Outcome:
    if text is not None:
        return screen.type_into(target, text, number=number)
    if to is not None:
        return screen.drag(target, to, number=number)
    return screen.act(KINDS[button], target, number=number)


def policy_of(
    *,
    act: bool,
    region: str | None,
    origin: list[str] | None,
    min_confidence: float,
    terminal: bool = True,
) -> Policy:
    """A policy from what was said on the command line; a person at a terminal is asked there."""
    from molmo_point_adapters.screen.policy import Policy

    ask: Callable[[str], bool] | None = None
    if act and terminal and sys.stdin.isatty():

        def ask(sentence: str) -> bool:
            with redirect_stdout(sys.stderr):  # where confirm still puts the last space of it
                return typer.confirm(sentence, err=True)

    return Policy(
        act=act,
        region=None if region is None else _region(region),
        origins=tuple(origin or ()),
        ask=ask,
        min_confidence=min_confidence,
    )


def _region(words: str) -> Box:
    from molmo_point_adapters.screen.screen_map import Box

    try:
        left, top, width, height = map(float, words.split(","))
    except ValueError as error:
        raise MolmoPointError(
            f'A region is LEFT,TOP,WIDTH,HEIGHT such as "0,0,640,480", got "{words}".'
        ) from error
    return Box(left, top, width, height)


def model_of(name: str | None, device: str | None, dtype: str | None) -> Finder | None:
    """The model of a name; None for the one that a `ScreenPointer` takes by itself.

    Raises:
        MolmoPointError: the model cannot be loaded so, or a device is for no model.
    """
    if name is None:
        if device is not None or dtype is not None:
            raise MolmoPointError("--device and --dtype are for a model: name one with --model.")
        return None
    from molmo_point import Pointer

    return Pointer(name, device=device, dtype=dtype)


def _save(outcome: Outcome, path: Path) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(outcome.draw()).save(path)


def _told(outcome: Outcome) -> str:
    lines = [str(outcome)]
    if outcome.aim.target is None:
        for number, one in enumerate(outcome.aim.candidates, start=1):
            sure = "" if one.confidence is None else f"\t{one.confidence:.2f}"
            what = "" if one.element is None else f"\t{one.element}"
            lines.append(f"{number}\t{one.place[0]:.0f}\t{one.place[1]:.0f}{sure}{what}")
    return "\n".join(lines)
