"""Models with random weights are made to say an answer: timing does not depend on what is said."""

import torch

from molmo_point.decoding.batching import decode_continuously
from molmo_point.decoding.options import DecodeOptions
from molmo_point.models.steps import StepLogits

BIAS = 1e4


class ForcedBoard:
    """A board whose model wants the tokens of given answers, whatever it has read.

    Args:
        board: of the model.
        answers: ids of each request's own vocabulary, in the order in which they are admitted.

    Attributes:
        steps: how many were taken.
    """

    def __init__(self, board, answers):
        self.board, self.steps = board, 0
        self.rows, self.captured, self.device = board.rows, board.captured, board.device
        self.reserve = board.reserve
        self.answers = torch.zeros(
            len(answers), max(map(len, answers)), dtype=torch.long, device=board.device
        )
        for number, answer in enumerate(answers):
            self.answers[number, : len(answer)] = torch.tensor(answer)
        none = torch.zeros(4, board.rows, dtype=torch.long, device=board.device)
        self.start, self.at, self.which, self.patches = none.unbind()
        self.admitted = 0

    @property
    def vocabulary(self):
        """Of the board."""
        return self.board.vocabulary

    def admit(self, row, prefix, at, question):
        """As the board."""
        length = self.board.admit(row, prefix, at, question)
        self.at[row] = length
        self.start[row] = length + len(question) - 1
        self.which[row], self.patches[row] = self.admitted, prefix.vocabulary_of(at).patches
        self.admitted += 1
        return length

    def keep(self, counts):
        """As the board."""
        self.board.keep(counts)
        self.at += counts

    def read(self, tokens):
        """As the board, with the wanted tokens raised."""
        logits, ids = self.board.read(tokens), self.vocabulary
        self.steps += 1
        place = self.at[:, None] + torch.arange(tokens.shape[1], device=tokens.device)
        place = (place - self.start[:, None]).clamp(0, self.answers.shape[1] - 1)
        wanted = self.answers[self.which].gather(1, place)
        own = self.patches[:, None]
        wanted = wanted + (ids.patches - own) * (wanted >= ids.text + own)
        text = raised(logits.text, wanted, 0, ids.text)
        if logits.patch is None:
            return StepLogits(text)
        point = (wanted >= ids.text) & (wanted <= ids.no_more_points)
        return StepLogits(
            text,
            logits.begin + 4 * BIAS * (point.to(logits.begin.dtype) - 0.5),
            raised(logits.patch, wanted, ids.text, ids.patches + 1),
            raised(logits.subpatch, wanted, ids.first_subpatch, ids.subpatches),
            raised(logits.location, wanted, ids.first_location, ids.locations),
        )


def raised(logits, wanted, start, count):
    """Logits [R, T, K] with those of ids [R, T] raised that are among K ids from `start` on."""
    index = wanted - start
    inside = (index >= 0) & (index < count)
    more = BIAS * inside.to(logits.dtype)
    return logits.scatter_add(2, index.clamp(0, count - 1)[..., None], more[..., None])


def say(board, dialects, questions, options, answers, padding=None):
    """Answer one question about each dialect's image on a forced board; checks what was said.

    Returns:
        The number of steps.
    """
    forced = ForcedBoard(board, answers)
    said = [[] for _ in questions]
    requests = [one.request(question) for one, question in zip(dialects, questions, strict=True)]
    for choice in decode_continuously(forced, requests, options, padding):
        said[choice.row].append(choice.token)
    if said != [list(answer) for answer in answers]:
        raise SystemExit("An answer differs from the one that was forced.")
    return forced.steps


def until(options, answer):
    """The same options for answers that are over at the last token of one."""
    return DecodeOptions(
        stop=frozenset({answer[-1]}), limit=4096, draft=options.draft, stop_after_points=False
    )
