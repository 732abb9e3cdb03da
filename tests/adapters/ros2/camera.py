"""A camera in a process of its own: publishes what its stdin says, one JSON command a line."""

import array
import json
import sys
import time

import cv2
import numpy as np
import rclpy
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, CompressedImage, Image

from tests.adapters.ros2 import scene

FRAME = "camera_optical"


def plain(values):
    data = array.array("B")
    data.frombytes(np.ascontiguousarray(values).tobytes())
    return data


def in_encoding(rgb, name, *, padding=0, big=False):
    """The fields of an Image: `rgb` in an encoding, rows padded, in either byte order."""
    height, width, _ = rgb.shape
    grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
    if name.startswith("bayer"):
        rows, columns = np.mgrid[:height, :width]
        pattern = name.split("_")[1][:4]
        channel = np.array([["rgb".index(pattern[0]), "rgb".index(pattern[1])],
                            ["rgb".index(pattern[2]), "rgb".index(pattern[3])]])  # fmt: skip
        pixels = np.take_along_axis(rgb, channel[rows % 2, columns % 2][..., None], 2)[..., 0]
    elif name.startswith("yuv422"):
        yuv = cv2.cvtColor(rgb, cv2.COLOR_RGB2YUV)
        luma, u, v = yuv[..., 0], yuv[:, ::2, 1], yuv[:, ::2, 2]
        luma_first = name == "yuv422_yuy2"
        pixels = np.empty((height, width, 2), np.uint8)
        pixels[..., 0 if luma_first else 1] = luma
        pixels[:, ::2, 1 if luma_first else 0] = u
        pixels[:, 1::2, 1 if luma_first else 0] = v
    else:
        full = np.full_like(grey, 255)[..., None]
        pixels = {
            "rgb8": rgb,
            "bgr8": rgb[..., ::-1],
            "rgba8": np.concatenate([rgb, full], 2),
            "bgra8": np.concatenate([rgb[..., ::-1], full], 2),
            "mono8": grey,
            "mono16": grey.astype(np.uint16) * 257,
        }[name]
    if name.endswith("16"):
        pixels = pixels.astype(np.uint16)
        pixels = pixels if name == "mono16" else pixels * 257
        pixels = pixels.astype(">u2" if big else "<u2")
    lines = np.frombuffer(np.ascontiguousarray(pixels).tobytes(), np.uint8).reshape(height, -1)
    lines = np.pad(lines, ((0, 0), (0, padding)), constant_values=77)
    return {
        "height": height,
        "width": width,
        "encoding": name,
        "is_bigendian": int(big),
        "step": lines.shape[1],
        "data": plain(lines),
    }


class Camera:
    def __init__(self, node):
        self.node = node
        self.show()
        sensor = qos_profile_sensor_data
        self.image = node.create_publisher(Image, "image", sensor)
        self.compressed = node.create_publisher(CompressedImage, "image/compressed", sensor)
        self.depth = node.create_publisher(Image, "depth", sensor)
        self.info = node.create_publisher(CameraInfo, "camera_info", sensor)

    def show(self, table=None, size=scene.SIZE):
        """What is before the camera from now on: a rendered table, or discs."""
        self.view = scene.view_discs(tuple(size)) if table is None else scene.view_table(table)
        self.made = {}  # messages, as making them takes longer than sending

    def shoot(self, *, encoding="rgb8", padding=0, big=False, depth="16UC1", info="good",
              late_s=0.0, broken=None):  # fmt: skip
        """One image with its depth and CameraInfo, all with one stamp; returns the stamp."""
        stamp = self.node.get_clock().now()
        for publisher, make, *how in (
            (self.info, self.make_info, info),
            (self.depth, self.make_depth, depth),
            (self.compressed, self.make_compressed, encoding),
            (self.image, self.make_image, encoding, padding, big, broken),
        ):
            key = make.__name__, *how
            if key not in self.made:
                self.made[key] = make(*how)
            message = self.made[key]
            if message is None:
                continue
            moved = publisher in (self.info, self.depth)
            when = rclpy.time.Time(nanoseconds=stamp.nanoseconds + round(late_s * 1e9 * moved))
            message.header.stamp = when.to_msg()
            message.header.frame_id = message.header.frame_id or FRAME
            publisher.publish(message)
        return stamp.nanoseconds

    def make_image(self, encoding, padding, big, broken):
        if encoding == "jpeg":
            return None
        return spoil(
            Image(**in_encoding(self.view.rgb, encoding, padding=padding, big=big)), broken
        )

    def make_compressed(self, encoding):
        if encoding != "jpeg":
            return None
        quality = [cv2.IMWRITE_JPEG_QUALITY, 95]
        data = cv2.imencode(".jpg", self.view.rgb[..., ::-1], quality)[1]
        return CompressedImage(format="rgb8; jpeg compressed bgr8", data=plain(data))

    def make_info(self, kind):
        if kind is None:
            return None
        width, height = self.view.size
        message = CameraInfo(width=width, height=height)
        if kind != "zero":
            message.distortion_model = "kannala" if kind == "unknown" else "plumb_bob"
            message.d = self.view.d.tolist()
            message.k = self.view.k.ravel()
            message.r = np.eye(3).ravel()
            message.p = np.column_stack([self.view.k, np.zeros(3)]).ravel()
        return message

    def make_depth(self, kind):
        if kind is None:
            return None
        depth_m = self.view.depth_m
        if kind == "small":
            depth_m = depth_m[::2, ::2]
        if kind == "nan":
            depth_m = np.full_like(depth_m, np.nan)
        height, width = depth_m.shape
        if kind == "16UC1" or kind == "small":
            values, encoding = np.round(depth_m * 1000).astype("<u2"), "16UC1"
        else:
            values, encoding = depth_m.astype("<f4"), "rgb8" if kind == "rgb8" else "32FC1"
        message = Image(height=height, width=width, encoding=encoding, data=plain(values))
        message.step = width * values.itemsize
        message.header.frame_id = "elsewhere" if kind == "frame" else FRAME
        return message


def spoil(message, how):
    if how == "short":
        message.data = message.data[: len(message.data) // 2]
    elif how == "empty":
        message.data = array.array("B")
    elif how == "encoding":
        message.encoding = "rgb9"
    elif how == "sizes":
        message.height, message.width, message.step = 2**31, 2**31, 2**32 - 1
    elif how == "step":
        message.step = 1
    elif how == "zero":
        message.height = message.width = 0
    return message


def stream(camera, *, count, rate, **shot):
    due = time.monotonic()
    for _ in range(count):
        camera.shoot(**shot)
        due += 1 / rate
        time.sleep(max(0.0, due - time.monotonic()))
    return count


def answer(value):
    sys.stdout.write(json.dumps({"done": value}) + "\n")
    sys.stdout.flush()


def main():
    rclpy.init()
    node = rclpy.create_node("camera")
    camera = Camera(node)
    for line in sys.stdin:
        command = json.loads(line)
        what = command.pop("do")
        if what == "stream":
            answer(stream(camera, **command))
        else:
            answer(getattr(camera, what)(**command))
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
