"""What the ROS 2 node adds to the model's time: from an image's stamp to its places on the graph.

Images with depth and calibration are sent one at a time, as raw messages over DDS: to the node with
the embedded model, then to one whose model takes no time.

python benchmarks/ros2.py
"""

from __future__ import annotations

import array
import contextlib
import os
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps

from molmo_point import Points

ROOT = Path(__file__).parents[1]
SIZES = ((640, 480), (1920, 1080))
RUNS = 50
QUERY = "red circles"
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "ROS_DOMAIN_ID": str(10 + os.getpid() % 90),
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    "FASTDDS_DEFAULT_PROFILES_FILE": str(
        ROOT / "adapters" / "molmo_point_ros" / "config" / "large_images.xml"
    ),
}


def make_messages(size: tuple[int, int]) -> tuple[Any, Any, Any]:
    """An image, its depth in millimetres, and its CameraInfo."""
    from sensor_msgs.msg import CameraInfo, Image

    width, height = size
    with PIL.Image.open(ROOT / "examples" / "shapes.png") as picture:
        rgb = np.asarray(PIL.ImageOps.pad(picture.convert("RGB"), size, color="white"))
    image = Image(height=height, width=width, encoding="rgb8", step=3 * width)
    image.data = array.array("B", np.ascontiguousarray(rgb).tobytes())
    depth = Image(height=height, width=width, encoding="16UC1", step=2 * width)
    depth.data = array.array("B", np.full((height, width), 1500, "<u2").tobytes())
    info = CameraInfo(width=width, height=height, distortion_model="plumb_bob", d=[0.0] * 5)
    info.k = [800.0, 0.0, width / 2, 0.0, 800.0, height / 2, 0.0, 0.0, 1.0]
    return image, depth, info


class Still:
    """A model that takes no time: one point, in the middle of any image."""

    def look(self, image: Any) -> contextlib.AbstractContextManager[Any]:
        """See `Pointer.look`."""
        height, width, _ = image.shape
        view = SimpleNamespace(
            point=lambda query: Points.from_xy([(width / 2, height / 2)], (width, height))
        )
        return contextlib.nullcontext(view)


class Bench:
    """Sends images one at a time, and notes what the node and the clock say."""

    def __init__(self, node: Any) -> None:
        from diagnostic_msgs.msg import DiagnosticArray
        from geometry_msgs.msg import PoseArray
        from rclpy.qos import qos_profile_sensor_data
        from sensor_msgs.msg import CameraInfo, Image

        self.node = node
        kinds = {"image": Image, "depth": Image, "camera_info": CameraInfo}
        self.publishers = [
            node.create_publisher(kind, name, qos_profile_sensor_data)
            for name, kind in kinds.items()
        ]
        self.arrived: list[tuple[float, int]] = []  # seconds, places
        self.report: dict[str, str] = {}
        node.create_subscription(PoseArray, "/pointer/poses", self._take, 10)
        node.create_subscription(DiagnosticArray, "/diagnostics", self._note, 10)

    def _take(self, poses: Any) -> None:
        stamp = poses.header.stamp.sec + poses.header.stamp.nanosec / 1e9
        now = self.node.get_clock().now().nanoseconds / 1e9
        self.arrived.append((now - stamp, len(poses.poses)))

    def _note(self, message: Any) -> None:
        self.report = {pair.key: pair.value for pair in message.status[0].values}

    def wait_for_node(self) -> None:
        """Return once a node hears the images."""
        import rclpy

        while not all(p.get_subscription_count() for p in self.publishers):
            rclpy.spin_once(self.node, timeout_sec=0.1)

    def measure(self, size: tuple[int, int]) -> list[float]:
        """Milliseconds from stamp to listener, sorted."""
        import rclpy

        messages = make_messages(size)
        self.arrived.clear()
        while len(self.arrived) < RUNS + 5:  # the node's medians are of the newest 50
            before, until = len(self.arrived), time.monotonic() + 5
            stamp = self.node.get_clock().now().to_msg()
            for publisher, message in zip(self.publishers, messages, strict=True):
                message.header.stamp = stamp
                message.header.frame_id = "camera"
                publisher.publish(message)
            while len(self.arrived) == before and time.monotonic() < until:
                rclpy.spin_once(self.node, timeout_sec=0.1)
        for _ in range(15):
            rclpy.spin_once(self.node, timeout_sec=0.1)
        return sorted(seconds * 1e3 for seconds, _ in self.arrived[-RUNS:])


@contextlib.contextmanager
def running(*command: str) -> Iterator[None]:
    """A node, in a process of its own."""
    node = subprocess.Popen([sys.executable, *command], cwd=ROOT)
    try:
        yield
    finally:
        node.send_signal(signal.SIGINT)
        node.wait()


def main() -> None:
    os.environ |= ENVIRONMENT  # of the nodes as well
    import rclpy

    rclpy.init()
    node = rclpy.create_node("bench")
    bench = Bench(node)
    print("| image | embedded model, ms | beside it, ms | without a model: quickest | median |")
    print("| --- | --- | --- | --- | --- |")
    rows = {size: [f"{size[0]}x{size[1]}"] for size in SIZES}
    with running("-c", "from molmo_point.cli.main import main; main()", "ros", QUERY):
        bench.wait_for_node()
        for size, row in rows.items():
            bench.measure(size)
            row += [bench.report[key].removesuffix(" ms") for key in ("model time", "overhead")]
    with running(__file__, "node"):
        bench.wait_for_node()
        for size, row in rows.items():
            taken = bench.measure(size)
            row += [f"{taken[0]:.1f}", f"{statistics.median(taken):.1f}"]
            print("| " + " | ".join(row) + " |", flush=True)
    node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    if sys.argv[1:] == ["node"]:
        from rclpy.parameter import Parameter

        from molmo_point_adapters.ros2.run import run

        run(lambda settings: Still(), arguments=[], parameters=[Parameter("query", value=QUERY)])
    else:
        main()
