"""The command `molmo-point bag`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from molmo_point_adapters.bag.asking import Outcome

__all__ = ["add"]

_SHOWN = 10  # failures that are named one by one

_Topics = Annotated[
    list[str] | None,
    typer.Option(help="Of images; may be given again.", show_default="the only one"),
]
_Depth = Annotated[
    str | None, typer.Option(help="Topic of depth, registered to the images: metres as well.")
]
_CameraInfo = Annotated[
    str | None, typer.Option(help="Its calibration.", show_default="camera_info beside the images")
]


def add(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("bag")(_bag)


def _bag(
    bag: Annotated[Path, typer.Argument(help="A bag of ROS 2: its folder, or a file of it.")],
    query: Annotated[str, typer.Argument(help="What to look for.")],
    topic: _Topics = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the new bag.", show_default="NAME_points")
    ] = None,
    every: Annotated[int, typer.Option(help="Ask every N-th image.", min=1)] = 1,
    rate: Annotated[
        float | None, typer.Option(help="Ask at most so many images a second of the recording.")
    ] = None,
    depth: _Depth = None,
    camera_info: _CameraInfo = None,
    rectified: Annotated[bool, typer.Option(help="The images are rectified.")] = False,
    draw: Annotated[bool, typer.Option(help="Write the images with the points drawn.")] = True,
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="As for point.", show_default="embedded")
    ] = None,
    device: Annotated[str | None, typer.Option(help='"cpu", "cuda", ...')] = None,
    dtype: Annotated[str | None, typer.Option(help='"bfloat16", "int8", "int4", ...')] = None,
) -> None:
    """Ask every image of a recorded bag; the points become a bag for RViz or Foxglove.

    molmo-point bag drive.mcap --topic /camera/image "red circles"
    """
    from molmo_point_adapters.bag.asking import point_bag
    from molmo_point_adapters.bag.choosing import Choice, choose_depth, choose_topics
    from molmo_point_adapters.bag.reading import Bag

    with Bag(bag) as opened:
        choice = Choice(choose_topics(opened, topic or []), every, rate)
        found = choose_depth(opened, choice, depth, camera_info, rectified=rectified)
        target = out or Path(f"{bag.resolve().name.split('.')[0]}_points")
        from molmo_point import Pointer  # after what can be wrong: it takes seconds

        pointer = Pointer(model, device=device, dtype=dtype)
        with _progress(opened.count(choice.topics), every) as progress:
            outcome = point_bag(
                opened,
                query,
                target,
                pointer=pointer,
                choice=choice,
                depth=found,
                draw=draw,
                model=pointer.spec.name,
                progress=progress,
            )
    _tell(target, outcome)


def _tell(target: Path, outcome: Outcome) -> None:
    print(f"{target}\t{outcome.images} images\t{outcome.points} points")
    wrong = (*outcome.failures, *outcome.damage)
    for sentence in wrong[:_SHOWN]:
        print(f"molmo-point: {sentence}", file=sys.stderr)
    if len(wrong) > _SHOWN:
        print(f"molmo-point: and {len(wrong) - _SHOWN} more like these", file=sys.stderr)
    if wrong:
        raise typer.Exit(1)


@contextmanager
def _progress(total: int | None, every: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal; otherwise a line on standard error now and then."""
    if not sys.stderr.isatty():
        yield _say
        return
    from rich.console import Console
    from rich.progress import MofNCompleteColumn, Progress, TimeRemainingColumn

    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("images", total=None if total is None else -(-total // every))
        yield lambda done: bar.update(task, completed=done)


def _say(done: int) -> None:
    if done % 100 == 0:
        print(f"molmo-point: {done} images", file=sys.stderr)
