"""The device is read when drafts are used up and at no other time; answers are the greedy ones."""

import numpy as np
import pytest
import torch
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode

from molmo_point import Pointer
from molmo_point.decoding import batching
from molmo_point.decoding.batching import decode_continuously
from molmo_point.decoding.engine import decode
from molmo_point.decoding.options import DecodeOptions, Template
from tests.published.small import write_checkpoint

READS = {"_local_scalar_dense", "nonzero", "is_nonzero", "equal", "unique_consecutive", "_unique2"}
METHODS = {torch.Tensor.tolist, torch.Tensor.numpy, torch.Tensor.item, torch.Tensor.cpu,
           torch.Tensor.__bool__, torch.Tensor.__int__, torch.Tensor.__float__,
           torch.Tensor.__index__}  # fmt: skip
LIMIT = 33


class Dispatched(TorchDispatchMode):
    """Counts operations whose result, or its shape, the host must wait for on a GPU."""

    def __init__(self, log):
        super().__init__()
        self.log = log

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket.__name__
        masks = [one for one in args[1] if one is not None] if name.startswith("index") and (
            len(args) > 1 and isinstance(args[1], list | tuple)) else []  # fmt: skip
        if name in READS or any(one.dtype == torch.bool for one in masks):
            self.log.append(name)
        return func(*args, **(kwargs or {}))


class Called(TorchFunctionMode):
    """Counts methods that bring values to the host without an operation."""

    def __init__(self, log):
        super().__init__()
        self.log = log

    def __torch_function__(self, func, types, args=(), kwargs=None):
        if func in METHODS:
            self.log.append(func.__name__)
        return func(*args, **(kwargs or {}))


def reads_of(work):
    log = []
    with Dispatched(log), Called(log):
        result = work()
    return result, log


@pytest.mark.parametrize(
    "work",
    [
        lambda x: x.sum().item(),
        lambda x: int(x.argmax()),
        lambda x: bool((x > 0).any()),
        lambda x: x.tolist(),
        lambda x: x.nonzero(),
        lambda x: x[x > 0],
        lambda x: x.cpu(),
    ],
)
def test_what_counts(work):
    assert reads_of(lambda: work(torch.ones(3)))[1]


@pytest.fixture(scope="module")
def pointers(tmp_path_factory):
    made = {}

    def find(kind):
        if kind not in made:
            folder = tmp_path_factory.mktemp("reads") / kind
            write_checkpoint(folder, kind)
            made[kind] = Pointer(folder, device="cpu")
        return made[kind]

    return find


def dialect_of(pointer):
    image = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    return pointer.look(image)._dialect


CASES = {
    "words, a step a look": DecodeOptions(limit=LIMIT, draft=lambda written: [[]]),
    "words, four steps a look": DecodeOptions(limit=LIMIT, draft=lambda written: [[]] * 4),
    "words, wrong drafts": DecodeOptions(limit=LIMIT, draft=lambda written: [[7, 7], [], [9]]),
    "points": DecodeOptions(limit=LIMIT, template=Template((65,), lambda number: (48 + number,))),
    "one point": DecodeOptions(limit=LIMIT, template=Template((65,), lambda n: (), single=True)),
}
KINDS = ["molmo-d", "molmo2", "molmo-point"]
PAIRS = [
    (kind, case)
    for kind in KINDS
    for case, options in CASES.items()
    if kind == "molmo-point" or options.template is None  # of the others, points are words
]


@pytest.mark.parametrize(("kind", "case"), PAIRS)
def test_nothing_is_read_between_looks(kind, case, pointers, monkeypatch):
    options, dialect = CASES[case], dialect_of(pointers(kind))
    questions = [dialect.encode_question(text) for text in ("cups", "a red dog")]
    session = dialect._session.fork([0, 0])
    plain = answers(decode(session, questions, DecodeOptions(
        limit=LIMIT, template=options.template, draft=None)), 2)  # fmt: skip
    logs, looks = [], []
    go, read = batching._go, batching._read

    def counted(*args):
        result, log = reads_of(lambda: go(*args))
        logs.append(log)
        return result

    def look(said, plan, *args):
        looks.append(len(plan.widths))
        return read(said, plan, *args)

    monkeypatch.setattr(batching, "_go", counted)
    monkeypatch.setattr(batching, "_read", look)
    requests = [dialect.request(question) for question in questions]
    requests = [batching.Request(one.prefix, one.question, one.at) for one in requests]
    with dialect.board(2) as board:
        ours = answers(decode_continuously(board, requests, options), 2)
    assert [[c.token for c in row] for row in ours] == [[c.token for c in row] for row in plain]
    for row, other in zip(ours, plain, strict=True):
        for choice, expected in zip(row, other, strict=True):
            assert choice.probability == pytest.approx(expected.probability, rel=1e-3)
            assert (choice.last, choice.truncated) == (expected.last, expected.truncated)
    assert all(log == ["tolist"] for log in logs)  # the look itself
    steps = {"words, four steps a look": 4, "words, wrong drafts": 3, "points": 3, "one point": 3}
    assert max(looks) == steps.get(case, 1)


def answers(choices, rows):
    said = [[] for _ in range(rows)]
    for choice in choices:
        said[choice.row].append(choice)
    return said
