"""A bag with depth: points in metres, matched by stamps, of images that have what it takes."""

import numpy as np
import pytest
from rosbags.highlevel import AnyReader
from rosbags.rosbag2 import StoragePlugin, Writer

from molmo_point import Points
from molmo_point_adapters.bag.asking import point_bag
from molmo_point_adapters.bag.choosing import Choice, choose_depth
from molmo_point_adapters.bag.matching import DepthTopics, match
from molmo_point_adapters.bag.reading import Bag
from molmo_point_adapters.bag.records import BagError, Record
from tests.adapters.bag.conftest import RAW, START, STEP, STORE, TYPES, header, raw

IMAGE, DEPTH, INFO = "/camera/image", "/camera/depth", "/camera/camera_info"
CAMERA_INFO = "sensor_msgs/msg/CameraInfo"
K = [200.0, 0, 80, 0, 210.0, 60, 0, 0, 1]  # pixel centres, as ROS counts
MS = 1_000_000


def depth(number, *, depth_m, late_ms=0, frame="camera_optical", encoding="16UC1"):
    head = header(number, frame)
    head.stamp.nanosec += late_ms * MS
    values = np.full((120, 160), round(depth_m * 1000), "<u2")
    return STORE.serialize_cdr(
        TYPES[RAW](header=head, height=120, width=160, encoding=encoding, is_bigendian=0,
                   step=320, data=values.view(np.uint8).reshape(-1)), RAW)  # fmt: skip


def info(number, k=K):
    roi = TYPES["sensor_msgs/msg/RegionOfInterest"](
        x_offset=0, y_offset=0, height=0, width=0, do_rectify=False
    )
    k = np.array(k, float)
    return STORE.serialize_cdr(
        TYPES[CAMERA_INFO](
            header=header(number), height=120, width=160, distortion_model="plumb_bob",
            d=np.zeros(5), k=k, r=np.eye(3).ravel(),
            p=np.column_stack([k.reshape(3, 3), np.zeros(3)]).ravel(),
            binning_x=0, binning_y=0, roi=roi), CAMERA_INFO)  # fmt: skip


