"""Requests that share rows are answered as each alone, and none waits for a longer one."""

import pytest
import torch

from molmo_point.decoding.batching import Request, decode_continuously
from molmo_point.decoding.engine import decode
from molmo_point.decoding.options import DecodeOptions, Template
from molmo_point.decoding.padding import Padding
from molmo_point.models.text_board import TextBoard
from molmo_point.models.text_session import TextSession
from molmo_point.models.weights import load_model
from tests.published.small import write_checkpoint

LIMIT = 24
QUESTIONS = [[5, 9, 31], [7, 7, 8, 100, 12], [44], [2, 90, 17, 8], [61, 5], [5, 9, 31, 30]]


@pytest.fixture(scope="module")
def prefixes(tmp_path_factory):
    """Two images that have been read, of different lengths; here, words stand for them."""
    folder = tmp_path_factory.mktemp("batching") / "molmo-d"
    write_checkpoint(folder, "molmo-d")
    model = load_model(folder, "molmo", dtype=torch.float32)
    with torch.inference_mode():
        return [
            TextSession.read_images(
                model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
            )
            for ids in (torch.tensor([[3, 4]]), torch.tensor([[9, 8, 7, 6, 5, 4, 40]]))
        ]


def requests(prefixes):
    return [Request(prefixes[at % 2], question) for at, question in enumerate(QUESTIONS)]


def alone(prefixes, options):
    return [
        list(decode(one.prefix.fork([0]), [one.question], options)) for one in requests(prefixes)
    ]


def tokens(choices):
    return [choice.token for choice in choices]


def together(prefixes, options, rows):
    board, padding = TextBoard(prefixes[0], rows), Padding()
    answers, order = [[] for _ in QUESTIONS], []
    for choice in decode_continuously(board, requests(prefixes), options, padding):
        answers[choice.row].append(choice)
        order.append(choice)
    return answers, order, padding


@pytest.mark.parametrize("rows", [1, 2, 4, 8])
@pytest.mark.parametrize(
    "draft", [None, lambda written: [[written[-1]] * 3] * 2, lambda written: [[]] * 5]
)
def test_answers_are_those_of_each_alone(rows, draft, prefixes):
    free = DecodeOptions(limit=LIMIT, draft=lambda written: [[]])
    stop = frozenset(row[9 + at].token for at, row in enumerate(alone(prefixes, free)[:3]))
    options = DecodeOptions(limit=LIMIT, stop=stop, draft=draft or (lambda written: [[]]))
    expected = alone(prefixes, options)
    assert len({len(answer) for answer in expected}) > 1
    answers, _, padding = together(prefixes, options, rows)
    for ours, theirs in zip(answers, expected, strict=True):
        assert tokens(ours) == tokens(theirs)
        assert [choice.probability for choice in ours] == pytest.approx(
            [choice.probability for choice in theirs], abs=1e-4
        )
        assert ours[-1].last
        assert ours[-1].truncated == theirs[-1].truncated
    assert 0 < padding.asked <= padding.computed
    assert (padding.share == 0) == (rows == 1)


def test_a_request_is_taken_when_the_first_answer_ends_not_the_last(prefixes):
    free = DecodeOptions(limit=LIMIT, draft=lambda written: [[]])
    first = alone(prefixes, free)
    stop = frozenset({first[0][1].token})
    options = DecodeOptions(limit=LIMIT, stop=stop, draft=free.draft)
    expected = alone(prefixes, options)
    long = max(range(2), key=lambda number: len(expected[number]))
    assert len(expected[long]) > len(expected[1 - long]) + 2
    _, order, _ = together(prefixes, options, 2)
    third = next(at for at, choice in enumerate(order) if choice.row == 2)
    end = next(at for at, choice in enumerate(order) if choice.row == long and choice.last)
    assert third < end


def test_openings_are_given_and_nothing_asked_is_nothing_answered(prefixes):
    options = DecodeOptions(limit=6, template=Template((11, 12), lambda number: ()), draft=None)
    answers, _, _ = together(prefixes, options, 3)
    for answer in answers:
        assert tokens(answer)[:2] == [11, 12]
        assert [choice.given for choice in answer[:3]] == [True, True, False]
    assert list(decode_continuously(TextBoard(prefixes[0], 2), [], options)) == []
