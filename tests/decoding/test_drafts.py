"""Drafts change how many steps an answer takes, and nothing else: a real model, random weights."""

import pytest
import torch

from molmo_point.decoding import batching, lookup
from molmo_point.decoding.batching import Request, decode_continuously
from molmo_point.decoding.options import DecodeOptions, Template
from molmo_point.models.text_board import TextBoard
from molmo_point.models.text_session import TextSession
from molmo_point.models.weights import load_model
from tests.published.small import write_checkpoint

LIMIT = 40
QUESTIONS = [[5, 9, 31], [7, 7, 8, 100, 12], [44]]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drafted") / "molmo-d"
    write_checkpoint(folder, "molmo-d")
    return load_model(folder, "molmo", dtype=torch.float32)


class Counted:
    """A model that counts its steps."""

    def __init__(self, model):
        self.model, self.steps, self.config = model, 0, model.config

    def __call__(self, **inputs):
        self.steps += 1
        return self.model(**inputs)


def answers(model, *, draft=None, questions=QUESTIONS, stop=(), template=None, limit=LIMIT):
    counted = Counted(model)
    ids = torch.tensor([[3, 4]])
    with torch.inference_mode():
        session = TextSession.read_images(
            counted, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        )
    before = counted.steps
    steps = None if draft is None else lambda written: [draft(written)]
    options = DecodeOptions(stop=frozenset(stop), limit=limit, draft=steps, template=template)
    rows = [[] for _ in questions]
    requests = [Request(session, question) for question in questions]
    for choice in decode_continuously(TextBoard(session, len(questions)), requests, options):
        rows[choice.row].append(choice)
    return rows, counted.steps - before


def tokens(rows):
    return [[choice.token for choice in row] for row in rows]


def follow(known, length, *, wrong_every=None):
    """Drafts of what is known to follow, with every so-manyth token replaced."""

    def draft(written):
        for row in known:
            if row[: len(written)] == list(written):
                ahead = row[len(written) : len(written) + length]
                if wrong_every and len(written) % wrong_every == 0 and ahead:
                    ahead[len(ahead) // 2] ^= 1
                return ahead
        return []

    return draft


def assert_same(rows, plain):
    assert tokens(rows) == tokens(plain)
    for row, other in zip(rows, plain, strict=True):
        for choice, expected in zip(row, other, strict=True):
            assert choice.probability == pytest.approx(expected.probability, rel=1e-3)
            assert (choice.last, choice.truncated) == (expected.last, expected.truncated)


@pytest.fixture(autouse=True)
def _no_lookup(monkeypatch):
    """Steps are those of the drafts that a test gives; `test_lookup_saves_steps` is apart."""
    monkeypatch.setattr(batching, "look_up", lambda said: [])


@pytest.mark.parametrize("length", [1, 3, 10, 100])
def test_true_drafts_save_steps(model, length):
    plain, plain_steps = answers(model)
    drafted, steps = answers(model, draft=follow(tokens(plain), length))
    assert_same(drafted, plain)
    assert plain_steps == LIMIT
    assert steps == -(-(LIMIT - 1) // (length + 1)) + 1


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("wrong_every", [1, 2, 3])
def test_wrong_drafts_change_nothing(model, wrong_every, rows):
    questions = QUESTIONS[:rows]
    plain, _ = answers(model, questions=questions)
    draft = follow(tokens(plain), 5, wrong_every=wrong_every)
    drafted, steps = answers(model, draft=draft, questions=questions)
    assert_same(drafted, plain)
    assert steps < LIMIT


def test_lookup_saves_steps(model, monkeypatch):
    plain, plain_steps = answers(model)
    monkeypatch.setattr(batching, "look_up", lookup.look_up)
    drafted, steps = answers(model, draft=lambda written: [])
    assert_same(drafted, plain)
    assert steps < plain_steps  # random weights repeat themselves


def test_drafts_of_rubbish_change_nothing(model):
    plain, plain_steps = answers(model)
    drafted, steps = answers(model, draft=lambda written: [1, 2, 3])
    assert_same(drafted, plain)
    assert steps <= plain_steps


def test_an_answer_stops_within_a_draft(model):
    plain, _ = answers(model)
    stop = tokens(plain)[1][11]
    expected, _ = answers(model, stop=[stop])
    drafted, _ = answers(model, stop=[stop], draft=follow(tokens(plain), 30))
    assert_same(drafted, expected)
    assert len(drafted[1]) <= 12
    assert drafted[1][-1].last


def test_the_limit_holds_within_a_draft(model):
    plain, _ = answers(model, limit=7)
    longer, _ = answers(model)
    drafted, _ = answers(model, limit=7, draft=follow(tokens(longer), 30))
    assert_same(drafted, plain)


def test_a_given_opening_is_said_first(model):
    template = Template((11, 12, 13), lambda number: ())
    plain, _ = answers(model, template=template)
    drafted, _ = answers(model, template=template, draft=follow(tokens(plain), 4))
    assert_same(drafted, plain)
    assert [choice.given for choice in drafted[0][:4]] == [True, True, True, False]
