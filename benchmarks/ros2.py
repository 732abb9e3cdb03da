"""What the ROS 2 node adds to the model's time: from an image's stamp to its points on the graph.

python benchmarks/ros2.py
"""

from __future__ import annotations

import array
import os
import signal
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps

ROOT = Path(__file__).parents[1]
SIZES = ((640, 480), (1920, 1080))
RUNS = 40
QUERY = "red circles"
DOMAIN = str(10 + os.getpid() % 90)
os.environ |= {
    "OMP_NUM_THREADS": "1",
    "ROS_DOMAIN_ID": DOMAIN,
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

    def measure(self, size: tuple[int, int]) -> list[str]:
        """Median milliseconds: in the model, added by the node, and until a listener has it."""
        import rclpy

        messages = make_messages(size)
        self.arrived.clear()
        while len(self.arrived) < RUNS + 10:  # the node's medians are of the newest 50
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
        taken = statistics.median(seconds for seconds, _ in self.arrived[-RUNS:]) * 1e3
        name = f"{size[0]}x{size[1]}, {self.arrived[-1][1]} points"
        columns = [self.report[key].removesuffix(" ms") for key in ("model time", "overhead")]
        return [name, *columns, f"{taken:.1f}"]


def main() -> None:
    import rclpy

    program = "from molmo_point.cli.main import main; main()"
    pointer = subprocess.Popen([sys.executable, "-c", program, "ros", QUERY], cwd=ROOT)
    try:
        rclpy.init()
        node = rclpy.create_node("bench")
        bench = Bench(node)
        while not all(p.get_subscription_count() for p in bench.publishers):
            rclpy.spin_once(node, timeout_sec=0.1)
        print("| image | model, ms | node, ms | stamp to listener, ms |")
        print("| --- | --- | --- | --- |")
        for size in SIZES:
            print("| " + " | ".join(bench.measure(size)) + " |", flush=True)
        node.destroy_node()
        rclpy.shutdown()
    finally:
        pointer.send_signal(signal.SIGINT)
        pointer.wait()


if __name__ == "__main__":
    main()
