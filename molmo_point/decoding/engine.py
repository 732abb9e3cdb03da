"""Decoding, the plain form: one token a step, chosen by the host, under the point rules.

What `batching.decode_continuously` is held to; and what is used where the host may look after every
token, as a small model on a CPU, whose rows share the memory of their image.

Knows tokens and nothing of text or pixels. Grounding tokens are masked first and chosen then (the
order of the training repository, with which the published numbers were made); `hub_order` gives
the order of the published inference code, for comparison.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from molmo_point.decoding.constraints import PointRules
from molmo_point.decoding.options import Choice, DecodeOptions
from molmo_point.decoding.session import Session
from molmo_point.models.steps import StepLogits

__all__ = ["decode"]


@dataclass(slots=True)
class _Row:
    rules: PointRules
    written: int = 0
    points: int = 0
    done: bool = False
    pending: list[int] = field(default_factory=list)


@torch.inference_mode()
def decode(
    session: Session, questions: Sequence[Sequence[int]], options: DecodeOptions
) -> Iterator[Choice]:
    """Answer one question a row; yields each token as soon as it is chosen.

    Args:
        session: with the images read; it is extended, so fork it first to keep it.
        questions: token ids, one sequence a row.
        options: see `DecodeOptions`; drafts are left aside.
    """
    template = options.template
    opening = template.opening if template is not None else ()
    rows = [
        _Row(
            PointRules(
                session.vocabulary,
                no_more_points=template is None or not template.single,
                empty_list=options.empty_list,
            ),
            written=len(opening),
        )
        for _ in questions
    ]
    logits = session.ask(questions, opening)
    for number, row in enumerate(rows):
        row.rules.feed(opening)
        yield from (Choice(number, token, 1.0, given=True) for token in opening)
    active = list(range(len(rows)))
    first = True
    while active:
        for at, number in enumerate(active):
            yield from _advance(rows[number], number, logits, at, options, first=first)
        first = False
        still = [at for at, number in enumerate(active) if not rows[number].done]
        if still and len(still) < len(active):
            session = session.fork(still)
        active = [active[at] for at in still]
        if active:
            logits = session.extend([rows[number].pending for number in active])


def _advance(
    row: _Row, number: int, logits: StepLogits, at: int, options: DecodeOptions, *, first: bool
) -> Iterator[Choice]:
    """Choose the row's next token; write it, and what the template puts after it, to `pending`."""
    ids, template = row.rules.vocabulary, options.template
    token, probability = _choose(row.rules, logits, at, options, first=first)
    row.rules.feed([token])
    row.pending = [token]
    row.written += 1
    completed = token >= ids.first_location
    row.points += completed
    row.done = token in options.stop or (
        row.rules.finished and (options.stop_after_points or template is not None)
    )
    given: Sequence[int] = ()
    if template is not None and completed:
        row.done = template.single
        given = () if template.single else template.after_point(row.points)
    truncated = not row.done and row.written + len(given) >= options.limit
    row.done = row.done or truncated
    yield Choice(number, token, probability, last=row.done, truncated=truncated)
    if not row.done:
        row.pending.extend(given)
        row.written += len(given)
        row.rules.feed(given)
        yield from (Choice(number, word, 1.0, given=True) for word in given)


def _choose(
    rules: PointRules, logits: StepLogits, at: int, options: DecodeOptions, *, first: bool
) -> tuple[int, float]:
    """The best allowed token of one row and its probability."""
    ids = rules.vocabulary
    if rules.phase == "patch":
        assert logits.subpatch is not None
        index, probability = _best(logits.subpatch[at], rules.allowed_subpatches())
        return ids.first_subpatch + index, probability
    if rules.phase == "subpatch":
        assert logits.location is not None
        index, probability = _best(logits.location[at], None)
        return ids.first_location + index, probability
    words = logits.text[at]
    if logits.patch is None or logits.begin is None:
        return _best(words, None)
    allowed = rules.allowed_patches()
    if options.template is not None:
        index, probability = _best(logits.patch[at], allowed)
        return ids.text + index, probability
    patches = logits.patch[at]
    if options.hub_order:
        best = int(patches.argmax())
        possible = not first and bool(allowed[best])
        index, share = best, 1.0
    else:
        possible = not first and bool(allowed.any())
        index, share = _best(patches, allowed) if possible else (0, 0.0)
    begin = float(logits.begin[at]) if possible else -math.inf
    word, word_share = _best(words, None)
    highest = float(words[word])
    rest = math.exp(min(begin - highest, 50.0)) * word_share  # odds of a point, in words' units
    if begin > highest:
        return ids.text + index, rest / (1.0 + rest) * share
    return word, word_share / (1.0 + rest)


def _best(logits: Tensor, allowed: object) -> tuple[int, float]:
    """Index of the highest allowed logit and its softmax probability among the allowed."""
    values = logits.float()
    if allowed is not None:
        mask = torch.as_tensor(allowed, device=values.device)
        values = values.masked_fill(~mask, -math.inf)
    index = int(values.argmax())
    return index, float((values[index] - values.logsumexp(0)).exp())
