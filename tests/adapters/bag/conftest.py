"""Recorded bags, written by rosbags as a recorder writes them."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_typestore

STORE = get_typestore(Stores.ROS2_HUMBLE)
TYPES = STORE.types
RAW, PACKED = "sensor_msgs/msg/Image", "sensor_msgs/msg/CompressedImage"
START = 1_700_000_000_000_000_000
STEP = 100_000_000  # 10 a second
COUNTS = (1, 0, 2)  # red circles in one image after another, over and over


def picture(number):
    """[120, 160, 3]: red circles on white, and their centres in pixels."""
    image = np.full((120, 160, 3), 255, np.uint8)
    centres = [(40 + 70 * index, 55) for index in range(COUNTS[number % 3])]
    for x, y in centres:
        cv2.circle(image, (x, y), 17, (220, 30, 30), -1, cv2.LINE_AA)
    return image, centres


def header(number, frame="camera_optical"):
    nanoseconds = START + number * STEP - 5_000_000  # taken a little before it was recorded
    stamp = TYPES["builtin_interfaces/msg/Time"](
        sec=nanoseconds // 10**9, nanosec=nanoseconds % 10**9
    )
    return TYPES["std_msgs/msg/Header"](stamp=stamp, frame_id=frame)


def raw(number, encoding="bgr8"):
    image = picture(number)[0][..., ::-1]
    return STORE.serialize_cdr(
        TYPES[RAW](
            header=header(number),
            height=120,
            width=160,
            encoding=encoding,
            is_bigendian=0,
            step=480,
            data=np.ascontiguousarray(image).reshape(-1),
        ),
        RAW,
    )


def packed(number):
    target = io.BytesIO()
    Image.fromarray(picture(number)[0]).save(target, "JPEG", quality=92)
    data = np.frombuffer(target.getvalue(), np.uint8)
    return STORE.serialize_cdr(
        TYPES[PACKED](header=header(number), format="jpeg", data=data), PACKED
    )


def write_bag(
    folder, *, images=6, plugin="MCAP", compression=None, topics=("/camera/image",), kind=RAW
):
    """A bag of `images` on each topic, and a topic of numbers; the path of its one file."""
    writer = Writer(folder, version=9, storage_plugin=StoragePlugin[plugin])
    if compression is not None:
        writer.set_compression(CompressionMode[compression], CompressionFormat.ZSTD)
    with writer:
        connections = [writer.add_connection(topic, kind, typestore=STORE) for topic in topics]
        other = writer.add_connection("/count", "std_msgs/msg/Int32", typestore=STORE)
        for number in range(images):
            when = START + number * STEP
            data = raw(number) if kind == RAW else packed(number)
            for connection in connections:
                writer.write(connection, when, data)
            count = TYPES["std_msgs/msg/Int32"](data=number)
            writer.write(other, when, STORE.serialize_cdr(count, "std_msgs/msg/Int32"))
    (file,) = [path for path in folder.iterdir() if path.name != "metadata.yaml"]
    return file


@pytest.fixture
def bag(tmp_path):
    """The folder of a bag of six images."""
    write_bag(tmp_path / "drive")
    return tmp_path / "drive"
