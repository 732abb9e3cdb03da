"""One question about many images: answers on standard output, failures named, the rest done."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from molmo_point.cli.answers_file import AnswersFile
from molmo_point.cli.sources import Source
from molmo_point.dialects.questions import EVERYTHING
from molmo_point.errors import ImageError, MolmoPointError
from molmo_point.pointer import Pointer
from molmo_point.points import Count, Points

__all__ = ["ask_all"]


def ask_all(
    pointer: Pointer,
    sources: Sequence[Source],
    query: str | None,
    *,
    counting: bool,
    single: bool = False,
    draw: Path | None = None,
    out: Path | None = None,
    as_json: bool = False,
    model: Mapping[str, Any] | None = None,
) -> int:
    """Ask, print, draw; the exit code.

    Args:
        pointer: whom to ask.
        sources: the images.
        query: what to look for; None for everything that stands out (counting only).
        counting: print numbers instead of points.
        single: exactly one point of each image; see `Pointer.point`.
        draw: a file, or for several images a folder, that gets the images with the points drawn.
        out: a file that gets the lines of JSON instead of standard output; images that have an
            answer there are not asked about again.
        as_json: one line of JSON an image.
        model: what the pointer was made of; a file of another's answers is not gone on with.

    Returns:
        0 if all is done, 1 if some images failed, 2 if all did.
    """
    query = None if query is None else query.strip()
    command = {"command": "count" if counting else "single" if single else "point"}
    task = {"query": EVERYTHING if query is None else query} | command | dict(model or {})
    file = None if out is None else AnswersFile(out, task)
    left = [each for each in sources if file is None or each.name not in file.images]
    if len(left) < len(sources):
        old = len(sources) - len(left)
        print(f"molmo-point: {old} of {len(sources)} images are in {out}", file=sys.stderr)
    failed = 0
    for source in _progress(left):
        try:
            with pointer.look(source.image) as view:
                points = (
                    view.count(query).points if counting else view.point(query or "", single=single)
                )
            drawn = _draw(source, points, draw, several=len(sources) > 1)
        except (ImageError, OSError) as error:
            failed += 1
            print(f"molmo-point: {source.name}: {error}", file=sys.stderr)
            continue
        if file is not None:
            file.add(source.name, _answer(points, counting=counting))
        elif as_json:
            line = {"image": source.name} | _answer(points, counting=counting)
            print(json.dumps(line, ensure_ascii=False), flush=True)
        else:
            _print(source, points, counting=counting, several=len(sources) > 1)
        if drawn is not None and sys.stderr.isatty():
            print(f"drawn: {drawn}", file=sys.stderr)
    return 0 if not failed else (2 if failed == len(sources) else 1)


def _answer(points: Points, *, counting: bool) -> dict[str, Any]:
    """`Points.to_dict`; its count is the number of `Count`, which a text may state alone."""
    return points.to_dict() | {"count": int(Count(points)) if counting else len(points)}


def _print(source: Source, points: Points, *, counting: bool, several: bool) -> None:
    if counting:
        number = str(Count(points))
        print(f"{source.name}\t{number}" if several else number, flush=True)
        if points.state == "unreadable":
            print(f"molmo-point: {source.name}: no points in the answer", file=sys.stderr)
        return
    for point in points:
        sure = "" if point.confidence is None else f"\t{point.confidence:.2f}"
        place = f"{point.x:.1f}\t{point.y:.1f}{sure}"
        print(f"{source.name}\t{place}" if several else place, flush=True)
    if not points:
        print(f"molmo-point: {source.name}: {points.state}", file=sys.stderr)
    if points.truncated:
        print(f"molmo-point: {source.name}: cut off, there may be more", file=sys.stderr)


def _draw(source: Source, points: Points, draw: Path | None, *, several: bool) -> Path | None:
    if draw is None:
        return None
    from PIL import Image

    from molmo_point.draw import draw_points
    from molmo_point.images import load_image

    target = draw
    if several or draw.is_dir() or not draw.suffix:
        name = "stdin" if isinstance(source.image, bytes) else source.image.stem
        target = draw / f"{name}.png"
        for number in range(2, 10_000):
            if not target.exists():
                break
            target = draw / f"{name}-{number}.png"
    target.parent.mkdir(parents=True, exist_ok=True)
    picture = Image.fromarray(draw_points(load_image(source.image), points))
    try:
        picture.save(target)
    except ValueError as error:  # an unknown suffix
        raise MolmoPointError(
            f"Cannot write {target}: {error}. Use a name such as out.png."
        ) from error
    return target


@contextmanager
def _bar(total: int) -> Iterator[object]:
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("images", total=total)
        yield lambda: progress.advance(task)


def _progress(sources: Sequence[Source]) -> Iterable[Source]:
    """The images, with a bar on a terminal when there are several."""
    if len(sources) < 2 or not sys.stderr.isatty():
        yield from sources
        return
    with _bar(len(sources)) as advance:
        for source in sources:
            yield source
            advance()  # type: ignore[operator]
