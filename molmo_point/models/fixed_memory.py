"""Keys and values in fixed memory: on a GPU, a step is one replayed graph, not a thousand launches.

Every row writes where it stands and sees what lies before: there is no padding, and what is not
kept is simply written over. How far each row is, only the device knows until it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeVar

import torch
from torch import Tensor

__all__ = ["FixedMemory", "KeyValue", "borrow", "can_be_captured"]

T = TypeVar("T")
B = TypeVar("B")
KeyValue = tuple[Tensor, Tensor]
"""Keys and values [B, H, S, D] of one layer."""

_ROOM = 256  # tokens by which the memory grows
_KEPT = 4  # boards of a model that wait for the next question
_CAPTURED = 32  # tokens a row; longer steps, which are long questions, are not captured
_WAITING = "_waiting_boards"  # attribute of a model: they are let go of with it

_lock = Lock()
_capturing = Lock()  # torch.cuda.graph: one capture at a time


def can_be_captured(model: Any) -> bool:
    """Whether a step of a model can be a CUDA graph: one GPU, plain weights, no experts."""
    plain = getattr(model, "hf_quantizer", None) is None
    whole = not getattr(model, "hf_device_map", None)
    experts = getattr(model.config.get_text_config(), "moe_num_experts", 0)
    return model.device.type == "cuda" and plain and whole and not experts


@contextmanager
def borrow(model: Any, key: tuple[Any, ...], make: Callable[[], B]) -> Iterator[B]:
    """A board of a model, with its memory and graphs, that nobody else uses meanwhile.

    Args:
        model: whose board it is.
        key: boards of the same key are alike.
        make: makes one if none is waiting.
    """
    with _lock:
        kept = vars(model).setdefault(_WAITING, {}).setdefault(key, [])
        board = kept.pop() if kept else None
    if board is None:
        board = make()
    try:
        yield board
    except torch.OutOfMemoryError:
        with _lock:
            vars(model)[_WAITING].clear()  # what waits is memory, too
        raise
    except BaseException:
        _keep(kept, board)
        raise
    _keep(kept, board)


def _keep(kept: list[B], board: B) -> None:
    with _lock:
        kept.append(board)
        del kept[:-_KEPT]


@dataclass(slots=True)
class _Graph:
    inputs: Tensor
    graph: torch.cuda.CUDAGraph
    result: Any


class FixedMemory:
    """Keys and values of some rows, to which a decoder writes as to a cache of transformers.

    Args:
        like: keys and values of a session whose layers these are.
        rows: how many.
        captured: whether steps are CUDA graphs.

    Attributes:
        lengths: int64 [R], tokens that each row has; on the device.
    """

    is_initialized = True  # what Molmo2 asks of a cache

    def __init__(self, like: Sequence[KeyValue], rows: int, *, captured: bool) -> None:
        self.rows, self.capacity = rows, 0
        self._captured = captured
        self._layers = [
            tuple(part.new_zeros(rows, part.shape[1], 0, part.shape[3]) for part in pair)
            for pair in like
        ]
        self.lengths = torch.zeros(rows, dtype=torch.long, device=like[0][0].device)
        self._slots = self.lengths
        self._graphs: dict[tuple[int, ...], _Graph] = {}
        self._pool: Any = None  # one for all graphs: each is read before the next is replayed
        self._aside: Any = None  # the stream that they are recorded on

    @property
    def dtype(self) -> torch.dtype:
        """Of keys and values."""
        return self._layers[0][0].dtype

    def fill(self, row: int, like: Sequence[KeyValue], at: int, length: int) -> None:
        """Begin a row with what the first `length` tokens of row `at` of others were read as."""
        self.reserve(length)
        for own, read in zip(self._layers, like, strict=True):
            for kept, part in zip(own, read, strict=True):
                kept[row, :, :length] = part[at, :, :length]
        self.lengths[row] = length

    def reserve(self, tokens: int) -> None:
        """Make room for rows of so many tokens; graphs are captured again if there is none yet."""
        if tokens <= self.capacity:
            return
        capacity = -(-(tokens + _ROOM) // _ROOM) * _ROOM
        more = (0, 0, 0, capacity - self.capacity)
        for at, pair in enumerate(self._layers):  # one by one: all of them twice may be too much
            self._layers[at] = tuple(torch.nn.functional.pad(part, more) for part in pair)
        self.capacity = capacity
        self.forget_graphs()

    def forget_graphs(self) -> None:
        """Capture steps anew: what they read lies elsewhere now."""
        self._graphs.clear()
        self._pool = None  # one that no graph uses may not be captured into again

    def open(self, length: int) -> tuple[Tensor, Tensor]:
        """Where each row's next tokens stand, int [R, T], and what they see, bool [R, 1, T, S].

        Room is reserved for rows that are in use; others, and fillings, may come to lie beyond it.
        """
        places = torch.arange(max(length, self.capacity), device=self.lengths.device)
        self._slots = (self.lengths[:, None] + places[:length]).clamp(max=self.capacity - 1)
        return self._slots, places[: self.capacity] <= self._slots[:, None, :, None]

    def update(
        self, key: Tensor, value: Tensor, layer: int, *_: Any, **__: Any
    ) -> tuple[Tensor, Tensor]:
        """What attention calls: keep [B, H, T, D], give back all of [B, H, S, D]."""
        keys, values = self._layers[layer]
        at = self._slots.to(key.device)[:, None, :, None].expand_as(key)
        keys.scatter_(2, at, key)
        values.scatter_(2, at, value)
        return keys, values

    def get_seq_length(self) -> int:
        """S, of which a row has filled the beginning."""
        return self.capacity

    def run(self, work: Callable[[Tensor], T], inputs: Tensor) -> T:
        """The result of work on some tokens, int64 [R, T]: as a graph, if steps are captured.

        The next run of as many tokens may write over it.
        """
        if not self._captured or inputs.shape[1] > _CAPTURED:
            return work(inputs)
        known = self._graphs.get(tuple(inputs.shape))
        if known is None:
            known = self._graphs[tuple(inputs.shape)] = self._capture(work, inputs.clone())
        known.inputs.copy_(inputs)
        with torch.cuda.device(inputs.device):
            known.graph.replay()
        result: T = known.result
        return result

    def _capture(self, work: Callable[[Tensor], T], inputs: Tensor) -> _Graph:
        """Record a step; it is run once before, on a stream of its own, as CUDA asks for."""
        with _capturing, torch.cuda.device(inputs.device):
            now = torch.cuda.current_stream()
            # torch.cuda.graph's own stream is one for all devices: on another, it records nothing.
            self._aside = aside = self._aside or torch.cuda.Stream()  # type: ignore[no-untyped-call]
            aside.wait_stream(now)
            with torch.cuda.stream(aside):
                work(inputs)
            now.wait_stream(aside)
            graph = torch.cuda.CUDAGraph()
            self._pool = self._pool or torch.cuda.graph_pool_handle()
            others_go_on = "thread_local"  # what other threads ask of CUDA does not spoil it
            with torch.cuda.graph(graph, self._pool, aside, capture_error_mode=others_go_on):
                result = work(inputs)
        return _Graph(inputs, graph, result)
