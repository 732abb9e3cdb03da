"""Configure, activate, deactivate, clean up, and again; parameters that are fixed in between."""

import pytest
from lifecycle_msgs.msg import Transition

from tests.adapters.ros2.graph import SPACE, Process, wait_for

CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
DEACTIVATE, CLEAN_UP = Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP


@pytest.fixture
def red(tiny, camera, listener):
    """Whether an image with two red discs is answered."""

    def is_answered(**shot):
        pixels = camera.shoot_until(lambda stamp: listener.at("tiny", "pixels", stamp), **shot)
        return len(pixels.points) == 2

    listener.set("tiny", query="red")
    return is_answered


def topics(listener):
    names = [name for name, _ in listener.node.get_topic_names_and_types()]
    return {name for name in names if name.startswith(f"{SPACE}/tiny/")}


def test_round_trips(red, tiny, camera, listener):
    freed = tiny.text.count("the model is freed")
    for number in range(3):
        assert listener.change("tiny", DEACTIVATE)
        assert listener.state("tiny") == "inactive"
        heard = len(listener.heard["tiny", "pixels"])
        camera.stream(count=5, rate=50.0)()
        assert "not active" in listener.ask("tiny", "red")[0]["error"]
        assert len(listener.heard["tiny", "pixels"]) == heard
        assert listener.change("tiny", CLEAN_UP)
        assert listener.state("tiny") == "unconfigured"
        wait_for(lambda n=number: tiny.text.count("the model is freed") == freed + n + 1)
        assert not listener.change("tiny", ACTIVATE)
        assert listener.change("tiny", CONFIGURE)
        assert listener.change("tiny", ACTIVATE)
        assert listener.state("tiny") == "active"
        assert red()


def test_what_is_fixed_changes_while_unconfigured(red, listener):
    [reason] = listener.set("tiny", transport="compressed")
    assert '"transport" is fixed once the node is configured' in reason
    for transport, encoding in (("compressed", "jpeg"), ("raw", "rgb8")):
        assert listener.change("tiny", DEACTIVATE)
        assert listener.change("tiny", CLEAN_UP)
        assert listener.set("tiny", transport=transport) == [""]
        assert listener.change("tiny", CONFIGURE)
        assert listener.change("tiny", ACTIVATE)
        assert red(encoding=encoding)


def test_a_model_that_cannot_be_loaded_is_told(listener):
    code = "from molmo_point_adapters.ros2.run import main; main()"
    with Process("-c", code, "--ros-args", "-p", "model:=no/such/folder", name="lost") as process:
        wait_for(lambda: "[ERROR]" in process.text, 60, "the failure")
        assert "no/such/folder" in process.text
        assert listener.state("lost") == "unconfigured"
        assert process.interrupt() == 0, process.text
    assert "Traceback" not in process.text


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ("rate:=5", "expecting type 'DOUBLE'"),
        ("rate:=-1.0", "out of range"),
        ("transport:=smoke", 'A transport is "raw" or "compressed", got "smoke".'),
    ],
)
def test_a_start_with_what_cannot_be_is_a_sentence(listener, parameter, said):
    code = "from molmo_point_adapters.ros2.run import main; main()"
    with Process("-c", code, "--ros-args", "-p", parameter, name="lost") as process:
        assert process.end(60) == 1
    assert said in process.text
    assert process.text.startswith("pointer: ")
    assert "Traceback" not in process.text


def test_options_of_other_commands_are_not_passed_over():
    code = "from molmo_point.cli.main import main; main()"
    with Process("-c", code, "ros", "cones", "--model", "x", name="lost") as process:
        assert process.end(60) == 2
    assert '"--model x" is not understood' in process.text


def test_an_error_of_the_program_while_it_starts_ends_it(listener):
    command = ("-m", "tests.adapters.ros2.tiny_node", "--ros-args", "-p", "model:=broken")
    with Process(*command, name="broken") as process:
        assert process.end(60) == 1
    assert "RuntimeError: odd" in process.text


def test_ctrl_c_before_it_is_ready(listener):
    code = "from molmo_point_adapters.ros2.run import main; main()"
    with Process("-c", code, name="hasty") as process:
        known = listener.node.get_node_names_and_namespaces
        wait_for(lambda: ("hasty", SPACE) in known(), 60, "the node")  # none of another run
        assert process.interrupt() == 0, process.text
    assert "Traceback" not in process.text


def test_ctrl_c_while_a_library_is_loaded(listener):
    """As libraries make classes of: texts that are run."""
    code = """
import time
from molmo_point_adapters.ros2.run import run

def load(settings):
    print("loading", flush=True)
    exec("time.sleep(60)")

run(load)
"""
    with Process("-c", code, name="loading") as process:
        wait_for(lambda: "loading" in process.text, 60, "the loading")
        assert process.interrupt() == 0, process.text
    assert "Traceback" not in process.text
