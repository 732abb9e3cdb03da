"""A bag is asked by the embedded model, and the bag of answers is read back by rosbags."""

import io
import json

import numpy as np
import pytest
from PIL import Image
from rosbags.highlevel import AnyReader

from molmo_point import Pointer, Points
from molmo_point_adapters.bag.asking import point_bag
from molmo_point_adapters.bag.choosing import Choice, choose_topics
from molmo_point_adapters.bag.messages import TYPES
from molmo_point_adapters.bag.reading import Bag
from molmo_point_adapters.bag.records import BagError
from tests.adapters.bag.conftest import (
    COUNTS,
    PACKED,
    RAW,
    START,
    STEP,
    STORE,
    picture,
    raw,
    write_bag,
)

TOPIC = "/camera/image"
QUERY = "red circles"


@pytest.fixture(scope="module")
def pointer():
    return Pointer()


class Centre:
    """Points at the middle of every image, and stops at one of them if told to."""

    def __init__(self, stop_at=None):
        self.asked = 0
        self.stop_at = stop_at

    def point(self, image, query):
        if self.asked == self.stop_at:
            raise KeyboardInterrupt
        self.asked += 1
        height, width = image.shape[:2]
        return Points.from_xy([(width / 2, height / 2)], (width, height), query=query)


def ask(path, out, pointer, *, topics=(TOPIC,), query=QUERY, **options):
    with Bag(path) as bag:
        choice = Choice(topics, options.pop("every", 1), options.pop("rate", None))
        return point_bag(bag, query, out, pointer=pointer, choice=choice, **options)


def read_back(folder):
    """By topic below the image's: (timestamp, message)."""
    with AnyReader([folder], default_typestore=STORE) as reader:
        found = {}
        for connection, timestamp, data in reader.messages():
            name = connection.topic.removeprefix(f"{TOPIC}/molmo_point/")
            assert connection.msgtype == TYPES[name]
            message = reader.deserialize(data, connection.msgtype)
            found.setdefault(name, []).append((timestamp, message))
    return found


@pytest.mark.parametrize("kind", [RAW, PACKED])
def test_points_of_every_image_with_its_stamp_and_frame(tmp_path, pointer, kind):
    write_bag(tmp_path / "drive", images=3, kind=kind)
    outcome = ask(tmp_path / "drive", tmp_path / "out", pointer)
    assert (outcome.images, outcome.points) == (3, sum(COUNTS))
    assert (outcome.failures, outcome.damage) == ((), ())
    found = read_back(tmp_path / "out")
    assert {name: len(messages) for name, messages in found.items()} == {
        "pixels": 3,
        "count": 3,
        "annotated/compressed": 3,
    }
    assert [message.data for _, message in found["count"]] == list(COUNTS)
    for number, (when, marker) in enumerate(found["pixels"]):
        assert when == START + number * STEP
        assert marker.header.frame_id == "camera_optical"
        assert marker.header.stamp.sec * 10**9 + marker.header.stamp.nanosec == when - 5_000_000
        assert (marker.type, marker.ns) == (4, QUERY)
        places = sorted((point.x, point.y) for point in marker.points)
        np.testing.assert_allclose(places, picture(number)[1] or np.empty((0,)), atol=10)
        assert all(0 < point.z <= 1 for point in marker.points)  # confidences
    drawn = found["annotated/compressed"][2][1]
    assert drawn.format == "jpeg"
    image = np.asarray(Image.open(io.BytesIO(drawn.data.tobytes())))
    assert image.shape[1:] == (160, 3)
    assert not (tmp_path / "out.progress.jsonl").exists()


def test_the_bag_says_what_was_asked_and_the_mcap_library_reads_it(tmp_path, bag):
    from mcap.reader import make_reader

    ask(bag, tmp_path / "out", Centre(), model="a model")
    assert QUERY in (tmp_path / "out" / "metadata.yaml").read_text()
    with (tmp_path / "out" / "out.mcap").open("rb") as file:
        summary = make_reader(file).get_summary()
    assert summary.statistics.message_count == 6 * 3
    assert {schema.encoding for schema in summary.schemas.values()} == {"ros2msg"}


def test_images_need_not_be_drawn(tmp_path, bag):
    ask(bag, tmp_path / "out", Centre(), draw=False)
    assert set(read_back(tmp_path / "out")) == {"pixels", "count"}


def test_an_interrupted_run_goes_on(tmp_path, bag):
    with pytest.raises(KeyboardInterrupt):
        ask(bag, tmp_path / "out", Centre(stop_at=4))
    journal = tmp_path / "out.progress.jsonl"
    with journal.open("a") as file:
        file.write('{"points": {"que')  # stopped in the middle of a line
    assert not (tmp_path / "out").exists()
    again = Centre()
    outcome = ask(bag, tmp_path / "out", again)
    assert again.asked == 2
    assert outcome.images == 6
    assert len(read_back(tmp_path / "out")["pixels"]) == 6
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drive", "out"]


def test_another_question_does_not_go_on(tmp_path, bag):
    with pytest.raises(KeyboardInterrupt):
        ask(bag, tmp_path / "out", Centre(stop_at=4))
    with pytest.raises(BagError, match="holds the answers of another run"):
        ask(bag, tmp_path / "out", Centre(), query="blue squares")


