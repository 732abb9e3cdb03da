"""A db3 file of rosbag2, which is an SQLite database; rows that cannot be read are passed over."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing
from pathlib import Path

from molmo_point_adapters.bag.records import BagError, Record

__all__ = ["count_messages", "fill_up", "is_cut_off", "read_records", "read_topics"]

_MISSES = 10_000  # rows that are tried one by one after a damaged page


def is_cut_off(path: Path) -> bool:
    """Whether the file is shorter than its head says; SQLite then reads nothing of it."""
    return 0 < path.stat().st_size < _stated_size(path)


def _stated_size(path: Path) -> int:
    """Pages times their size (sqlite.org/fileformat2.html, section 1.3)."""
    with path.open("rb") as file:
        head = file.read(100)
    if len(head) < 100 or not head.startswith(b"SQLite format 3\0"):
        return 0
    page = int.from_bytes(head[16:18], "big")
    return (65536 if page == 1 else page) * int.from_bytes(head[28:32], "big")


def fill_up(path: Path, target: Path) -> Path:
    """Copy a file that is cut off and add empty pages, so that the others can be read."""
    shutil.copyfile(path, target)
    with target.open("r+b") as file:
        file.truncate(_stated_size(path))
    return target


def _open(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)


def _topics(database: sqlite3.Connection, path: Path) -> dict[int, tuple[str, str]]:
    try:
        rows = database.execute("SELECT id, name, type FROM topics").fetchall()
    except sqlite3.DatabaseError as error:
        raise BagError(f'"{path}" is no bag that can be read: {error}.') from error
    return {number: (name, msgtype) for number, name, msgtype in rows}


def read_topics(path: Path) -> dict[str, str]:
    """The type of each topic.

    Raises:
        BagError: the file is no bag.
    """
    with closing(_open(path)) as database:
        return dict(_topics(database, path).values())


def count_messages(path: Path, topics: Collection[str]) -> int | None:
    """How many messages there are; None if that cannot be counted."""
    with closing(_open(path)) as database:
        wanted = [key for key, (name, _) in _topics(database, path).items() if name in topics]
        marks = ", ".join("?" * len(wanted))
        try:
            row = database.execute(
                f"SELECT count(*) FROM messages WHERE topic_id IN ({marks})", wanted
            ).fetchone()
        except sqlite3.DatabaseError:
            return None
        return int(row[0])


def read_records(
    path: Path, topics: Collection[str] | None, report: Callable[[str], None]
) -> Iterator[Record]:
    """Every message in the order of the file.

    Args:
        path: the file.
        topics: those wanted; None for all.
        report: is given a sentence for each part that cannot be read.

    Raises:
        BagError: the file is no bag.
    """
    with closing(_open(path)) as database:
        known = _topics(database, path)
        for topic, timestamp, data in _rows(database, path.name, report):
            name, msgtype = known.get(topic, ("", ""))
            if name and (topics is None or name in topics):
                yield Record(name, msgtype, timestamp, data)


def _rows(
    database: sqlite3.Connection, name: str, report: Callable[[str], None]
) -> Iterator[tuple[int, int, bytes]]:
    """Topic, timestamp and data of each row; past a damaged page the next sound row is sought."""
    query = "SELECT id, topic_id, timestamp, data FROM messages WHERE id > ? ORDER BY id"
    last, misses, lost = 0, 0, 0
    while misses < _MISSES:
        try:
            for number, *row in database.execute(query, (last,)):
                lost, misses, last = lost + misses, 0, number
                yield row[0], row[1], row[2]
            break
        except sqlite3.DatabaseError:
            last, misses = last + 1, misses + 1
    if misses == _MISSES:
        report(f"{name} is cut off or damaged after message {last - misses:,}")
        misses = 0
    if lost + misses:
        report(f"{name}: {lost + misses:,} damaged messages are left out")
