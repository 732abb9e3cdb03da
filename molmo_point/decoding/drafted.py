"""Greedy decoding with drafts: what probably follows is read in one step, and kept where it is so.

An answer in a text dialect is two thirds fixed words (`" y1="`, the repeated label), and a step
costs about the same for one token as for ten. The choices are those of plain greedy decoding: a
drafted token counts only if the model would have chosen it itself. One read of the device a step,
for all rows. After Leviathan et al., arXiv:2211.17192, with the grammar as the drafting model.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from molmo_point.decoding.options import Choice, DecodeOptions
from molmo_point.decoding.session import DraftSession

__all__ = ["DraftedRow", "accept", "choose", "decode_drafted"]


@dataclass(slots=True)
class DraftedRow:
    """One answer, and what is read next for it.

    Attributes:
        number: of the question.
        written: tokens of the answer so far.
        draft: what probably follows.
        chunk: what is read next: the last token written, and the draft.
        unused: how many tokens of the chunk that was read last do not count.
        done: whether it is over.
    """

    number: int
    written: list[int]
    draft: list[int] = field(default_factory=list)
    chunk: list[int] = field(default_factory=list)
    unused: int = 0
    done: bool = False

    def expect(self, options: DecodeOptions) -> None:
        """Draft what follows, as far as there is room for it."""
        room = max(options.limit - len(self.written) - 1, 0)
        self.draft = [] if options.draft is None else list(options.draft(self.written))[:room]
        self.chunk = [self.written[-1], *self.draft]


def decode_drafted(
    session: DraftSession, questions: Sequence[Sequence[int]], options: DecodeOptions
) -> Iterator[Choice]:
    """Answer one question a row; yields each token as soon as it is chosen.

    Args:
        session: with the images read; it is extended.
        questions: token ids, one sequence a row.
        options: see `DecodeOptions`.
    """
    opening = () if options.template is None else options.template.opening
    rows = [DraftedRow(number, list(opening)) for number in range(len(questions))]
    for row in rows:
        yield from (Choice(row.number, token, 1.0, given=True) for token in opening)
    chosen = choose(session.ask(questions, opening).text[:, None])
    while rows:
        for row, best in zip(rows, chosen, strict=True):
            yield from accept(row, best, options)
            if not row.done:
                row.expect(options)
        session.forget([row.unused for row in rows])
        still = [at for at, row in enumerate(rows) if not row.done]
        if len(still) < len(rows):
            rows = [rows[at] for at in still]
            session = session.fork(still) if still else session
        if rows:
            chosen = choose(session.read([row.chunk for row in rows]))


def accept(
    row: DraftedRow, best: Sequence[tuple[int, float]], options: DecodeOptions
) -> Iterator[Choice]:
    """Take the model's choices along the draft until it disagrees, and that one too."""
    ahead = len(row.draft)
    for at in range(ahead + 1):
        token, probability = best[at]
        row.written.append(token)
        stops = token in options.stop
        truncated = not stops and len(row.written) >= options.limit
        row.done = stops or truncated
        yield Choice(row.number, token, probability, last=row.done, truncated=truncated)
        row.unused = ahead - at
        if row.done or at == ahead or token != row.draft[at]:
            return


def choose(logits: Tensor) -> list[list[tuple[int, float]]]:
    """The best token of each row at each place of [B, T, V], and its probability."""
    values = logits.float()
    highest, index = values.max(-1)
    share = (highest - values.logsumexp(-1)).exp()
    pairs: list[list[list[float]]] = torch.stack([index.double(), share.double()], -1).tolist()
    return [[(int(token), probability) for token, probability in row] for row in pairs]