def write(folder, *, depths, infos):
    """Six images; of depth and calibration what the two functions give for a number."""
    with Writer(folder, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        topics = {
            name: writer.add_connection(name, kind, typestore=STORE)
            for name, kind in ((IMAGE, RAW), (DEPTH, RAW), (INFO, CAMERA_INFO))
        }
        for number in range(6):
            when = START + number * STEP
            made = {IMAGE: raw(number), INFO: infos(number), DEPTH: depths(number)}
            for order, (topic, data) in enumerate(made.items()):
                if data is not None:
                    writer.write(topics[topic], when + order * MS, data)
    return folder


class Corner:
    """Points at one place of every image, twice, surer of the second."""

    def point(self, image, query):
        height, width = image.shape[:2]
        return Points.from_xy([(100.5, 90.5), (20.5, 30.5)], (width, height), query=query)


def ask(folder, out, **options):
    with Bag(folder) as bag:
        choice = Choice((IMAGE,), options.pop("every", 1))
        topics = choose_depth(bag, choice, DEPTH, None, **options)
        done = point_bag(
            bag, "corners", out, pointer=Corner(), choice=choice, depth=topics, draw=False
        )
    found = {}
    with AnyReader([out], default_typestore=STORE) as reader:
        for connection, timestamp, data in reader.messages():
            message = reader.deserialize(data, connection.msgtype)
            found.setdefault(connection.topic.rsplit("/", 1)[1], {})[timestamp] = message
    return done, found


def test_places_in_metres(tmp_path):
    folder = write(
        tmp_path / "drive",
        depths=lambda number: depth(number, depth_m=1 + number / 10, late_ms=number),
        infos=info,
    )
    done, found = ask(folder, tmp_path / "out")
    assert (done.images, done.failures) == (6, ())
    for number in range(6):
        poses = found["poses"][START + number * STEP]
        assert poses.header.frame_id == "camera_optical"
        z = 1 + number / 10
        truth = [((x - 80) / 200 * z, (y - 60) / 210 * z, z) for x, y in ((100, 90), (20, 30))]
        places = [(p.position.x, p.position.y, p.position.z) for p in poses.poses]
        np.testing.assert_allclose(places, truth, atol=1e-6)
        best = found["best"][START + number * STEP].point
        assert (best.x, best.y, best.z) == places[0]
        (spheres,) = found["markers"][START + number * STEP].markers
        assert [(p.x, p.y, p.z) for p in spheres.points] == places
        assert len(found["pixels"][START + number * STEP].points) == 2


def test_an_image_without_its_depth_or_camera_keeps_its_pixels(tmp_path):
    def depths(number):
        return {
            0: None,
            1: depth(number, depth_m=1, late_ms=30),  # beyond the tolerance
            2: depth(number, depth_m=1, frame="elsewhere"),
            3: depth(number, depth_m=1, encoding="rgb8"),
        }.get(number, depth(number, depth_m=1))

    folder = write(
        tmp_path / "drive",
        depths=depths,
        infos=lambda number: info(number, k=[0.0] * 9 if number == 4 else K),
    )
    done, found = ask(folder, tmp_path / "out")
    assert len(found["pixels"]) == 6
    assert list(found["poses"]) == [START + 5 * STEP]
    said = ("No message of", "No message of", '"elsewhere"', "Depth comes in", "not calibrated")
    assert len(done.failures) == 5
    assert all(words in sentence for words, sentence in zip(said, done.failures, strict=True))


def test_every_so_many_images_have_their_own_depth(tmp_path):
    folder = write(
        tmp_path / "drive",
        depths=lambda number: depth(number, depth_m=1 + number / 10),
        infos=info,
    )
    _, found = ask(folder, tmp_path / "out", every=2)
    depths = [array.poses[0].position.z for array in found["poses"].values()]
    np.testing.assert_allclose(depths, [1.0, 1.2, 1.4], atol=1e-6)


def test_topics_that_are_not_there(tmp_path):
    folder = write(tmp_path / "drive", depths=lambda number: depth(number, depth_m=1), infos=info)
    with Bag(folder) as bag:
        one = Choice((IMAGE,))
        assert choose_depth(bag, one, None, None) is None
        assert choose_depth(bag, one, DEPTH, None) == DepthTopics(DEPTH, INFO)
        with pytest.raises(BagError, match=f'no sensor_msgs/msg/Image on "{INFO}"'):
            choose_depth(bag, one, INFO, None)
        with pytest.raises(BagError, match='CameraInfo on "/info": topics of it are /camera/cam'):
            choose_depth(bag, one, DEPTH, "/info")
        with pytest.raises(BagError, match="belongs to one topic of images"):
            choose_depth(bag, Choice((IMAGE, DEPTH)), DEPTH, None)


def test_images_go_out_in_their_order_and_little_is_kept():
    """Also where depth has stopped, or was recorded long before its images."""

    def record(topic, stamp):
        data = b"\0\1\0\0" + np.array([0, stamp], "<u4").tobytes()
        return Record(topic, "", stamp, data)

    topics = DepthTopics("depth", "info", tolerance_s=2e-9)
    stream = [record("info", 10), *(record("depth", n) for n in range(100))]
    stream += [record("image", n) for n in (97, 98, 10, 150)]
    stream += [record("image", n) for n in range(200, 240)]
    found = list(match(iter(stream), topics))
    assert [matched.image.timestamp for matched in found[:4]] == [97, 98, 10, 150]
    assert len(found) == 44
    assert [matched.depth and matched.depth.timestamp for matched in found[:4]] == [
        97, 98, None, None]  # fmt: skip
    assert found[2].camera_info.timestamp == 10


def test_a_tolerance_that_cannot_be():
    with pytest.raises(BagError, match="zero seconds or more"):
        DepthTopics("depth", "info", tolerance_s=-1.0)


def test_images_are_not_their_own_depth(tmp_path):
    path = write(tmp_path / "drive", depths=lambda number: None, infos=lambda number: None)
    with Bag(path) as bag, pytest.raises(BagError, match="names another topic"):
        choose_depth(bag, Choice((IMAGE,), 1), IMAGE, None)
