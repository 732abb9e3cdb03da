"""An MCAP file read from front to back, so that one without its end is read as far as it goes."""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from molmo_point.errors import require
from molmo_point_adapters.bag.records import BagError, Record

if TYPE_CHECKING:
    from mcap.records import Channel, Schema
    from mcap.summary import Summary

__all__ = ["count_messages", "read_records", "read_topics"]

# What one damaged record may be read as: mcap names few of its failures itself.
_DAMAGE = (ValueError, KeyError, IndexError, EOFError, MemoryError, RuntimeError, struct.error)


def _failures() -> tuple[type[BaseException], ...]:
    return (
        *_DAMAGE,
        require("mcap.exceptions", "bag").McapError,
        require("zstandard", "bag").ZstdError,
    )


def _summary(path: Path) -> Summary | None:
    """The index at the end of the file; None if it is not there, or damaged."""
    reader = require("mcap.reader", "bag")
    with path.open("rb") as file:
        try:
            summary: Summary | None = reader.make_reader(file).get_summary()
        except _failures():
            return None
    return summary


def count_messages(path: Path, topics: Collection[str]) -> int | None:
    """How many messages the file says it has; None if it does not say."""
    summary = _summary(path)
    if summary is None or summary.statistics is None:
        return None
    counts = summary.statistics.channel_message_counts
    return sum(
        counts.get(number, 0)
        for number, channel in summary.channels.items()
        if channel.topic in topics
    )


def read_topics(path: Path) -> dict[str, str]:
    """The type of each topic; from the index, or if there is none, from the whole file.

    Raises:
        BagError: the file is no MCAP file.
    """
    summary = _summary(path)
    if summary is not None and summary.channels:
        return {
            channel.topic: _type(channel, summary.schemas) for channel in summary.channels.values()
        }
    return {record.topic: record.msgtype for record in read_records(path, None, lambda _: None)}


def _type(channel: Channel, schemas: dict[int, Schema]) -> str:
    schema = schemas.get(channel.schema_id)
    return schema.name if schema is not None else ""


def read_records(
    path: Path, topics: Collection[str] | None, report: Callable[[str], None]
) -> Iterator[Record]:
    """Every message in the order of the file.

    Args:
        path: the file.
        topics: those wanted; None for all.
        report: is given a sentence for each part that cannot be read.

    Raises:
        BagError: the file is no MCAP file.
    """
    stream, records = require("mcap.stream_reader", "bag"), require("mcap.records", "bag")
    summary = _summary(path)
    channels: dict[int, Channel] = dict(summary.channels) if summary is not None else {}
    schemas: dict[int, Schema] = dict(summary.schemas) if summary is not None else {}
    for record in _parts(path, stream, records, report):
        if isinstance(record, records.Schema):
            schemas[record.id] = record
        elif isinstance(record, records.Channel):
            channels[record.id] = record
        elif isinstance(record, records.Message):
            channel = channels.get(record.channel_id)
            if channel is not None and (topics is None or channel.topic in topics):
                msgtype = _type(channel, schemas)
                yield Record(channel.topic, msgtype, record.log_time, record.data)


def _parts(path: Path, stream: Any, records: Any, report: Callable[[str], None]) -> Iterator[Any]:
    """The records of the file, those of its chunks among them; a damaged chunk is left out."""
    size, failures = path.stat().st_size, _failures()
    with path.open("rb") as file:
        reader = iter(stream.StreamReader(file, emit_chunks=True, record_size_limit=size).records)
        while True:
            try:
                record = next(reader)
            except StopIteration:
                return
            except failures as error:
                if file.tell() <= stream.MAGIC_SIZE:
                    raise BagError(
                        f'"{path}" is no MCAP file, or nothing is left of it.'
                    ) from error
                report(f"{path.name} is cut off or damaged near byte {file.tell():,} of {size:,}")
                return
            if not isinstance(record, records.Chunk):
                yield record
                continue
            try:
                inside = stream.breakup_chunk(record, validate_crc=True)
            except failures:
                report(
                    f"{path.name}: a damaged chunk that ends at byte {file.tell():,} is left out"
                )
                continue
            yield from inside
