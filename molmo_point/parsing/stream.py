"""From a model's answer to `Points`: the whole text at once, or in pieces as they are generated."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from numbers import Real

from molmo_point.errors import InvalidPoint, MolmoPointError
from molmo_point.geometry import check_size
from molmo_point.parsing.doubts import describe_doubts
from molmo_point.parsing.grammar import Scanner
from molmo_point.parsing.labels import read_label
from molmo_point.parsing.marks import Mark
from molmo_point.parsing.molmo import read_bare
from molmo_point.parsing.remains import find_lost, find_silent, read_prose
from molmo_point.parsing.sentences import read_stated_count, says_none
from molmo_point.points import Point, Points, State

__all__ = ["ImageSizes", "PointStream", "check_sizes", "parse_points"]

Size = tuple[int, int]
ImageSizes = Sequence[int] | Sequence[Sequence[int]]

_UNREAD = 200  # characters kept of a part that could not be read


def parse_points(text: str, *, image_size: ImageSizes, query: str = "") -> Points:
    """Read the points of a model's answer, in any of Molmo's and Molmo2's dialects.

    All tags and clicks of the text count, in their order. The bare forms, `(63.5, 44.5)` and
    `p=635,445`, count only in a text that has neither. Nothing in the text raises: what looks like
    a point and cannot be read (half of a pair, a number that the end of the text cuts, a place
    outside the image, an image that was not given) is in `unread`.

    Molmo2's group number is a timestamp in seconds if it has a decimal point or belongs to
    `<tracks>`; else it is the number of an image, from 1, also when there is one image only.

    Args:
        text: the answer, with or without the model's special tokens.
        image_size: (width, height) of the original image in pixels, or a sequence of them, one for
            each image of the query. The result has the first; each point is in pixels of its own.
        query: the user's words, for the result; "No cups." is a "none" where they were "cups".

    Raises:
        InvalidPoint: the image size is not one or several pairs of whole positive numbers.

    Example:
        >>> points = parse_points('<point x="50.0" y="25.0" alt="cup">cup</point>',
        ...                       image_size=(640, 480))
        >>> points[0].x, points[0].y, points[0].label
        (320.0, 120.0, 'cup')
    """
    stream = PointStream(image_size=image_size, query=query)
    stream.feed(text)
    return stream.finish()


class PointStream:
    """Reads an answer as it is generated: each point as soon as its coordinates are complete.

    A number counts as complete when the character behind it has come ("4" could become "4.5"). The
    points of `feed` are those of `finish`, in number, order and place, with two differences. Their
    label is the `alt` in front of the coordinates, or "": the label comes last in most dialects.
    And the bare forms appear in `finish` only, as a later tag takes them back.

    Args:
        image_size: as for `parse_points`.
        query: the user's words, for the result.

    Raises:
        InvalidPoint: the image size is not one or several pairs of whole positive numbers.
    """

    def __init__(self, *, image_size: ImageSizes, query: str = "") -> None:
        self._sizes = check_sizes(image_size)
        self._query = query
        self._scanner = Scanner()
        self._pieces: list[str] = []
        self._starts: list[int] = []
        self._emitted = 0
        self._alts: dict[int, str] = {}
        self._result: Points | None = None

    def feed(self, chunk: str) -> list[Point]:
        """Take the next piece of the answer.

        Returns:
            The points that this piece completes.

        Raises:
            MolmoPointError: `finish` was called before.
        """
        if self._result is not None:
            raise MolmoPointError("This answer is finished; make a new PointStream for the next.")
        if not chunk:
            return []
        self._starts.append(self._scanner.length)
        self._pieces.append(chunk)
        self._scanner.feed(chunk)
        marks = self._scanner.marks[self._emitted :]
        self._emitted += len(marks)
        points = (self._place(mark, self._alt(mark)) for mark in marks)
        return [point for point in points if point is not None]

    def finish(self) -> Points:
        """The answer is over: all of it, equal to `parse_points` of the whole text."""
        if self._result is None:
            self._scanner.finish()
            self._result = self._read("".join(self._pieces))
        return self._result

    def _alt(self, mark: Mark) -> str:
        if mark.tag is None:
            return ""
        tag = self._scanner.tags[mark.tag]
        if tag.alt_start is None or tag.alt_end is None:
            return ""
        if mark.tag in self._alts:
            return self._alts[mark.tag]
        first = bisect_right(self._starts, tag.alt_start) - 1
        last = bisect_right(self._starts, tag.alt_end)
        text = "".join(self._pieces[first:last])
        start = self._starts[first]
        self._alts[mark.tag] = text[tag.alt_start - start : tag.alt_end - start]
        return self._alts[mark.tag]

    def _place(self, mark: Mark, label: str) -> Point | None:
        """The mark in pixels, or None if there is no such image."""
        index, timestamp = 0, None
        if mark.frame:
            tag = self._scanner.tags[mark.tag or 0]
            if "." in mark.frame or tag.name.startswith("track"):
                timestamp = float(mark.frame)
            else:
                index = int(mark.frame) - 1
        if not 0 <= index < len(self._sizes):
            return None
        width, height = self._sizes[index]
        return Point(
            x=mark.x / mark.scale * width,
            y=mark.y / mark.scale * height,
            label=label,
            object_id=mark.object_id,
            image_index=index,
            timestamp=timestamp,
        )

    def _read(self, text: str) -> Points:
        scanner = self._scanner
        marks, unread, truncated = scanner.marks, scanner.unread, scanner.truncated
        prose = read_prose(text, scanner.tags)
        if not marks and not any(tag.coordinates for tag in scanner.tags):
            marks, bare, cut = read_bare(text)
            unread, truncated = unread + bare, truncated or cut
        taken = {mark.span[0] for mark in marks} | {start for start, _ in unread}
        unread = unread + [span for span in find_lost(text, scanner.tags) if span[0] not in taken]
        labels = [read_label(text, tag) for tag in scanner.tags]
        points: list[Point] = []
        unread = unread + find_silent(scanner.tags, marks, scanner.unread)
        for mark in marks:
            point = self._place(mark, "" if mark.tag is None else labels[mark.tag])
            if point is None:
                unread.append(mark.span)
            else:
                points.append(point)
        parts = tuple(text[start : min(end, start + _UNREAD)] for start, end in sorted(set(unread)))
        broken = any(char in part for part in parts for char in "0123456789")
        state: State = "unreadable"
        if points:
            state = "points"
        elif not broken and says_none(prose, self._query):
            state = "none"
        stated = read_stated_count(prose)
        return Points(
            items=tuple(points),
            image_size=self._sizes[0],
            query=self._query,
            text=text,
            state=state,
            unread=parts,
            truncated=truncated,
            stated_count=stated,
            warnings=describe_doubts(points, stated),
        )


def check_sizes(image_size: ImageSizes) -> tuple[Size, ...]:
    """One or several (width, height), as a tuple of pairs of plain ints.

    Raises:
        InvalidPoint: it is neither.
    """
    try:
        rows = list(image_size)
        one = len(rows) == 2 and all(isinstance(side, Real) for side in rows)
        sizes = tuple(check_size(row) for row in ([rows] if one else rows))  # type: ignore[arg-type]
    except (TypeError, ValueError) as error:
        raise InvalidPoint(_bad_size(image_size)) from error
    if not sizes:
        raise InvalidPoint(_bad_size(image_size))
    return sizes


def _bad_size(image_size: object) -> str:
    return (
        "An image size is (width, height) in whole pixels, or a sequence of those, got "
        f"{image_size!r:.80}."
    )
