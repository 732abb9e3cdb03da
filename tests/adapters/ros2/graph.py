"""A real graph over DDS on loopback: programs in processes of their own, a listener here."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PointStamped, PoseArray
from lifecycle_msgs.srv import ChangeState, GetState
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, GetParameters, SetParameters
from rclpy.action import ActionClient
from std_msgs.msg import Int32
from test_msgs.action import Fibonacci
from visualization_msgs.msg import ImageMarker, MarkerArray

ROOT = Path(__file__).parents[3]
PROFILE = ROOT / "adapters/molmo_point_ros/config/large_images.xml"
DOMAIN = 10 + os.getpid() % 90  # safe from the ports that Linux hands out
ENVIRONMENT = {
    "ROS_DOMAIN_ID": str(DOMAIN),
    "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
    "FASTDDS_DEFAULT_PROFILES_FILE": str(PROFILE),
    "OMP_NUM_THREADS": "1",
}
SPACE = f"/t{os.getpid()}"  # another run in the same domain has other names
PATIENCE = 20.0


def wait_for(happened, seconds=PATIENCE, what="that"):
    """What `happened()` gives, once it is true."""
    until = time.monotonic() + seconds
    while not (result := happened()):
        assert time.monotonic() < until, f"{what} did not happen in {seconds} s"
        time.sleep(0.01)
    return result


class Process:
    """A program of the graph; what it writes is kept."""

    def __init__(self, *command, name=None):
        remap = ["--ros-args", "-r", f"__ns:={SPACE}"]
        if name is not None:
            remap += ["-r", f"__node:={name}"]
        self.name = name
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, *command, *remap],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def text(self):
        return "".join(self.lines)

    def interrupt(self):
        """Ctrl-C; the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.end(30)

    def end(self, seconds=10):
        """Wait for its end; the exit code, None if it had to be killed."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.reader.join()
        self.process.stdin.close()
        self.process.stdout.close()

    def resident_bytes(self):
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")


class CameraProcess(Process):
    def __init__(self):
        super().__init__("-m", "tests.adapters.ros2.camera")
        self.read = 0

    def _next(self):
        line = wait_for(lambda: self.lines[self.read :], what="an answer of the camera")[0]
        assert line.startswith("{"), self.text
        self.read += 1
        return json.loads(line)["done"]

    def send(self, do, **command):
        self.process.stdin.write(json.dumps({"do": do, **command}) + "\n")
        self.process.stdin.flush()

    def shoot(self, **command):
        """One image and what belongs to it; its stamp in nanoseconds."""
        self.send("shoot", **command)
        return self._next()

    def stream(self, **command):
        """Many images; a function that waits for the end."""
        self.send("stream", **command)
        return self._next

    @contextmanager
    def showing(self, **what):
        """Another scene, or the same in another size, for as long as the block takes."""
        self.send("show", **what)
        self._next()
        try:
            yield
        finally:
            self.send("show")
            self._next()

    @contextmanager
    def shooting(self, **command):
        """Images at 20 a second or so, for as long as the block takes."""
        enough = threading.Event()

        def shoot():
            while not enough.wait(0.05):
                self.shoot(**command)

        thread = threading.Thread(target=shoot)
        thread.start()
        try:
            yield
        finally:
            enough.set()
            thread.join()

    def shoot_until(self, answered, **command):
        """Images, as a camera sends them, until one is answered: what it was answered with."""
        for _ in range(8):  # best effort: one may be lost
            stamp = self.shoot(**command)
            until = time.monotonic() + PATIENCE / 4
            while time.monotonic() < until:
                if answer := answered(stamp):
                    return answer
                time.sleep(0.005)
        raise AssertionError(f"no answer to {command}")


TOPICS = {
    "best": PointStamped,
    "poses": PoseArray,
    "pixels": ImageMarker,
    "markers": MarkerArray,
    "count": Int32,
}


def stamp_of(message):
    """Nanoseconds; of an array of markers those of its first."""
    header = message.markers[0].header if isinstance(message, MarkerArray) else message.header
    return header.stamp.sec * 10**9 + header.stamp.nanosec


class Listener:
    """Hears all that nodes say, and calls their services."""

    def __init__(self, node, executor):
        self.node = node
        self.executor = executor
        self.heard = {}
        self.arrived = {}  # nanoseconds, when
        node.create_subscription(DiagnosticArray, "/diagnostics", self._diagnose, 10)
        self.diagnostics = {}
        self.clients = {}

    def follow(self, name, **more):
        for topic, kind in {**TOPICS, **more}.items():
            heard = self.heard[name, topic] = []
            arrived = self.arrived[name, topic] = []

            def take(message, heard=heard, arrived=arrived):
                arrived.append(time.time_ns())
                heard.append(message)

            self.node.create_subscription(kind, f"{SPACE}/{name}/{topic}", take, 50)

    def _diagnose(self, message):
        for status in message.status:
            node = status.name.split(":")[0]
            values = {pair.key: pair.value for pair in status.values}
            self.diagnostics.setdefault(node, []).append((status.level, status.message, values))

    def is_active(self, name):
        reports = self.diagnostics.get(name)
        return reports is not None and reports[-1][1] != "not active"

    def at(self, name, topic, stamp):
        """The message with this stamp, or None."""
        heard = reversed(self.heard[name, topic])
        return next((message for message in heard if stamp_of(message) == stamp), None)

    def latencies(self, name, topic):
        """Seconds from each message's stamp until it was heard."""
        stamps = [stamp_of(message) for message in self.heard[name, topic]]
        times = zip(self.arrived[name, topic], stamps, strict=False)
        return [(arrived - stamp) / 1e9 for arrived, stamp in times]

    def status(self, name):
        """The newest report: its level, message, and values."""
        return self.diagnostics[name][-1]

    def counts(self, name):
        """The numbers of a report that begins after this call."""
        known = len(self.diagnostics[name])
        wait_for(lambda: len(self.diagnostics[name]) > known, what="a report")
        values = self.status(name)[2]
        return {key: int(value) for key, value in values.items() if value.isdigit()}

    def call(self, kind, service, request, seconds=PATIENCE, *, tries=1):
        """What a service answers; an answer sent before both sides know of each other is lost.

        So a service has one client for good, and what may be asked twice is asked again.
        """
        if service not in self.clients:
            self.clients[service] = self.node.create_client(kind, f"{SPACE}/{service}")
        client = self.clients[service]
        assert client.wait_for_service(seconds), f"there is no service {service}"
        for left in reversed(range(tries)):
            done = client.call_async(request)
            try:
                wait_for(done.done, seconds / tries, service)
                break
            except AssertionError:
                if not left:
                    raise
        return done.result()

    def set(self, name, **values):
        """Set parameters; the reason of each refusal, or ""."""
        kinds = {
            str: ("string_value", ParameterType.PARAMETER_STRING),
            float: ("double_value", ParameterType.PARAMETER_DOUBLE),
            bool: ("bool_value", ParameterType.PARAMETER_BOOL),
        }
        parameters = []
        for key, value in values.items():
            field, code = kinds[type(value)]
            parameters.append(
                ParameterMessage(name=key, value=ParameterValue(type=code, **{field: value}))
            )
        request = SetParameters.Request(parameters=parameters)
        results = self.call(SetParameters, f"{name}/set_parameters", request, tries=4).results
        return [result.reason for result in results]

    def change(self, name, transition):
        request = ChangeState.Request()
        request.transition.id = transition
        return self.call(ChangeState, f"{name}/change_state", request).success

    def state(self, name):
        answer = self.call(GetState, f"{name}/get_state", GetState.Request(), tries=4)
        return answer.current_state.label

    def ask(self, name, *queries):
        request = GetParameters.Request(names=list(queries))
        values = self.call(GetParameters, f"{name}/ask", request).values
        return [json.loads(value.string_value) for value in values]

    @contextmanager
    def sending(self, action, kind, goal):
        """A goal that the node has taken, and the list that its feedback goes into."""
        client = self._while_it_waits(lambda: ActionClient(self.node, kind, f"{SPACE}/{action}"))
        assert client.wait_for_server(PATIENCE), f"there is no action {action}"
        feedback = []
        sent = client.send_goal_async(goal, lambda message: feedback.append(message.feedback))
        wait_for(sent.done, what="an answer to the goal")
        try:
            yield sent.result(), feedback
        finally:
            self._while_it_waits(client.destroy)

    def _while_it_waits(self, act):
        """Done by the thread that spins: rclpy shows it an action client before that is whole."""
        task = self.executor.create_task(act)
        wait_for(task.done, what="the executor")
        return task.result()

    def finding(self, name, order):
        """A goal of ~/find."""
        return self.sending(f"{name}/find", Fibonacci, Fibonacci.Goal(order=order))

    def describe(self, name, *parameters):
        request = DescribeParameters.Request(names=list(parameters))
        return self.call(DescribeParameters, f"{name}/describe_parameters", request).descriptors
