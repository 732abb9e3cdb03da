"""Many requests on a few rows: when an answer ends, the next request takes its row.

A short answer does not wait for a long one, and images need not be the same: a row begins with what
one image's session has read. The device goes several steps on its own: it chooses the tokens,
keeps of the drafts what it agrees with, and reads on. The host looks when the drafts of a row are
used up, which in a list of points is once a point; only then can an answer be found to be over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any, Protocol

import torch
from torch import Tensor

from molmo_point.decoding.chooser import Chooser
from molmo_point.decoding.lookup import look_up
from molmo_point.decoding.options import Choice, DecodeOptions
from molmo_point.decoding.padding import Padding
from molmo_point.models.steps import ExtendedVocabulary, StepLogits

__all__ = ["Board", "Request", "decode_continuously"]

_WIDTHS = (1, 4, 8, 16, 32)  # tokens a row, to which steps that are captured are filled up
_POINT = ((), (), ())  # a patch, a subpatch, a location


@dataclass(frozen=True, slots=True)
class Request:
    """One question about one image.

    Attributes:
        prefix: a session that has read the image; it is only read.
        question: token ids, up to where the answer begins.
        at: which row of the session it is.
        draft: in place of the options', where it depends on the image.
    """

    prefix: Any
    question: Sequence[int]
    at: int = 0
    draft: Callable[[Sequence[int]], Sequence[Sequence[int]]] | None = None


class Board(Protocol):
    """Rows of a model's memory, each an answer of its own.

    Attributes:
        rows: how many.
        captured: whether steps of few widths are much quicker than steps of many.
    """

    rows: int
    captured: bool

    @property
    def device(self) -> torch.device:
        """Where ids are read from."""
        ...

    @property
    def vocabulary(self) -> ExtendedVocabulary:
        """Ids of all rows; there are more patches when a larger image is admitted."""
        ...

    def admit(self, row: int, prefix: Any, at: int, question: Sequence[int]) -> int:
        """Begin a row anew with what row `at` of a session has read; how many tokens that is.

        The question is not read yet, only known.
        """
        ...

    def reserve(self, tokens: int) -> None:
        """Make room for so many tokens a row."""
        ...

    def read(self, tokens: Tensor) -> StepLogits:
        """Read int64 [R, T] where each row stands; logits [R, T, ...] after each of them."""
        ...

    def keep(self, counts: Tensor) -> None:
        """Of what was read last, so many tokens of each row stand, int64 [R]."""
        ...


@dataclass(slots=True)
class _Row:
    """One answer. Tokens are of its prompt's own vocabulary.

    Attributes:
        number: of the request.
        ids: its vocabulary.
        length: tokens that its row has for certain.
        question: token ids.
        known: tokens that are read next, the last one chosen and what was given among them.
        written: the answer so far.
        first: the question has not been read yet.
    """

    number: int
    ids: ExtendedVocabulary
    length: int
    question: Sequence[int]
    known: list[int]
    written: list[int]
    draft: Callable[[Sequence[int]], Sequence[Sequence[int]]] | None
    first: bool = True
    points: int = 0
    done: bool = False
    drafts: list[list[int]] = field(default_factory=list)

    def expect(self, *, points_only: bool) -> None:
        """Draft the next steps."""
        if points_only:
            steps: Sequence[Sequence[int]] = _POINT
        else:
            steps = self.draft(self.written) if self.draft and self.written else ()
        self.drafts = [list(step) for step in steps] or [[]]
        if steps and not self.drafts[0] and self.written[-1] < self.ids.text:
            words = look_up([*self.question, *self.written])
            self.drafts[0] = list(takewhile(lambda token: token < self.ids.text, words))

    def moved(self, token: int, board: ExtendedVocabulary) -> int:
        """A token in the board's ids."""
        return token + (board.patches - self.ids.patches) * (token >= self.ids.no_more_points)

    def own(self, token: int, board: ExtendedVocabulary) -> int:
        """A token of the board in its own ids."""
        return token - (board.patches - self.ids.patches) * (token >= board.no_more_points)


@torch.inference_mode()
def decode_continuously(
    board: Board,
    requests: Iterable[Request],
    options: DecodeOptions,
    padding: Padding | None = None,
) -> Iterator[Choice]:
    """Answer requests, a few at a time; yields tokens as soon as the host knows them.

    Args:
        board: whose rows are all free.
        requests: taken when rows are free, as many as there are; an endless iterable is fine.
        options: see `DecodeOptions`.
        padding: where to count what is computed.

    Yields:
        Choices, whose `row` is the number of the request.
    """
    assert not options.hub_order, "the order of the published code is for engine.decode"
    opening = () if options.template is None else options.template.opening
    padding = Padding() if padding is None else padding
    chooser = Chooser(board.rows, options, board.device)
    waiting = enumerate(requests)
    rows: dict[int, _Row] = {}
    while True:
        free = [place for place in range(board.rows) if place not in rows]
        for place, (number, request) in zip(free, islice(waiting, len(free)), strict=False):
            length = board.admit(place, request.prefix, request.at, request.question)
            known = [*request.question, *opening]
            ids = request.prefix.vocabulary_of(request.at)
            draft = request.draft or options.draft
            rows[place] = _Row(number, ids, length, request.question, known, list(opening), draft)
            chooser.begin(place)
            yield from (Choice(number, token, 1.0, given=True) for token in opening)
        if not rows:
            return
        for row in rows.values():
            row.expect(points_only=options.template is not None and row.ids.patches > 0)
        for place, steps in _go(board, chooser, rows, padding).items():
            row = rows[place]
            row.first, row.known = False, []
            for kept, choices in steps:
                row.length += kept
                for token, probability in choices:
                    if not row.done:
                        yield from _write(row, token, probability, options)
            if row.done:
                del rows[place]