def test_a_run_without_an_answer_is_no_run(tmp_path, bag):
    with pytest.raises(KeyboardInterrupt):
        ask(bag, tmp_path / "out", Centre(stop_at=0))
    assert ask(bag, tmp_path / "out", Centre(), query="blue squares").images == 6


def test_an_interrupted_writing_is_begun_anew(tmp_path, bag):
    (tmp_path / "out.unfinished").mkdir()
    ask(bag, tmp_path / "out", Centre())
    assert not (tmp_path / "out.unfinished").exists()


def test_nothing_is_overwritten(tmp_path, bag):
    (tmp_path / "out").mkdir()
    with pytest.raises(BagError, match="is there already"):
        ask(bag, tmp_path / "out", Centre())


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        ({"every": 2}, [0, 2, 4]),
        ({"every": 10}, [0]),
        ({"rate": 5.0}, [0, 2, 4]),
        ({"rate": 100.0}, [0, 1, 2, 3, 4, 5]),
        ({"rate": 1.0}, [0]),
    ],
)
def test_some_of_the_images(tmp_path, bag, options, numbers):
    ask(bag, tmp_path / "out", Centre(), draw=False, **options)
    found = [when for when, _ in read_back(tmp_path / "out")["pixels"]]
    assert found == [START + number * STEP for number in numbers]


@pytest.mark.parametrize("options", [{"every": 0}, {"rate": 0.0}, {"rate": -1.0}])
def test_a_choice_that_cannot_be(options):
    with pytest.raises(BagError, match="above zero"):
        Choice((TOPIC,), **options)


def test_topics(tmp_path):
    write_bag(tmp_path / "two", images=1, topics=("/left", "/right"))
    with Bag(tmp_path / "two") as bag:
        assert choose_topics(bag, ["/right"]) == ("/right",)
        with pytest.raises(BagError, match="--topic: topics with images are /left, /right"):
            choose_topics(bag, [])
        with pytest.raises(BagError, match='no images on "/count"'):
            choose_topics(bag, ["/count"])
    ask(tmp_path / "two", tmp_path / "out", Centre(), topics=("/left", "/right"))
    with AnyReader([tmp_path / "out"], default_typestore=STORE) as reader:
        assert "/left/molmo_point/pixels" in reader.topics
        assert "/right/molmo_point/pixels" in reader.topics


def write_messages(folder, payloads):
    """A bag of these CDR bytes on the image topic."""
    from rosbags.rosbag2 import StoragePlugin, Writer

    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        connection = writer.add_connection(TOPIC, RAW, typestore=STORE)
        for number, payload in enumerate(payloads):
            writer.write(connection, START + number * STEP, payload)


def test_images_that_cannot_be_read_are_counted_and_the_others_kept(tmp_path):
    good = raw(0)
    short = bytes(raw(1))[:-7]
    write_messages(
        tmp_path / "drive", [good, raw(1, encoding="jp2"), short, b"", b"\0\1\0\0", good]
    )
    outcome = ask(tmp_path / "drive", tmp_path / "out", Centre())
    assert outcome.images == 2
    assert len(outcome.failures) == 4
    assert "'jp2' is not known here" in outcome.failures[0]
    assert outcome.failures[0].startswith(f"{TOPIC} at ")
    assert len(read_back(tmp_path / "out")["pixels"]) == 2


def test_any_damage_of_a_message_is_a_failure_of_that_image(tmp_path):
    rng = np.random.default_rng(0)
    payloads = [bytes(raw(0))]
    for _ in range(300):
        data = bytearray(raw(0))
        for place in rng.integers(4, 90, 4):
            data[place] = rng.integers(256)
        payloads.append(bytes(data[: rng.integers(4, len(data))]))
    write_messages(tmp_path / "drive", payloads)
    outcome = ask(tmp_path / "drive", tmp_path / "out", Centre(), draw=False)
    assert outcome.images + len(outcome.failures) == 301
    assert outcome.failures


def test_a_bag_of_nothing_that_can_be_read(tmp_path):
    write_messages(tmp_path / "drive", [raw(0, encoding="jp2")])
    with pytest.raises(BagError, match=r"No image of .* could be asked: .*'jp2'"):
        ask(tmp_path / "drive", tmp_path / "out", Centre())
    assert not (tmp_path / "out").exists()
    assert not (tmp_path / "out.progress.jsonl").exists()


def test_a_damaged_bag_keeps_what_can_be_read(tmp_path):
    file = write_bag(tmp_path / "drive", images=60)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    outcome = ask(file, tmp_path / "out", Centre(), draw=False)
    assert 10 <= outcome.images < 60
    assert "cut off or damaged" in outcome.damage[0]
    assert len(read_back(tmp_path / "out")["count"]) == outcome.images


def test_the_journal_is_lines_of_json(tmp_path, bag):
    with pytest.raises(KeyboardInterrupt):
        ask(bag, tmp_path / "out", Centre(stop_at=2))
    lines = (tmp_path / "out.progress.jsonl").read_text().splitlines()
    assert [list(json.loads(line)) for line in lines[1:]] == [["points"], ["points"]]
    assert json.loads(lines[0])["query"] == QUERY
