"""The decoding loop on its own: rows, templates, limits and stops, with written-down logits."""

import math

import pytest
import torch

from molmo_point.decoding.engine import decode
from molmo_point.decoding.options import DecodeOptions, Template
from molmo_point.models.steps import ExtendedVocabulary, StepLogits

IDS = ExtendedVocabulary(text=10, patches=4, subpatches=2, locations=9)
STOP = 9


class Script:
    """A model whose next choices are written down: one list of wishes a row.

    A wish is ("word", i), ("patch", i), ("sub", i) or ("loc", i).
    """

    def __init__(self, wishes, log=None):
        self.wishes = [list(row) for row in wishes]
        self.log = [] if log is None else log
        self.vocabulary = IDS

    def fork(self, rows):
        return Script([self.wishes[row] for row in rows], self.log)

    def ask(self, questions, opening=()):
        self.log.append(("ask", [list(question) for question in questions], list(opening)))
        return self._next()

    def extend(self, chunks):
        self.log.append(("extend", [list(chunk) for chunk in chunks]))
        return self._next()

    def _next(self):
        count = len(self.wishes)
        text, begin = torch.zeros(count, IDS.text), torch.full((count,), -5.0)
        patch = torch.zeros(count, IDS.patches + 1)
        sub, location = torch.zeros(count, IDS.subpatches), torch.zeros(count, IDS.locations)
        for row, wishes in enumerate(self.wishes):
            kind, index = wishes.pop(0) if wishes else ("word", STOP)
            if kind == "word":
                text[row, index] = 6.0
            elif kind == "patch":
                begin[row], patch[row, index] = 6.0, 3.0
            else:
                {"sub": sub, "loc": location}[kind][row, index] = 4.0
        return StepLogits(text, begin, patch, sub, location)


POINT = [("patch", 1), ("sub", 0), ("loc", 4)]


def said(wishes, options, rows=1):
    answers = [[] for _ in range(rows)]
    for choice in decode(Script(wishes), [[1, 2]] * rows, options):
        answers[choice.row].append(choice)
    return answers


def tokens(answer):
    return [choice.token for choice in answer]


def test_a_model_that_speaks_says_words_points_and_stops():
    wishes = [[("word", 3), *POINT, ("word", 4), ("patch", 4), ("word", 5), ("word", STOP)]]
    options = DecodeOptions(stop=frozenset({STOP}), stop_after_points=False)
    (answer,) = said(wishes, options)
    patch, sub, location = IDS.text + 1, IDS.first_subpatch, IDS.first_location + 4
    assert tokens(answer) == [3, patch, sub, location, 4, IDS.no_more_points, 5, STOP]
    assert [choice.last for choice in answer] == [False] * 7 + [True]
    assert not any(choice.truncated for choice in answer)


def test_it_ends_at_no_more_points_if_that_is_enough():
    (answer,) = said([[("word", 3), *POINT, ("patch", 4), ("word", 5)]], DecodeOptions())
    assert answer[-1].token == IDS.no_more_points
    assert answer[-1].last


def test_probabilities_are_those_among_what_was_allowed():
    options = DecodeOptions(template=Template((), lambda number: ()))
    wishes = [[("patch", 1), ("sub", 1), ("loc", 0), ("patch", 1), ("patch", 4)]]
    (answer,) = said(wishes, options)
    e3, e4 = math.exp(3), math.exp(4)
    assert answer[0].probability == pytest.approx(e3 / (e3 + 4))
    assert answer[1].probability == pytest.approx(e4 / (e4 + 1))
    # after the last subpatch of patch 1, patches 0 and 1 are closed: two patches and the end remain
    assert answer[3].token in (IDS.text + 2, IDS.text + 3, IDS.no_more_points)
    assert answer[3].probability == pytest.approx(1 / 3)


def test_a_template_gives_the_words_and_single_ends_after_one_point():
    options = DecodeOptions(template=Template((7, 8), lambda number: (number,), single=True))
    (answer,) = said([[("patch", 4), ("sub", 1), ("loc", 2)]], options)
    assert [choice.given for choice in answer] == [True, True, False, False, False]
    assert answer[2].token != IDS.no_more_points  # one point, whatever the model would rather
    assert answer[-1].last
    many = DecodeOptions(template=Template((7,), lambda number: (number,)))
    (answer,) = said([[*POINT, ("patch", 2), ("sub", 0), ("loc", 0), ("patch", 4)]], many)
    assert [choice.token for choice in answer if choice.given] == [7, 1, 2]


def test_the_limit_is_reported():
    (answer,) = said([[("word", 3)] * 50], DecodeOptions(limit=5))
    assert len(answer) == 5
    assert answer[-1].truncated
    assert answer[-1].last


def test_rows_end_on_their_own_and_only_the_rest_goes_on():
    log = []
    wishes = [[("word", STOP)], [("word", 3), ("word", 3), ("word", STOP)]]
    options = DecodeOptions(stop=frozenset({STOP}))
    answers = [[], []]
    for choice in decode(Script(wishes, log), [[1], [2]], options):
        answers[choice.row].append(choice.token)
    assert answers == [[STOP], [3, 3, STOP]]
    assert [len(entry[1]) for entry in log] == [2, 1, 1]
    assert log[1] == ("extend", [[3]])


def test_words_alone_for_a_model_without_places():
    class Words(Script):
        def _next(self):
            return StepLogits(super()._next().text)

    options = DecodeOptions(stop=frozenset({STOP}))
    session = Words([[("word", 3), ("word", STOP)]])
    assert [choice.token for choice in decode(session, [[1]], options)] == [3, STOP]
