"""The tolerant scanner that the dialects share.

It walks an answer once, a character at a time (text between tags in leaps), and keeps nothing but
where it is: so the same answer in other pieces gives the same marks, at a cost linear in its
length. Labels are never escaped, so it is no XML parser: in a label only what can hardly be one (a
closing tag, an opening tag with a known attribute) ends the label.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from molmo_point.parsing.marks import PERMILLE, Mark, Span, Tag, read_number
from molmo_point.parsing.molmo import PairReader, read_click, read_compact
from molmo_point.parsing.molmo2 import CoordsReader

__all__ = ["Scanner"]

_NAMES = ("point", "points", "track", "tracks")
_COORDINATE = re.compile(r"[xy][0-9]{0,6}")
_COMPACT = re.compile(r"p[0-9]{0,6}|[0-9]{1,6}")
_KNOWN = re.compile(r"[xy][0-9]{0,6}|p[0-9]{0,6}|[0-9]{1,6}|alt|coords")
_OUTSIDE = re.compile(r"[<(]")
_CLICK = re.compile(r"(?:^|\W)([Cc]lick ?)\Z")
_CLICK_CHARS = frozenset("0123456789.,% \t-+xy=:\"'")
_RECALL = 10  # characters kept to see "Click " before a bracket, ` coords=` before a quote
_COORDS = re.compile(r"\s(coords ?= ?)\Z")
_HELD_TAG = re.compile(r"<(/?)([a-z]{0,6})(\s{0,8})([A-Za-z_]{0,12}[0-9]{0,6})(\s{0,8})(=?)")
_CLOSING = re.compile(r"</(?:points?|tracks?)[^a-z]")
_LABEL_STOPS = {stop: re.compile(f"[<{stop}]") for stop in ("", ">", '"', "'")}
_HELD_QUOTE = re.compile(
    r"[\"'](?:\s{0,8}(?P<slash>/?)(?P<end>>?)"
    r"|\s{1,8}(?P<name>[xy][0-9]{0,6}|c(?:o(?:o(?:r(?:ds?)?)?)?)?)"
    r"\s{0,3}(?:=\s{0,3}(?:(?P<quote>[\"'])\s{0,3}(?P<digit>[0-9]?))?)?)"
)
_LONGEST = 48  # characters kept of a value; a longer one is no number

State = Callable[[str, int], int]


class Scanner:
    """Reads tags and clicks from an answer that arrives in pieces.

    Attributes:
        marks: the points so far, in the order of the text.
        unread: spans that look like points and cannot be read, in no order.
        tags: the tags so far.
        length: characters seen.
        truncated: after `finish`, whether the text ends inside a tag or a click.
    """

    def __init__(self) -> None:
        self.marks: list[Mark] = []
        self.unread: list[Span] = []
        self.tags: list[Tag] = []
        self.length = 0
        self.truncated = False
        self._state: State = self._outside
        self._before: State = self._outside
        self._recall = ""
        self._held = ""
        self._held_start = 0
        self._name = ""
        self._name_start = 0
        self._gap = False
        self._slash = False
        self._quote = ""
        self._value = ""
        self._pairs = PairReader(0, self.unread)
        self._coords = CoordsReader(0, self.unread)

    def feed(self, piece: str) -> None:
        """Read the next piece of the answer."""
        at, end = 0, len(piece)
        while at < end:
            at = self._state(piece, at)
        self.length += end

    def finish(self) -> None:
        """The answer ends here."""
        end, state = self.length, self._state
        self.truncated = state != self._outside
        if state == self._in_coords:
            self._coords.cut(end)
        elif state in (self._value_start, self._number) and _COORDINATE.fullmatch(self._name):
            self._pairs.end(cut_from=self._name_start, cut_to=end)
        elif state in (self._value_start, self._compact) and _COMPACT.fullmatch(self._name):
            self.unread.append((self._name_start, end))
        elif state == self._click or (state == self._maybe_tag and " " in self._held):
            self.unread.append((self._held_start, end))
        held = state in (self._maybe_tag, self._maybe_quote)
        if self._open_tag():
            self._end_tag(end=self._held_start if held else end, stop=end)

    # Each state takes the piece and a place in it, and gives the place to go on from.

    def _outside(self, piece: str, at: int) -> int:
        match = _OUTSIDE.search(piece, at)
        here = match.start() if match else len(piece)
        self._recall = (self._recall + piece[max(at, here - _RECALL) : here])[-_RECALL:]
        if match is None:
            return here
        if piece[here] == "<":
            self._hold(piece, here, self._maybe_tag)
        elif word := _CLICK.search(self._recall):
            self._hold(piece, here, self._click)
            self._held_start -= len(word[1])
            self._value = ""
        else:
            self._recall = self._recall[1 - _RECALL :] + "("
        return here + 1

    def _click(self, piece: str, at: int) -> int:
        char = piece[at]
        if char in _CLICK_CHARS and len(self._value) < _LONGEST:
            self._value += char
            return at + 1
        self._leave()
        span = (self._held_start, self.length + at + (char == ")"))
        mark = read_click(self._value, span) if char == ")" else None
        if mark:
            self.marks.append(mark)
        elif any(char.isdecimal() for char in self._value):
            self.unread.append(span)
        return at + 1 if char == ")" else at

    def _maybe_tag(self, piece: str, at: int) -> int:
        """A `<`, and what may become a tag; in a label only a tag that can hardly be one."""
        char = piece[at]
        held = self._held + char
        if _CLOSING.match(held):
            last = at + (char == ">")
            if self._open_tag():
                self.tags[-1].closed = True
                self._end_tag(end=self._held_start, stop=self.length + last)
            self._leave()
            return last
        match = _HELD_TAG.fullmatch(held)
        if match and self._may_open(match):
            self._held = held
            if match[6]:
                if self._open_tag():
                    self._end_tag(end=self._held_start, stop=self._held_start)
                self._begin_tag(match)
            return at + 1
        self._recall = self._held[-_RECALL:]
        self._state = self._before
        return at

    def _may_open(self, match: re.Match[str]) -> bool:
        slash, name, gap, attribute, _, equals = match.groups()
        if not gap:
            return not attribute and not equals and any(known.startswith(name) for known in _NAMES)
        if name not in _NAMES:
            return False
        if slash:
            return not attribute and not equals
        if self._before == self._outside:
            return bool(attribute) or not equals
        if equals:
            return _KNOWN.fullmatch(attribute) is not None
        return any(word.startswith(attribute) for word in ("alt", "coords")) or bool(
            _KNOWN.fullmatch(attribute)
        )

    def _begin_tag(self, match: re.Match[str]) -> None:
        self.tags.append(Tag(match[2], self._held_start, stop=-1))
        self._pairs = PairReader(len(self.tags) - 1, self.unread)
        self._name = match[4]
        self._name_start = self._held_start + match.start(4)
        self._slash = False
        self._state = self._value_start

    def _value_start(self, piece: str, at: int) -> int:
        char = piece[at]
        if char.isspace():
            return at + 1
        quoted = char in "\"'"
        self._begin_value(char if quoted else "", self.length + at + quoted)
        return at + quoted

    def _begin_value(self, quote: str, place: int) -> None:
        tag = self.tags[-1]
        self._quote, self._value, self._gap = quote, "", False
        if self._name == "coords":
            tag.coordinates += 1
            self._coords = CoordsReader(len(self.tags) - 1, self.unread)
            self._state = self._in_coords
        elif _COORDINATE.fullmatch(self._name):
            tag.coordinates += 1
            self._state = self._number
        elif _COMPACT.fullmatch(self._name):
            tag.coordinates += 1
            self._state = self._compact
        elif self._name == "alt" and tag.alt_start is None:
            tag.alt_start, tag.alt_quote = place, quote
            self._recall = ""
            self._state = self._label
        else:
            self._state = self._other

    def _number(self, piece: str, at: int) -> int:
        char = piece[at]
        if char.isspace():
            self._gap = self._value != ""
            return at + 1
        quoted = char in "\"'"
        # 'x1="63.5 y1=': the closing quote is missing, the number is whole
        if quoted or char in "<>/" or (self._gap and char.isalpha()):
            place = self.length + at + quoted
            span = (self._name_start, place)
            mark = self._pairs.put(self._name, read_number(self._value), span)
            if mark:
                self.marks.append(mark)
            self._begin_attributes()
            return at + quoted
        if len(self._value) < _LONGEST:
            self._value += " " + char if self._gap else char
        self._gap = False
        return at + 1

    def _compact(self, piece: str, at: int) -> int:
        """The value of `p=063,445` or `2=063,445`."""
        char = piece[at]
        longer = char == "." or (char.isdecimal() and not self._gap)
        whole = None if longer else read_compact(self._value)
        if whole is None and char.isspace():
            self._gap = self._value != ""
            return at + 1
        joined = not self._gap or char == "," or self._value.endswith(",")
        if whole is None and joined and (char.isdecimal() or char in ",."):
            if len(self._value) < _LONGEST:
                self._value += char
            self._gap = False
            return at + 1
        quoted = char == self._quote
        span = (self._name_start, self.length + at + quoted)
        if whole is None or max(whole) > PERMILLE:
            self.unread.append(span)
        else:
            self.marks.append(Mark(*whole, PERMILLE, span, len(self.tags) - 1))
        self._begin_attributes()
        return at + quoted

    def _in_coords(self, piece: str, at: int) -> int:
        char = piece[at]
        ends = char in "\"'<>/"
        place = self.length + at
        mark = self._coords.end(place) if ends else self._coords.put(char, place)
        if mark:
            self.marks.append(mark)
        if ends:
            self._begin_attributes()
        return at + (not ends or char in "\"'")

    def _other(self, piece: str, at: int) -> int:
        """The value of an attribute that says nothing of points."""
        char = piece[at]
        if char in "<>" or (not self._quote and (char.isspace() or char == "/")):
            self._begin_attributes()
            return at
        if char == self._quote:
            self._begin_attributes()
        return at + 1

    def _begin_attributes(self) -> None:
        self._name, self._gap, self._slash = "", False, False
        self._state = self._attributes

    def _attributes(self, piece: str, at: int) -> int:
        char, place = piece[at], self.length + at
        if char == "<":
            self._end_tag(end=place, stop=place)
            self._before = self._outside
            self._hold(piece, at, self._maybe_tag)
        elif char == ">":
            self.tags[-1].inner_start = place + 1
            if self._slash:
                self.tags[-1].closed = True
                self._end_tag(end=place + 1, stop=place + 1)
                self._leave()
            else:
                self._state = self._label
        elif char == "=" and self._name:
            self._state = self._value_start
        elif char.isspace():
            self._gap = self._name != ""
        elif char.isalnum() or char == "_":
            if self._gap or not self._name:
                self._name, self._name_start = "", place
            if len(self._name) < _LONGEST:
                self._name += char
            self._gap = False
        else:
            self._name = ""
        self._slash = char == "/" or (self._slash and char.isspace())
        return at + 1

    def _label(self, piece: str, at: int) -> int:
        """The value of `alt`, or the inner text."""
        tag = self.tags[-1]
        in_alt = tag.alt_start is not None and tag.alt_end is None and tag.inner_start is None
        # a quote may end `alt`, unless that is over, or coordinates were read: `alt="a">b" coords=`
        quote = tag.alt_quote if in_alt or self._expects_coordinates(tag) else ""
        match = _LABEL_STOPS[quote or (">" if in_alt else "")].search(piece, at)
        place = match.start() if match else len(piece)
        self._recall = (self._recall + piece[max(at, place - _RECALL) : place])[-_RECALL:]
        if match is None:
            return place
        if piece[place] == "<":
            self._before = self._label
            self._hold(piece, place, self._maybe_tag)
        elif (
            piece[place] == quote
            and self._expects_coordinates(tag)
            and (word := _COORDS.search(self._recall))
        ):  # 'alt="cup coords="1 1 123': nothing closed the label
            self._name, self._name_start = "coords", self.length + place - len(word[1])
            tag.alt_end, tag.inner_start = self._name_start - 1, None
            self._begin_value(quote, self.length + place + 1)
        elif piece[place] == quote:
            self._hold(piece, place, self._maybe_quote)
        else:
            tag.alt_end = self.length + place
            tag.inner_start = tag.alt_end + 1
        return place + 1

    def _expects_coordinates(self, tag: Tag) -> bool:
        return tag.alt_start is not None and tag.alt_end is None and not tag.coordinates

    def _maybe_quote(self, piece: str, at: int) -> int:
        """A quote in `alt`: its end, if a bracket or a coordinate attribute follows."""
        char, place = piece[at], self.length + at
        tag = self.tags[-1]
        held = self._held + char
        match = _HELD_QUOTE.fullmatch(held)
        if not match:
            self._recall = self._held[-_RECALL:]
            self._state = self._label
            return at
        self._held = held
        if match["end"] and tag.inner_start is None:
            tag.inner_start = place + 1
            self._state = self._label
            if match["slash"]:
                tag.alt_end, tag.closed = self._held_start, True
                self._end_tag(end=place + 1, stop=place + 1)
                self._leave()
        elif match["end"]:
            self._state = self._label
        elif match["quote"] and (match["name"] == "coords" or match["digit"]):
            tag.alt_end, tag.inner_start = self._held_start, None
            self._name = match["name"]
            self._name_start = self._held_start + match.start("name")
            self._begin_value(match["quote"], place)
            return at if match["digit"] else at + 1
        return at + 1

    def _hold(self, piece: str, at: int, state: State) -> None:
        self._held, self._held_start, self._state = piece[at], self.length + at, state

    def _leave(self) -> None:
        self._recall, self._state, self._before = "", self._outside, self._outside

    def _open_tag(self) -> bool:
        return bool(self.tags) and self.tags[-1].stop < 0

    def _end_tag(self, *, end: int, stop: int) -> None:
        self.tags[-1].end, self.tags[-1].stop = end, stop
        self._pairs.end()
