"""Results: what a query found in an image, in pixels of that image.

The frame is one and the same everywhere (docs/conventions.md): x right, y down, floats, the origin
at the top-left corner of the top-left pixel, in the image as a person sees it (after EXIF
rotation). The centre of the top-left pixel is (0.5, 0.5) and the far corner is (width, height).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import total_ordering
from numbers import Real
from typing import Any, Literal, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from molmo_point.errors import InvalidPoint, SizeMismatch
from molmo_point.geometry import (
    Frame,
    check_size,
    from_norm,
    from_percent,
    from_permille,
    to_css,
    to_norm,
    to_percent,
    to_permille,
)

__all__ = ["Count", "Point", "Points", "State"]

State = Literal["points", "none", "unreadable"]

_NUMBERS: dict[str, type[float] | type[int]] = {
    "x": float,
    "y": float,
    "confidence": float,
    "object_id": int,
    "image_index": int,
    "timestamp": float,
}
_OPTIONAL = frozenset({"confidence", "object_id", "timestamp"})


@dataclass(frozen=True, slots=True)
class Point:
    """One place in one image.

    Attributes:
        x: pixels of the original image, to the right of its left edge.
        y: pixels of the original image, below its top edge.
        label: the model's words for it, or "".
        confidence: 0-1, or None if the model gave no probabilities.
        object_id: the number the model gave the object (the same through a video), or None.
        image_index: which image of the query it lies in, from 0.
        timestamp: seconds into the video, or None for a still image.

    Raises:
        InvalidPoint: a number is none, or not finite, or not whole where it must be; the confidence
            is outside 0-1; or the image's index is negative.
    """

    x: float
    y: float
    label: str = ""
    confidence: float | None = None
    object_id: int | None = None
    image_index: int = 0
    timestamp: float | None = None

    def __post_init__(self) -> None:
        for name, kind in _NUMBERS.items():
            value = getattr(self, name)
            if value is None and name in _OPTIONAL:
                continue
            try:
                plain = kind(value)  # numpy's scalars are no JSON
                finite, same = math.isfinite(plain), bool(plain == value)
            except (TypeError, ValueError, OverflowError) as error:
                raise InvalidPoint(f"A point's {name} is a number, got {value!r:.80}.") from error
            if not finite:
                raise InvalidPoint(f"A point's {name} is a finite number, got {value}.")
            if not same:  # "12", or 2.7 where 2 or 3 is meant
                what = "whole number" if kind is int else "number"
                raise InvalidPoint(f"A point's {name} is a {what}, got {value!r:.80}.")
            object.__setattr__(self, name, plain)
        if self.confidence is not None and not 0.0 <= self.confidence <= 1.0:
            raise InvalidPoint(f"A confidence lies in 0-1, got {self.confidence}.")
        if self.image_index < 0:
            raise InvalidPoint(f"Images are counted from 0, got image_index {self.image_index}.")

    def to_dict(self) -> dict[str, Any]:
        """`x, y, label, confidence`, and what else is set: plain values, ready for JSON."""
        data: dict[str, Any] = {
            "x": self.x,
            "y": self.y,
            "label": self.label,
            "confidence": self.confidence,
        }
        if self.object_id is not None:
            data["object_id"] = self.object_id
        if self.image_index:
            data["image_index"] = self.image_index
        if self.timestamp is not None:
            data["timestamp"] = self.timestamp
        return data

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Point:
        """The inverse of `to_dict`.

        Raises:
            InvalidPoint: x or y is missing or no finite number.
        """
        try:
            return cls(
                x=data["x"],
                y=data["y"],
                label=str(data.get("label", "")),
                confidence=data.get("confidence"),
                object_id=data.get("object_id"),
                image_index=data.get("image_index", 0),
                timestamp=data.get("timestamp"),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise InvalidPoint(f"Not a point: {str(data)[:200]} ({error}).") from error


@dataclass(frozen=True, slots=True, repr=False)
class Points(Sequence[Point]):
    """What one query found; a read-only sequence of `Point` that knows where it came from.

    >>> points = Points.from_percent([[50, 25]], (640, 480), query="mug")
    >>> points
    Points("mug", 640x480: 1 at (320.0, 120.0))
    >>> points.xy_norm().tolist()
    [[0.5, 0.25]]

    Attributes:
        items: the points, in the model's order.
        image_size: (width, height) of the original image, pixels.
        query: the user's words.
        text: the model's raw answer.
        state: "points" if there are any; "none" if the model said that there are none;
            "unreadable" if no point could be read and it did not say so.
        unread: the parts of `text` that look like points and could not be read.
        truncated: the answer was cut off (token limit, missing end); there may be more.
        stated_count: the number that the text itself claims, or None.
        warnings: sentences about what a caller should know, such as a stated count that disagrees.

    Raises:
        InvalidPoint: the image size is not positive, an item is no `Point`, or the state
            contradicts the points.
    """

    items: tuple[Point, ...]
    image_size: tuple[int, int]
    query: str = ""
    text: str = ""
    state: State = "points"
    unread: tuple[str, ...] = ()
    truncated: bool = False
    stated_count: int | None = None
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_size", check_size(self.image_size))
        object.__setattr__(self, "items", tuple(self.items))
        for item in self.items:
            if not isinstance(item, Point):
                raise InvalidPoint(f"Points are made of Point, got {item!r}: see Points.from_xy.")
        if self.state not in ("points", "none", "unreadable"):
            raise InvalidPoint(f'A state is "points", "none" or "unreadable", got "{self.state}".')
        if bool(self.items) != (self.state == "points"):
            raise InvalidPoint(f'{len(self.items)} points cannot have the state "{self.state}".')

    def __len__(self) -> int:
        return len(self.items)

    @overload
    def __getitem__(self, index: int) -> Point: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Point, ...]: ...
    def __getitem__(self, index: int | slice) -> Point | tuple[Point, ...]:
        return self.items[index]

    def __iter__(self) -> Iterator[Point]:
        return iter(self.items)

    @property
    def best(self) -> Point | None:
        """The point of highest confidence (the first if none has one), or None if there is none."""
        return max(self.items, key=lambda point: point.confidence or 0.0, default=None)

    def xy(self) -> NDArray[np.float64]:
        """[N, 2] pixels of the original image."""
        pairs = [(point.x, point.y) for point in self.items]
        return np.array(pairs, dtype=np.float64).reshape(-1, 2)

    def xy_norm(self) -> NDArray[np.float64]:
        """[N, 2], 0-1 of the image's width and height."""
        return to_norm(self._one_image(), self.image_size)

    def xy_percent(self) -> NDArray[np.float64]:
        """[N, 2], 0-100 of the image's width and height (Molmo's own space)."""
        return to_percent(self._one_image(), self.image_size)

    def xy_permille(self) -> NDArray[np.float64]:
        """[N, 2], 0-1000 of the image's width and height (Molmo2's own space)."""
        return to_permille(self._one_image(), self.image_size)

    def xy_css(self, ratio: float) -> NDArray[np.float64]:
        """[N, 2] CSS pixels, of points in a screenshot of `ratio` device pixels a CSS pixel."""
        return to_css(self._one_image(), ratio)

    def in_frame(self, frame: Frame) -> NDArray[np.float64]:
        """[N, 2] pixels of a copy of the image: resized, padded, cut out (see `Frame`).

        Raises:
            SizeMismatch: the copy is of an image of another size, or the points lie in several.
        """
        if frame.image_size != self.image_size:
            raise SizeMismatch(
                f"The points are of an image of {self._by()} and cannot be placed in one of "
                f"{frame.image_size[0]}x{frame.image_size[1]} pixels: use the image they were "
                "found in, or a frame of it."
            )
        return frame.to_frame(self._one_image())

    def of_image(self, image_index: int, image_size: tuple[int, int]) -> Points:
        """Those in one image of several, as the result of that image alone.

        Args:
            image_index: which image, from 0.
            image_size: its (width, height).
        """
        items = tuple(
            replace(point, image_index=0)
            for point in self.items
            if point.image_index == image_index
        )
        state: State = "points" if items else "none" if self.items else self.state
        return replace(self, items=items, image_size=image_size, state=state, stated_count=None)

    def _one_image(self) -> NDArray[np.float64]:
        """`xy`, of points that share the one image whose size is known."""
        if any(point.image_index for point in self.items):
            raise SizeMismatch(
                "The points lie in several images: take those of one with "
                "points.of_image(index, (width, height))."
            )
        return self.xy()

    def _by(self) -> str:
        return f"{self.image_size[0]}x{self.image_size[1]}"

    def __repr__(self) -> str:
        shown = ", ".join(f"({point.x:.1f}, {point.y:.1f})" for point in self.items[:3])
        more = f", ... {len(self) - 3} more" if len(self) > 3 else ""
        found = f"{len(self)} at {shown}{more}" if self.items else self.state
        cut = ", truncated" if self.truncated else ""
        return f"Points({json.dumps(self.query, ensure_ascii=False)}, {self._by()}: {found}{cut})"

    @classmethod
    def from_xy(
        cls, xy: ArrayLike, image_size: tuple[int, int], *, query: str = "", label: str = ""
    ) -> Points:
        """Points at [N, 2] pixels of the original image; "none" if there are no rows.

        Raises:
            InvalidPoint: `xy` is not finite numbers [N, 2], or the image size cannot be.
        """
        rows = Frame.whole(image_size).to_image(xy).tolist()
        items = tuple(Point(x, y, label) for x, y in rows)
        return cls(items, image_size, query, state="points" if items else "none")

    @classmethod
    def from_norm(
        cls, xy: ArrayLike, image_size: tuple[int, int], *, query: str = "", label: str = ""
    ) -> Points:
        """`from_xy` of [N, 2] in 0-1 of width and height."""
        return cls.from_xy(from_norm(xy, image_size), image_size, query=query, label=label)

    @classmethod
    def from_percent(
        cls, xy: ArrayLike, image_size: tuple[int, int], *, query: str = "", label: str = ""
    ) -> Points:
        """`from_xy` of [N, 2] in 0-100 of width and height."""
        return cls.from_xy(from_percent(xy, image_size), image_size, query=query, label=label)

    @classmethod
    def from_permille(
        cls, xy: ArrayLike, image_size: tuple[int, int], *, query: str = "", label: str = ""
    ) -> Points:
        """`from_xy` of [N, 2] in 0-1000 of width and height."""
        return cls.from_xy(from_permille(xy, image_size), image_size, query=query, label=label)

    @classmethod
    def from_frame(cls, xy: ArrayLike, frame: Frame, *, query: str = "", label: str = "") -> Points:
        """`from_xy` of [N, 2] pixels of a copy of the image, such as a crop that was asked."""
        return cls.from_xy(frame.to_image(xy), frame.image_size, query=query, label=label)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, ready for JSON; `from_dict` is the inverse."""
        return {
            "query": self.query,
            "image_size": list(self.image_size),
            "state": self.state,
            "count": len(self.items),
            "truncated": self.truncated,
            "points": [point.to_dict() for point in self.items],
            "text": self.text,
            "unread": list(self.unread),
            "stated_count": self.stated_count,
            "warnings": list(self.warnings),
        }

    def to_json(self) -> str:
        """`to_dict` on one line of JSON."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Points:
        """The inverse of `to_dict`; the derived key `count` is not read.

        Raises:
            InvalidPoint: a key is missing or a value cannot be.
        """
        try:
            return cls(
                items=tuple(Point.from_dict(point) for point in data["points"]),
                image_size=data["image_size"],
                query=str(data.get("query", "")),
                text=str(data.get("text", "")),
                state=data["state"],
                unread=tuple(str(part) for part in data.get("unread", ())),
                truncated=bool(data.get("truncated", False)),
                stated_count=None
                if data.get("stated_count") is None
                else int(data["stated_count"]),
                warnings=tuple(str(part) for part in data.get("warnings", ())),
            )
        except InvalidPoint:
            raise
        except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
            raise InvalidPoint(f"Not points: {error!r} in {str(data)[:200]}.") from error

    @classmethod
    def from_json(cls, text: str) -> Points:
        """The inverse of `to_json`.

        Raises:
            InvalidPoint: the text is not JSON, or not of points.
        """
        try:
            data = json.loads(text)
        except json.JSONDecodeError as error:
            raise InvalidPoint(f"Not JSON: {error} in {text[:80]!r}.") from error
        if not isinstance(data, dict):
            raise InvalidPoint(f"Points are a JSON object, got {text[:80]!r}.")
        return cls.from_dict(data)


