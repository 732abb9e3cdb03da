"""The commands of `molmo-point`, and the one place where an error becomes a sentence."""

from __future__ import annotations

import io
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Annotated, Any

import typer

from molmo_point import __version__
from molmo_point.errors import MolmoPointError

__all__ = ["app", "main"]

_STOPPED = 130  # exit code after Ctrl-C, as shells have it

app = typer.Typer(
    name="molmo-point",
    help="Say what you look for; get where it is, in pixels, and how many there are.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

_Words = Annotated[
    list[str],
    typer.Argument(
        metavar="IMAGE... [QUERY]",
        help="Images: files, folders, patterns, or - for stdin. The last word is the query.",
        show_default=False,
    ),
]
_Query = Annotated[
    str | None, typer.Option("--query", "-q", help="The query, instead of the last word.")
]
_Model = Annotated[
    str | None,
    typer.Option(
        "--model",
        "-m",
        help="A name on the hub, a folder, or http://host:8000/v1, a server.",
        show_default="the embedded model",
    ),
]
_Device = Annotated[str | None, typer.Option(help='"cpu", "cuda", ...', show_default="what fits")]
_Dtype = Annotated[
    str | None,
    typer.Option(
        help='"bfloat16", "int8", "int4", ...', show_default="bfloat16 on a GPU, else float32"
    ),
]
_Draw = Annotated[
    Path | None,
    typer.Option("--draw", help="Write the image with the points drawn; a folder for several."),
]
_Json = Annotated[bool, typer.Option("--json", help="One line of JSON for each image.")]
_Out = Annotated[
    Path | None,
    typer.Option(help="Write the lines of JSON there; a run that was stopped goes on."),
]
_Ocr = Annotated[
    bool, typer.Option("--ocr", help="Also read what is written, with the extra of that name.")
]


def _ask(
    words: list[str], query: str | None, pointer: dict[str, Any], *, counting: bool, **shown: Any
) -> None:
    from molmo_point.cli.asking import ask_all
    from molmo_point.cli.sources import find_sources, split_query
    from molmo_point.pointer import Pointer

    images, asked = split_query(words, query, needed=not counting)
    sources = find_sources(images)
    model = {
        "model": pointer["source"] or "embedded",
        "dtype": pointer["dtype"],
        "ocr": pointer["ocr"],
    }
    raise typer.Exit(
        ask_all(Pointer(**pointer), sources, asked, counting=counting, model=model, **shown)
    )


@app.command()
def point(
    words: _Words,
    query: _Query = None,
    model: _Model = None,
    device: _Device = None,
    dtype: _Dtype = None,
    ocr: _Ocr = False,
    single: Annotated[
        bool, typer.Option("--single", help="Exactly one point, the best guess: a click's target.")
    ] = False,
    draw: _Draw = None,
    as_json: _Json = False,
    out: _Out = None,
) -> None:
    """Where is it? Prints x, y (pixels) and confidence of each point.

    molmo-point point desk.jpg "the red mug" --draw out.png
    """
    pointer = {"source": model, "device": device, "dtype": dtype, "ocr": ocr}
    shown = {"draw": draw, "as_json": as_json, "out": out}
    _ask(words, query, pointer, counting=False, single=single, **shown)


@app.command()
def count(
    words: _Words,
    query: _Query = None,
    model: _Model = None,
    device: _Device = None,
    dtype: _Dtype = None,
    ocr: _Ocr = False,
    draw: _Draw = None,
    as_json: _Json = False,
    out: _Out = None,
) -> None:
    """How many are there? Without a query: everything that stands out.

    molmo-point count shelf.jpg "bottles"
    """
    pointer = {"source": model, "device": device, "dtype": dtype, "ocr": ocr}
    _ask(words, query, pointer, counting=True, draw=draw, as_json=as_json, out=out)


@app.command()
def models(
    names: Annotated[
        bool, typer.Option("--names", help="List the words that the embedded model knows.")
    ] = False,
) -> None:
    """Which models there are and what each can do."""
    from molmo_point.cli.models import print_models, print_names

    print_names() if names else print_models()


@app.command()
def doctor() -> None:
    """What is installed here, and does it work?"""
    from molmo_point.cli.doctor import examine

    raise typer.Exit(examine())


@app.command("eval")
def evaluate(
    what: Annotated[
        str,
        typer.Argument(
            help='What to measure: "embedded" for generated scenes, "screenspot" for clicks.'
        ),
    ] = "embedded",
    folder: Annotated[
        Path | None,
        typer.Argument(help="Of ScreenSpot, its v2, Pro, or of cases made by molmo-point cases."),
    ] = None,
    model: _Model = None,
    device: _Device = None,
    dtype: _Dtype = None,
    scenes: Annotated[int, typer.Option(help="Held-out scenes of each world.", min=1)] = 200,
    world: Annotated[
        list[str] | None,
        typer.Option(
            help='What they show, may be given again: "things", "screens" and "tabletop" if not '
            'given; "drawn" needs no data, "all" is all of them (docs/training.md); or a '
            "COCO file or module:NAME of your own."
        ),
    ] = None,
    ocr: _Ocr = False,
    report: Annotated[
        Path | None, typer.Option(help="Folder for pictures of the 20 worst answers of each.")
    ] = None,
    as_json: _Json = False,
) -> None:
    """Measure a model on held-out scenes, or on screenshots whose targets are known.

    molmo-point eval screenspot ScreenSpot-v2/ --model allenai/MolmoPoint-GUI-8B
    """
    from molmo_point.cli.eval import run_evaluation
    from molmo_point.cli.screenspot import run_screenspot

    pointer = {"source": model, "device": device, "dtype": dtype, "ocr": ocr}
    if what == "screenspot":
        run_screenspot(folder, pointer, report=report, as_json=as_json)
        return
    run_evaluation(what, pointer, scenes=scenes, worlds=world, report=report, as_json=as_json)


@app.command()
def parity(
    model: Annotated[str, typer.Argument(help="A name on the hub, or a folder, or embedded.")],
    images: Annotated[list[str], typer.Argument(help="Files, folders, patterns, or -.")],
    query: Annotated[
        list[str] | None, typer.Option("--query", "-q", help="What to ask; may be repeated.")
    ] = None,
    dtype: Annotated[str, typer.Option(help="The precision in question.")] = "int4",
    against: Annotated[str, typer.Option(help="The precision that is believed.")] = "bfloat16",
    device: _Device = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """How far do points move, and counts change, on your own pictures at another precision?

    molmo-point parity allenai/Molmo-7B-D-0924 shelf/ -q bottles --dtype int4
    """
    from molmo_point.cli.parity import run_parity
    from molmo_point.cli.sources import find_sources

    run_parity(
        model,
        find_sources(images),
        query or [],
        dtype=dtype,
        against=against,
        device=device,
        as_json=as_json,
    )


@app.command()
def train(
    folder: Annotated[
        Path, typer.Argument(help="Where the run is kept; it goes on if it is there.")
    ],
    config: Annotated[Path | None, typer.Option(help="A JSON file of TrainingConfig.")] = None,
    minutes: Annotated[
        float | None, typer.Option(help="Stop after so long, to go on later.")
    ] = None,
    device: Annotated[str, typer.Option(help='"cpu" or "cuda".')] = "cpu",
    workers: Annotated[int, typer.Option(help="Processes that draw scenes.", min=0)] = 1,
    compiled: Annotated[
        bool, typer.Option("--compile", help="Compile first, for a minute; then it is faster.")
    ] = False,
    start_from: Annotated[
        Path | None, typer.Option(help="Begin with the weights of this checkpoint.")
    ] = None,
    export: Annotated[
        Path | None, typer.Option(help="Write a checkpoint for Pointer here.")
    ] = None,
) -> None:
    """Train the embedded model, or one of your own size, on generated scenes."""
    from molmo_point.cli.train import run_training

    run_training(
        folder,
        config=config,
        minutes=minutes,
        device=device,
        workers=workers,
        compiled=compiled,
        start_from=start_from,
        export=export,
    )


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(__version__)
        raise typer.Exit


def _add_commands_of_adapters() -> None:
    """Each entry point of the group `molmo_point.commands` names a function `add(app)`.

    It is called with the typer app and adds its commands; what they need is imported when they run,
    as every call of the program passes here. One that cannot be loaded does not stop the others.
    """
    for entry in sorted(entry_points(group="molmo_point.commands")):
        try:
            add = entry.load()
        except (ImportError, AttributeError) as error:
            print(f'molmo-point: the command "{entry.name}" is left out: {error}', file=sys.stderr)
            continue
        add(app)


def main() -> None:
    """Run the command line; errors of ours become one sentence and exit code 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # file names may hold any bytes
            stream.reconfigure(errors="surrogateescape")
    _add_commands_of_adapters()
    try:
        app()
    except MolmoPointError as error:
        print(f"molmo-point: {error}", file=sys.stderr)
        sys.exit(2)
    except OSError as error:
        print(f"molmo-point: {error}", file=sys.stderr)
        sys.exit(2)
    except SystemExit as end:  # typer turns a closed pipe into 1, and Ctrl-C into 130
        if isinstance(end.__context__, BrokenPipeError):  # a reader, such as head, has had enough
            sys.exit(0)
        if end.code == _STOPPED:
            print("molmo-point: stopped", file=sys.stderr)
        raise
