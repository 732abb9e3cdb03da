"""Answers in fixed memory: on a GPU, a step is one replayed graph instead of a thousand launches.

Every row writes its keys and values where it stands and sees what lies before: there is no padding,
and what is unread is simply written over. Steps are filled up to a few lengths, each of which is
captured once; the memory with its graphs is kept for the next question.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

import torch
from torch import Tensor

from molmo_point.models.steps import ExtendedVocabulary, StepLogits
from molmo_point.models.text_session import TextModel, TextSession

__all__ = ["FixedBoard", "FixedMemory", "FixedSession", "can_be_captured"]

_STEPS = (1, 4, 8, 16, 32)  # tokens a row; longer ones are read without a graph
_ROOM = 256  # tokens by which the memory grows
_KEPT = 4  # memories of a model that wait for the next question

_waiting: weakref.WeakKeyDictionary[Any, list[FixedMemory]] = weakref.WeakKeyDictionary()
_lock = Lock()


def can_be_captured(model: Any) -> bool:
    """Whether a step of a model can be a CUDA graph: one GPU, plain weights, no experts."""
    plain = getattr(model, "hf_quantizer", None) is None
    whole = not getattr(model, "hf_device_map", None)
    experts = getattr(model.config.get_text_config(), "moe_num_experts", 0)
    return model.device.type == "cuda" and plain and whole and not experts


@dataclass(slots=True)
class _Graph:
    inputs: Tensor
    graph: torch.cuda.CUDAGraph
    logits: Tensor


class FixedMemory:
    """Keys and values of some rows, to which a decoder writes as to a cache of transformers.

    Args:
        like: a session whose layers these are.
        rows: how many.
        capacity: tokens a row.
    """

    is_initialized = True  # what Molmo2 asks of a cache

    def __init__(self, like: TextSession, rows: int, capacity: int) -> None:
        self.rows, self.capacity = rows, capacity
        self.keys, self.values = (
            [part.new_zeros(rows, part.shape[1], capacity, part.shape[3]) for part in parts]
            for parts in zip(*((layer.keys, layer.values) for layer in like.cache.layers),
                             strict=True)
        )  # fmt: skip
        self._slots = torch.empty(0)
        self._graphs: dict[int, _Graph] = {}
        self._pool: Any = None  # one for all graphs: each is read before the next is replayed

    def fill(self, session: TextSession, row: int | None = None) -> None:
        """Begin a row, or every row, with what a session of one row has read."""
        rows = slice(None) if row is None else slice(row, row + 1)
        for own, layer in zip(zip(self.keys, self.values, strict=True), session.cache.layers,
                              strict=True):  # fmt: skip
            for kept, read in zip(own, (layer.keys, layer.values), strict=True):
                kept[rows, :, : read.shape[2]] = read

    def grow(self, capacity: int) -> None:
        """Make room for longer rows; graphs are captured again."""
        more = (0, 0, 0, capacity - self.capacity)
        self.keys = [torch.nn.functional.pad(part, more) for part in self.keys]
        self.values = [torch.nn.functional.pad(part, more) for part in self.values]
        self.capacity = capacity
        self._graphs.clear()

    def update(
        self, key: Tensor, value: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """What attention calls: keep [B, H, T, D], give back all of [B, H, S, D]."""
        at = self._slots[:, None, :, None].expand_as(key)
        self.keys[layer].scatter_(2, at, key)
        self.values[layer].scatter_(2, at, value)
        return self.keys[layer], self.values[layer]

    def step(self, model: TextModel, inputs: Tensor) -> Tensor:
        """Logits [B, T, V] of int64 [B, 1 + T]: where each row stands, and its next tokens."""
        length = inputs.shape[1] - 1
        device = self.keys[0].device
        if device.type != "cuda" or length > _STEPS[-1]:
            return self._forward(model, inputs.to(device))
        known = self._graphs.get(length)
        if known is None:
            known = self._graphs[length] = self._capture(model, inputs.to(device))
        known.inputs.copy_(inputs.pin_memory(), non_blocking=True)
        known.graph.replay()
        return known.logits

    def _forward(self, model: TextModel, inputs: Tensor) -> Tensor:
        length = inputs.shape[1] - 1
        places = torch.arange(max(length, self.capacity), device=inputs.device)
        self._slots = inputs[:, :1] + places[:length]
        open_ = places[: self.capacity] <= self._slots[:, None, :, None]
        dtype = self.keys[0].dtype
        mask = torch.zeros(open_.shape, dtype=dtype, device=inputs.device)
        mask = mask.masked_fill(~open_, torch.finfo(dtype).min)
        output = model(
            input_ids=inputs[:, 1:],
            attention_mask=mask,
            position_ids=self._slots,
            past_key_values=self,
            use_cache=True,
        )
        logits: Tensor = output.logits
        return logits

    def _capture(self, model: TextModel, inputs: Tensor) -> _Graph:
        """Record a step; it is run once before, on a stream of its own, as CUDA asks for."""
        now = torch.cuda.current_stream()
        aside = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        aside.wait_stream(now)
        with torch.cuda.stream(aside):
            self._forward(model, inputs)
        now.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        self._pool = self._pool or torch.cuda.graph_pool_handle()
        with torch.cuda.graph(graph, pool=self._pool):
            logits = self._forward(model, inputs)
        return _Graph(inputs, graph, logits)


@dataclass(slots=True)
class FixedSession:
    """The state of answers that are written in fixed memory; see `TextSession`.

    A fork goes on in the same memory: the session that it comes from is not used any more.

    Attributes:
        model: whose session it is.
        memory: of at least as many rows.
        lengths: tokens of each row of the memory.
        places: which of them each row of the session is.
        ids: how many ids the text head has.
    """

    model: TextModel
    memory: FixedMemory
    lengths: list[int]
    places: list[int]
    ids: int
    lease: object

    @classmethod
    @torch.inference_mode()
    def of(cls, session: TextSession, rows: int) -> FixedSession:
        """So many rows that begin with what a session of one row, without padding, has read."""
        read = session.valid.shape[1]
        size = 1 << (rows - 1).bit_length()
        with _lock:
            kept = _waiting.setdefault(session.model, [])
            fitting = [memory for memory in kept if memory.rows == size]
            memory = fitting[0] if fitting else FixedMemory(session, size, 0)
            if fitting:
                kept.remove(memory)
        lease = _Lease()
        weakref.finalize(lease, _give_back, weakref.ref(session.model), memory).atexit = False
        _reserve(memory, read)
        memory.fill(session)
        return cls(session.model, memory, [read] * size, list(range(rows)), session.rows, lease)

    @property
    def vocabulary(self) -> ExtendedVocabulary:
        """Ids of these prompts: words only."""
        return ExtendedVocabulary(self.ids, 0, 0, 0)

    def fork(self, rows: Sequence[int]) -> FixedSession:
        """Go on with these rows, each at most once; the others' memory is idle."""
        places = [self.places[row] for row in rows]
        return FixedSession(self.model, self.memory, self.lengths, places, self.ids, self.lease)

    def ask(self, questions: Sequence[Sequence[int]], opening: Sequence[int] = ()) -> StepLogits:
        """Read one question a row, and the given opening of its answer."""
        return self.extend([[*question, *opening] for question in questions])

    def extend(self, chunks: Sequence[Sequence[int]]) -> StepLogits:
        """Read some more tokens of each row (at least one each)."""
        logits = self.read(chunks)
        last = torch.tensor([len(chunk) - 1 for chunk in chunks], device=logits.device)
        return StepLogits(logits[torch.arange(len(chunks), device=logits.device), last])

    def read(self, chunks: Sequence[Sequence[int]]) -> Tensor:
        """The same; logits [B, T, V] after each of them, meaningless after a shorter row's end."""
        longest = max(len(chunk) for chunk in chunks)
        steps = next((step for step in _STEPS if step >= longest), longest)
        _reserve(self.memory, max(self.lengths) + steps)
        inputs = torch.zeros(self.memory.rows, 1 + steps, dtype=torch.long)
        inputs[:, 0] = torch.tensor(self.lengths)
        for place, chunk in zip(self.places, chunks, strict=True):
            inputs[place, 1 : 1 + len(chunk)] = torch.tensor(list(chunk))
            self.lengths[place] += len(chunk)
        logits = self.memory.step(self.model, inputs)
        return logits[self.places] if len(self.places) < len(logits) else logits

    def forget(self, counts: Sequence[int]) -> None:
        """Unread the last so many tokens of each row."""
        for place, count in zip(self.places, counts, strict=True):
            self.lengths[place] -= count


