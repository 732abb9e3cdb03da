"""Fixed memory: the same answers as growing memory, for every decoder; rows of its own; kept."""

import gc

import pytest
import torch

from molmo_point.decoding.engine import DecodeOptions, decode
from molmo_point.models import fixed_session
from molmo_point.models.fixed_session import FixedSession, can_be_captured
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


def said(session, questions, limit):
    rows = [[] for _ in questions]
    for choice in decode(session, questions, DecodeOptions(limit=limit)):
        rows[choice.row].append(choice.token)
    return rows


@pytest.mark.parametrize("kind", GENERATIONS)
def test_every_decoder_answers_as_with_growing_memory(load, kind):
    prefix = read(load(kind), [3, 4, 17])
    plain = said(prefix.fork([0, 0, 0]), QUESTIONS, 25)
    assert said(FixedSession.of(prefix, 3), QUESTIONS, 25) == plain
    assert said(FixedSession.of(prefix, 1), QUESTIONS[:1], 25) == plain[:1]


def test_memory_grows_and_is_kept_for_the_next_question(load):
    model = load("molmo-d")
    long, short = read(model, list(range(3, 40))), read(model, [3])
    plain = [said(prefix.fork([0, 0]), QUESTIONS[:2], 520) for prefix in (long, short)]
    session = FixedSession.of(long, 2)
    memory, before = session.memory, session.memory.capacity
    assert said(session, QUESTIONS[:2], 520) == plain[0]
    assert memory.capacity > before
    del session
    gc.collect()
    again = FixedSession.of(short, 2)
    assert again.memory is memory  # with what the answer before has left in it
    assert FixedSession.of(short, 2).memory is not memory  # while it is in use
    assert said(again, QUESTIONS[:2], 520) == plain[1]


def test_rows_that_are_done_do_not_disturb_the_others(load):
    prefix = read(load("molmo-d"), [3, 4])
    plain = said(prefix.fork([0, 0, 0]), QUESTIONS, 40)
    session = FixedSession.of(prefix, 3)
    with torch.inference_mode():
        session.ask(QUESTIONS)
        rest = session.fork([2])
        chunk = plain[2]
        logits = rest.read([chunk])
    assert logits[0, : len(chunk) - 1].argmax(-1).tolist() == chunk[1:]


def test_few_memories_are_kept(load):
    prefix = read(load("molmo-d"), [3])
    sessions = [FixedSession.of(prefix, 1) for _ in range(7)]
    del sessions
    gc.collect()
    assert len(fixed_session._waiting[prefix.model]) == 4


def test_graphs_are_for_whole_models_on_a_gpu(load):
    assert not can_be_captured(load("molmo-d"))  # on the CPU
