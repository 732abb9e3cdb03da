"""What a caller should know about an answer that could be read: one sentence for each doubt."""

from __future__ import annotations

from collections.abc import Sequence

from molmo_point.points import Point

__all__ = ["describe_doubts"]

_RUN = 6  # points with one and the same step between them, at the end of a list
_SAME_STEP = 1e-6  # pixels a pixel: two steps written alike differ by rounding only


def describe_doubts(points: Sequence[Point], stated: int | None) -> tuple[str, ...]:
    """A sentence if the stated count disagrees, and one if points repeat as a stuck model's do."""
    doubts = []
    if stated is not None and stated != len(points):
        doubts.append(f"The text states a count of {stated}, and has {len(points)} points.")
    repeated = len(points) - len({_place(point) for point in points})
    run = _constant_tail(points)
    if repeated:
        doubts.append(
            f"{repeated} of the {len(points)} points repeat an earlier one: the model may have "
            "got stuck."
        )
    elif run >= _RUN:
        doubts.append(
            f"The last {run} of the {len(points)} points lie one constant step apart: the model "
            "may have got stuck."
        )
    return tuple(doubts)


def _place(point: Point) -> tuple[float, float, int, float | None]:
    return point.x, point.y, point.image_index, point.timestamp


def _constant_tail(points: Sequence[Point]) -> int:
    """How many points at the end lie one constant step apart, in one image at one time."""
    if len(points) < 3:
        return len(points)
    last = points[-1]
    step = (last.x - points[-2].x, last.y - points[-2].y)
    near = _SAME_STEP * max(1.0, *(abs(value) for value in (last.x, last.y)))
    run = 1
    for after, before in zip(points[::-1], points[-2::-1], strict=False):
        if (before.image_index, before.timestamp) != (last.image_index, last.timestamp):
            break
        if max(abs(after.x - before.x - step[0]), abs(after.y - before.y - step[1])) > near:
            break
        run += 1
    return run
