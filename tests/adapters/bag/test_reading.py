"""Bags of every kind that rosbags writes, whole and damaged."""

import shutil

import pytest

from molmo_point_adapters.bag.reading import Bag
from molmo_point_adapters.bag.records import BagError
from tests.adapters.bag.conftest import PACKED, RAW, START, STEP, raw, write_bag

TOPIC = "/camera/image"


def read(path, topics=(TOPIC,)):
    with Bag(path) as bag:
        return list(bag.records(topics)), bag.damage, bag.count(topics), bag.topics()


@pytest.mark.parametrize("plugin", ["MCAP", "SQLITE3"])
@pytest.mark.parametrize("compression", [None, "MESSAGE", "FILE", "STORAGE"])
def test_every_kind_of_bag(tmp_path, plugin, compression):
    if (plugin, compression) == ("SQLITE3", "STORAGE"):
        compression = None  # it has no chunks that could be compressed
    file = write_bag(tmp_path / "drive", plugin=plugin, compression=compression)
    for path in (tmp_path / "drive", file):
        records, damage, count, topics = read(path)
        assert [record.timestamp for record in records] == [START + n * STEP for n in range(6)]
        assert [bytes(record.data) for record in records] == [bytes(raw(n)) for n in range(6)]
        assert {record.msgtype for record in records} == {RAW}
        assert (damage, count) == ([], 6)
        assert topics == {TOPIC: RAW, "/count": "std_msgs/msg/Int32"}


def test_lz4_chunks(tmp_path):
    from mcap.writer import CompressionType, Writer

    path = tmp_path / "drive.mcap"
    with path.open("wb") as file:
        writer = Writer(file, chunk_size=200_000, compression=CompressionType.LZ4)
        writer.start("ros2")
        schema = writer.register_schema(RAW, "ros2msg", b"")
        channel = writer.register_channel(TOPIC, "cdr", schema)
        for number in range(6):
            writer.add_message(channel, START + number, bytes(raw(number)), START + number)
        writer.finish()
    records, damage, _, topics = read(path)
    assert [bytes(record.data) for record in records] == [bytes(raw(n)) for n in range(6)]
    assert (damage, topics) == ([], {TOPIC: RAW})


def test_a_bag_in_several_files_is_read_by_their_numbers(tmp_path):
    (tmp_path / "drive").mkdir()
    for number in (0, 2, 10):
        file = write_bag(tmp_path / str(number), images=number + 1)
        shutil.move(file, tmp_path / "drive" / f"drive_{number}.mcap")
    records, _, count, _ = read(tmp_path / "drive")
    assert count == 1 + 3 + 11
    assert [r.timestamp for r in records[1:4]] == [START + n * STEP for n in range(3)]


@pytest.mark.parametrize("plugin", ["mcap", "db3"])
def test_one_file_of_several_that_is_none_is_left_out(tmp_path, plugin):
    (tmp_path / "drive").mkdir()
    file = write_bag(tmp_path / "0", images=3)
    shutil.move(file, tmp_path / "drive" / "drive_0.mcap")
    (tmp_path / "drive" / f"drive_1.{plugin}").touch()
    records, damage, _, topics = read(tmp_path / "drive")
    assert len(records) == 3
    assert "drive_1" in damage[0]
    assert TOPIC in topics


@pytest.mark.parametrize("compression", [None, "STORAGE"])
def test_an_mcap_file_without_its_end(tmp_path, compression):
    """As a recorder leaves it that was killed: no index, and half a chunk."""
    file = write_bag(tmp_path / "drive", images=60, compression=compression, kind=RAW)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 3 // 5])
    records, damage, count, topics = read(file)
    assert 15 <= len(records) < 60
    assert [bytes(record.data) for record in records[:3]] == [bytes(raw(n)) for n in range(3)]
    assert count is None
    assert topics[TOPIC] == RAW
    (sentence,) = damage
    assert "is cut off or damaged near byte" in sentence


def test_an_mcap_file_with_a_damaged_chunk(tmp_path):
    file = write_bag(tmp_path / "drive", images=80, compression="STORAGE")
    data = bytearray(file.read_bytes())
    from mcap.reader import make_reader

    with file.open("rb") as stream:
        chunks = make_reader(stream).get_summary().chunk_indexes
    assert len(chunks) > 2
    middle = chunks[1].chunk_start_offset + chunks[1].chunk_length // 2
    data[middle : middle + 40] = b"\xff" * 40
    file.write_bytes(data)
    records, damage, _, _ = read(file)
    assert 0 < len(records) < 80
    assert records[-1].timestamp == START + 79 * STEP  # what comes after is read
    (sentence,) = damage
    assert "a damaged chunk" in sentence


def test_a_database_that_is_cut_off(tmp_path):
    file = write_bag(tmp_path / "drive", images=30, plugin="SQLITE3")
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    records, damage, _, _ = read(file)
    assert 5 <= len(records) < 30
    assert [bytes(record.data) for record in records[:3]] == [bytes(raw(n)) for n in range(3)]
    assert damage


def test_a_database_with_a_damaged_page(tmp_path):
    file = write_bag(tmp_path / "drive", images=30, plugin="SQLITE3", kind=PACKED)
    whole, *_ = read(file)
    data = bytearray(file.read_bytes())
    pages = len(data) // 4096
    for page in range(pages // 2, pages // 2 + 2):
        data[page * 4096 : (page + 1) * 4096] = b"\xff" * 4096
    file.write_bytes(data)
    records, damage, _, _ = read(file)
    assert damage
    assert records
    assert {r.timestamp for r in records} < {r.timestamp for r in whole}
    assert records[-1].timestamp == START + 29 * STEP


@pytest.mark.parametrize("plugin", ["MCAP", "SQLITE3"])
def test_a_compressed_file_that_is_cut_off(tmp_path, plugin):
    file = write_bag(tmp_path / "drive", images=60, plugin=plugin, compression="FILE")
    data = file.read_bytes()
    file.write_bytes(data[: len(data) * 2 // 3])
    records, damage, _, _ = read(file)
    assert 0 < len(records) < 60
    assert damage


@pytest.mark.parametrize("name", ["drive.mcap", "drive.db3", "drive.mcap.zstd"])
@pytest.mark.parametrize("content", [b"", b"no bag at all, but some text that is long enough"])
def test_what_is_no_bag(tmp_path, name, content):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(BagError, match="drive"):
        read(path)


def test_no_such_file_and_no_bag_inside(tmp_path):
    with pytest.raises(BagError, match="There is no bag"):
        Bag(tmp_path / "nothing")
    with pytest.raises(BagError, match="holds no bag of ROS 2"):
        Bag(tmp_path)
