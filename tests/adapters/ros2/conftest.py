"""The graph that the tests share: a camera, a listener, and two nodes, each started once."""

import threading
from contextlib import contextmanager

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor

from tests.adapters.ros2.graph import (
    DOMAIN,
    ENVIRONMENT,
    SPACE,
    CameraProcess,
    Listener,
    Process,
    wait_for,
)


@pytest.fixture(scope="session")
def listener(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRONMENT.items():
            patch.setenv(name, value)  # what is started after this is on the graph
        patch.setenv("ROS_LOG_DIR", str(tmp_path_factory.mktemp("ros")))
        context = rclpy.Context()
        rclpy.init(context=context, domain_id=DOMAIN)
        node = rclpy.create_node("listener", namespace=SPACE, context=context)
        executor = SingleThreadedExecutor(context=context)
        executor.add_node(node)
        thread = threading.Thread(target=executor.spin, daemon=True)
        thread.start()
        yield Listener(node, executor)
        executor.shutdown()
        thread.join()
        node.destroy_node()
        context.shutdown()


@pytest.fixture(scope="session")
def camera(listener):
    with CameraProcess() as process:
        yield process
        process.process.stdin.close()
        assert process.end() == 0, process.text


@contextmanager
def running(listener, *command, name):
    """A node, from when it is active until Ctrl-C."""
    with Process(*command, name=name) as process:
        listener.follow(name)
        wait_for(lambda: listener.is_active(name) or process.end(0) is not None, 60, name)
        assert listener.is_active(name), process.text
        yield process
        assert process.interrupt() == 0, process.text
        assert "Traceback" not in process.text, process.text


@pytest.fixture(scope="session")
def pointer(listener, camera):
    """The node with the embedded model, as the command starts it."""
    code = "from molmo_point.cli.main import main; main()"
    with running(listener, "-c", code, "ros", "circles", name="pointer") as process:
        yield process


@pytest.fixture(scope="session")
def tiny(listener, camera):
    """The node with a small pointer at what is red."""
    with running(listener, "-m", "tests.adapters.ros2.tiny_node", name="tiny") as process:
        listener.set("tiny", query="red")
        yield process
