"""Fixed memory: the same answers as growing memory, for every decoder; rows of its own; kept."""

import gc
import weakref
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
import torch

from molmo_point.decoding.batching import Request, decode_continuously
from molmo_point.decoding.engine import decode
from molmo_point.decoding.options import DecodeOptions
from molmo_point.models import fixed_memory
from molmo_point.models.fixed_memory import borrow, can_be_captured
from molmo_point.models.text_board import TextBoard
from molmo_point.models.text_session import TextSession
from molmo_point.models.weights import load_model
from tests.published.small import write_checkpoint

QUESTIONS = [[5, 9, 31], [7, 7, 8, 100, 12], [44]]
GENERATIONS = {"molmo-d": "molmo", "molmo-o": "molmo", "molmoe": "molmo",
               "molmo2": "molmo2", "molmo2-o": "molmo2"}  # fmt: skip


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    models = {}

    def find(kind):
        if kind not in models:
            folder = tmp_path_factory.mktemp("fixed") / kind
            write_checkpoint(folder, kind)
            models[kind] = load_model(folder, GENERATIONS[kind], dtype=torch.float32)
        return models[kind]

    return find


@torch.inference_mode()
def read(model, prefix):
    ids = torch.tensor([prefix])
    return TextSession.read_images(
        model, {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
    )


def said(prefix, questions, limit):
    rows = [[] for _ in questions]
    plain = prefix.fork([0] * len(questions))
    for choice in decode(plain, questions, DecodeOptions(limit=limit)):
        rows[choice.row].append(choice.token)
    return rows


def said_on(board, prefix, questions, limit):
    rows = [[] for _ in questions]
    requests = [Request(prefix, question) for question in questions]
    for choice in decode_continuously(board, requests, DecodeOptions(limit=limit)):
        rows[choice.row].append(choice.token)
    return rows


@pytest.mark.parametrize("kind", GENERATIONS)
def test_every_decoder_answers_as_with_growing_memory(load, kind):
    prefix = read(load(kind), [3, 4, 17])
    plain = said(prefix, QUESTIONS, 25)
    assert said_on(TextBoard(prefix, 3), prefix, QUESTIONS, 25) == plain
    assert said_on(TextBoard(prefix, 2), prefix, QUESTIONS, 25) == plain


def test_memory_grows_and_what_an_answer_left_in_it_is_not_seen(load):
    model = load("molmo-d")
    long, short = read(model, list(range(3, 40))), read(model, [3])
    plain = [said(prefix, QUESTIONS[:2], 520) for prefix in (long, short)]
    board = TextBoard(long, 2)
    assert said_on(board, long, QUESTIONS[:2], 20) == [row[:20] for row in plain[0]]
    before = board._memory.capacity
    assert said_on(board, long, QUESTIONS[:2], 520) == plain[0]
    assert board._memory.capacity > before
    assert said_on(board, short, QUESTIONS[:2], 520) == plain[1]


def test_rows_of_a_joint_reading_go_on_as_each_alone(load):
    model = load("molmo-d")
    ids = torch.tensor([[3, 4, 17, 9], [5, 6, 0, 0]])
    mask = torch.tensor([[1, 1, 1, 1], [1, 1, 0, 0]])
    with torch.inference_mode():
        both = TextSession.read_images(model, {"input_ids": ids, "attention_mask": mask})
    alone = [said(read(model, prefix), QUESTIONS[:1], 20) for prefix in ([3, 4, 17, 9], [5, 6])]
    requests = [Request(both, QUESTIONS[0], row) for row in range(2)]
    rows = [[], []]
    for choice in decode_continuously(TextBoard(both, 2), requests, DecodeOptions(limit=20)):
        rows[choice.row].append(choice.token)
    assert rows == [alone[0][0], alone[1][0]]


def test_boards_are_kept_and_lent_to_one_at_a_time(load):
    model = load("molmo-d")
    prefix = read(model, [3])

    def lend():
        return borrow(model, ("test", 1), lambda: TextBoard(prefix, 1))

    with lend() as one, lend() as two:
        assert one is not two
    with lend() as again:
        assert again in (one, two)
    with ExitStack() as stack:
        boards = [stack.enter_context(lend()) for _ in range(7)]
    assert len({id(board) for board in boards}) == 7
    assert len(vars(model)[fixed_memory._WAITING]["test", 1]) == 4


def test_boards_go_when_there_is_no_memory_left(load):
    model = load("molmo-d")
    made = []

    def lend(key):
        return borrow(model, key, lambda: made.append(key) or TextBoard(read(model, [3]), 1))

    with lend(("large", 1)):
        pass
    with pytest.raises(torch.OutOfMemoryError), lend(("small", 1)):
        raise torch.OutOfMemoryError
    with lend(("large", 1)), lend(("small", 1)):
        pass
    assert made == [("large", 1), ("small", 1), ("large", 1), ("small", 1)]


def test_a_row_that_is_not_in_use_may_have_come_to_the_end_of_the_memory(load):
    model = load("molmo-d")
    prefix = read(model, [3, 4, 17])
    board = TextBoard(prefix, 2)
    said_on(board, prefix, QUESTIONS[:2], 5)
    board._memory.lengths[1] = board._memory.capacity - 2
    plain = said(prefix, QUESTIONS[1:2], 5)
    assert said_on(board, prefix, QUESTIONS[1:2], 5) == plain


def test_boards_go_with_their_model(tmp_path):
    write_checkpoint(tmp_path / "one", "molmo-d")

    def lend(model):
        with borrow(model, ("test", 1), lambda: TextBoard(read(model, [3]), 1)):
            return weakref.ref(model)

    gone = lend(load_model(tmp_path / "one", "molmo", dtype=torch.float32))
    gc.collect()
    assert gone() is None


def test_graphs_are_for_whole_plain_models_without_experts_on_a_gpu(load):
    def can(kind, **traits):
        config, device = load(kind).config, torch.device("cuda")
        return can_be_captured(SimpleNamespace(config=config, device=device, **traits))

    assert can("molmo-d", hf_quantizer=None)
    assert not can("molmo-d", hf_quantizer=object())
    assert not can("molmo-d", hf_device_map={"model": 0, "lm_head": "cpu"})
    assert not can("molmoe")
    assert not can_be_captured(load("molmo-d"))  # on the CPU