def _write(row: _Row, token: int, probability: float, options: DecodeOptions) -> Iterator[Choice]:
    """One chosen token of an answer, and what the template puts after it."""
    ids, template = row.ids, options.template
    row.written.append(token)
    row.known = [token]
    completed = token >= ids.first_location
    row.points += completed
    finished = token == ids.no_more_points
    row.done = token in options.stop or (
        finished and (options.stop_after_points or template is not None)
    )
    given: Sequence[int] = ()
    if template is not None and completed:
        row.done = template.single
        given = () if template.single else template.after_point(row.points)
    truncated = not row.done and len(row.written) + len(given) >= options.limit
    row.done = row.done or truncated
    yield Choice(row.number, token, probability, last=row.done, truncated=truncated)
    if not row.done:
        row.written.extend(given)
        row.known.extend(given)
        yield from (Choice(row.number, word, 1.0, given=True) for word in given)


_Steps = list[tuple[int, list[tuple[int, float]]]]
"""For each step of a row: tokens kept, and the choices after them with their probabilities."""


def _go(
    board: Board, chooser: Chooser, rows: Mapping[int, _Row], padding: Padding
) -> dict[int, _Steps]:
    """Take steps until the drafts of a row are used up, then read the device, once."""
    plan = _Plan.of(board, rows)
    board.reserve(max(row.length for row in rows.values()) + sum(plan.widths))
    ids = board.vocabulary
    control = torch.tensor(plan.control, device="cpu")  # [R, ...]
    if board.device.type == "cuda":
        control = control.pin_memory()
    control = control.to(board.device, non_blocking=True)
    first, *steps = torch.split(control, [1, *(2 + width for width in plan.widths)], dim=1)
    said: list[Tensor] = []
    last = first
    for number, step in enumerate(steps):
        known, length, tokens = step[:, 0], step[:, 1], step[:, 2:]
        if number:
            tokens = torch.cat([last, tokens[:, 1:]], dim=1)
        logits = board.read(tokens)
        chosen, share = chooser.choose(tokens, logits, ids, first[:, 0] * (number == 0) > 0)
        place = torch.arange(1, tokens.shape[1], device=tokens.device)
        right = (place < known[:, None]) | (chosen[:, :-1] == tokens[:, 1:])
        right = right & (place < length[:, None])
        kept = (length > 0) + right.long().cumprod(1).sum(1)
        board.keep(kept)
        last = chosen.gather(1, (kept - 1).clamp(min=0)[:, None]) * (length > 0)[:, None]
        said.append(torch.cat([kept[:, None].double(), chosen.double(), share.double()], dim=1))
    asked = sum(sum(counts) for counts in plan.lengths.values())
    padding.add(asked, board.rows * sum(plan.widths))
    return _read(torch.cat(said, dim=1), plan, rows, ids)


def _read(
    said: Tensor, plan: _Plan, rows: Mapping[int, _Row], ids: ExtendedVocabulary
) -> dict[int, _Steps]:
    """What the device has said, int and probabilities [R, ...]; the only read of it."""
    table: list[list[float]] = said.tolist()
    result: dict[int, _Steps] = {}
    for place, row in rows.items():
        values = iter(table[place])
        steps: _Steps = []
        for number, width in enumerate(plan.widths):
            kept = int(next(values))
            tokens, shares = list(islice(values, width)), list(islice(values, width))
            span = range(len(row.known) - 1 if number == 0 else 0, kept)
            steps.append((kept, [(row.own(int(tokens[at]), ids), shares[at]) for at in span]))
        result[place] = steps
    return result


@dataclass(frozen=True, slots=True)
class _Plan:
    """What the host knows of some steps beforehand.

    Attributes:
        widths: tokens a row of each step.
        lengths: by row, how many of them it has.
        control: int [R, 1 + sum(2 + width)]: whether a row's first token is due, and for each step
            how many of its tokens are certain, how many there are, and the tokens.
    """

    widths: list[int]
    lengths: dict[int, list[int]]
    control: list[list[int]]

    @classmethod
    def of(cls, board: Board, rows: Mapping[int, _Row]) -> _Plan:
        """The next steps, as many as every row has drafts for."""
        count = min(len(row.drafts) for row in rows.values())
        ids = board.vocabulary
        chunks: dict[int, list[list[int]]] = {}
        for place, row in rows.items():
            drafts = row.drafts[:count]
            known = [row.moved(token, ids) for token in row.known]
            chunks[place] = [known + drafts[0], *([0, *draft] for draft in drafts[1:])]
        widths = [
            _width(max(len(steps[number]) for steps in chunks.values()), board.captured)
            for number in range(count)
        ]
        control = []
        for place in range(board.rows):
            line = [int(place in rows and rows[place].first)]
            for number, width in enumerate(widths):
                chunk = chunks[place][number] if place in rows else []
                certain = (
                    len(rows[place].known) if place in rows and number == 0 else len(chunk[:1])
                )
                line += [certain, len(chunk), *chunk, *[0] * (width - len(chunk))]
            control.append(line)
        lengths = {place: [len(chunk) for chunk in steps] for place, steps in chunks.items()}
        return cls(widths, lengths, control)


def _width(tokens: int, captured: bool) -> int:  # noqa: FBT001
    return next((width for width in _WIDTHS if width >= tokens), tokens) if captured else tokens