@total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Count:
    """How many there are, with the points as evidence.

    It compares, prints, indexes and is true as its number; `count.points` is the evidence.

    >>> count = Count(Points.from_xy([[10, 20], [30, 40]], (640, 480), query="mugs"))
    >>> count == 2, count < 3, int(count), f"{count} mugs"
    (True, True, 2, '2 mugs')
    >>> f"{count:>4}"
    '   2'

    Attributes:
        points: one point for each thing that was counted; none if the answer is a number alone.
    """

    points: Points

    @property
    def number(self) -> int:
        """How many were found; without a point, what the text states ("There are 7."), or 0."""
        return len(self.points) or self.points.stated_count or 0

    @property
    def truncated(self) -> bool:
        """The answer was cut off: there may be more than `number`."""
        return self.points.truncated

    def __bool__(self) -> bool:
        return self.number > 0

    def __int__(self) -> int:
        return self.number

    def __index__(self) -> int:
        return self.number

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Count | Real):
            return NotImplemented
        return self.number == (other.number if isinstance(other, Count) else float(other))

    def __lt__(self, other: object) -> bool:
        if not isinstance(other, Count | Real):
            return NotImplemented
        return self.number < (other.number if isinstance(other, Count) else float(other))

    def __hash__(self) -> int:
        return hash(self.number)

    def __format__(self, spec: str) -> str:
        return format(self.number, spec) if spec else str(self)

    def __str__(self) -> str:
        return f"{self.number}+" if self.truncated else str(self.number)
