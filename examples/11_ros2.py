"""A camera and the node on a ROS 2 graph (extra `ros`), here in one process."""

from pathlib import Path

import rclpy
from rclpy.executors import SingleThreadedExecutor
from sensor_msgs.msg import Image
from std_msgs.msg import Header
from visualization_msgs.msg import ImageMarker

from molmo_point import load_image
from molmo_point_adapters.ros2.messages import to_image
from molmo_point_adapters.ros2.node import PointerNode


def main() -> None:
    rclpy.init()
    image = to_image(Header(frame_id="camera"), load_image(Path(__file__).parent / "shapes.png"))
    camera = rclpy.create_node("camera")
    publisher = camera.create_publisher(Image, "image", 1)
    camera.create_timer(0.5, lambda: publisher.publish(image))
    heard: list[ImageMarker] = []
    camera.create_subscription(ImageMarker, "pointer/pixels", heard.append, 1)
    pointer = PointerNode(parameters=[rclpy.Parameter("query", value="red circles")])
    pointer.trigger_configure()
    pointer.trigger_activate()
    executor = SingleThreadedExecutor()
    for node in (camera, pointer):
        executor.add_node(node)
    while not heard:
        executor.spin_once(timeout_sec=0.1)
    for point in heard[0].points:
        print(f"{heard[0].ns}: x {point.x:.1f}, y {point.y:.1f}, confidence {point.z:.2f}")
    executor.shutdown()
    pointer.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    main()