class FixedBoard:
    """Rows of fixed memory for many requests; see `decoding.batching.Board`.

    Args:
        like: a session of the model that they are asked.
        rows: how many answers are written at a time.

    Attributes:
        used: tokens read so far that were asked for.
        read_in_all: the same with what filled up rows and steps.
    """

    def __init__(self, like: TextSession, rows: int) -> None:
        self.rows, self.used, self.read_in_all = rows, 0, 0
        self._model = like.model
        self._memory = FixedMemory(like, rows, 0)
        self._lengths = [0] * rows

    def admit(self, row: int, prefix: TextSession) -> None:
        """See `Board`."""
        self._lengths[row] = prefix.valid.shape[1]
        _reserve(self._memory, self._lengths[row])
        self._memory.fill(prefix, row)

    def read(self, chunks: Mapping[int, Sequence[int]]) -> Tensor:
        """See `Board`."""
        longest = max(len(chunk) for chunk in chunks.values())
        steps = next((step for step in _STEPS if step >= longest), longest)
        _reserve(self._memory, max(self._lengths) + steps)
        inputs = torch.zeros(self.rows, 1 + steps, dtype=torch.long)
        inputs[:, 0] = torch.tensor(self._lengths)
        for row, chunk in chunks.items():
            inputs[row, 1 : 1 + len(chunk)] = torch.tensor(list(chunk))
            self._lengths[row] += len(chunk)
            self.used += len(chunk)
        self.read_in_all += self.rows * steps
        return self._memory.step(self._model, inputs)

    def forget(self, row: int, count: int) -> None:
        """See `Board`."""
        self._lengths[row] -= count


class _Lease:
    """Held by all sessions over one memory; the memory is free when none holds it."""


def _reserve(memory: FixedMemory, tokens: int) -> None:
    if tokens > memory.capacity:
        memory.grow(-(-(tokens + _ROOM) // _ROOM) * _ROOM)


def _give_back(model: weakref.ref[Any], memory: FixedMemory) -> None:
    owner = model()
    if owner is not None:
        with _lock:
            kept = _waiting.setdefault(owner, [])
            kept.append(memory)
            del kept[:-_KEPT]
