"""The ament package: it builds, names what it needs, and its files fit the node."""

import ast
import json
import subprocess
import sys
import tomllib
from dataclasses import asdict
from xml.etree import ElementTree

import pytest
import yaml

from molmo_point_adapters.ros2.settings import Settings
from tests.adapters.ros2.graph import ROOT, Process, wait_for

PACKAGE = ROOT / "adapters" / "molmo_point_ros"
SOURCES = ROOT / "adapters" / "molmo_point_adapters" / "ros2"
PARAMETERS = PACKAGE / "config" / "pointer.yaml"
TOPICS = {"annotated", "best", "count", "markers", "pixels", "poses"}


@pytest.fixture(scope="module")
def manifest():
    return ElementTree.parse(PACKAGE / "package.xml").getroot()


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module.split(".")[0]


def test_it_is_of_the_same_version(manifest):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    setup = (PACKAGE / "setup.py").read_text(encoding="utf-8")
    assert manifest.findtext("version") == project["version"]
    assert f'version="{project["version"]}"' in setup
    assert manifest.findtext("license") == project["license"]


def test_it_names_what_the_node_imports(manifest):
    named = {element.text for element in manifest.iter("exec_depend")}
    modules = {name for path in SOURCES.glob("*.py") for name in imported(path)}
    of_ros = {name for name in modules if name.endswith(("_msgs", "_interfaces"))} | {"rclpy"}
    assert of_ros - named == {"builtin_interfaces"}  # every package of messages brings it
    assert {"test_msgs", "tf2_ros", "vision_msgs"} <= named  # used where they are


def test_it_builds(tmp_path):
    command = ["setup.py", "-q", "build", "-b", tmp_path, "install_data", "-d", tmp_path / "data"]
    subprocess.run([sys.executable, *command], cwd=PACKAGE, check=True, capture_output=True)
    assert (tmp_path / "lib" / "molmo_point_ros" / "pointer.py").is_file()
    share = tmp_path / "data" / "share"
    assert (share / "ament_index/resource_index/packages/molmo_point_ros").is_file()
    installed = {path.relative_to(share / "molmo_point_ros") for path in share.rglob("*.*")}
    for folder in ("config", "foxglove", "launch", "rviz"):
        assert {p.relative_to(PACKAGE) for p in (PACKAGE / folder).iterdir()} <= installed


def test_the_parameters_file_is_the_defaults():
    [(nodes, values)] = yaml.safe_load(PARAMETERS.read_text(encoding="utf-8")).items()
    assert (nodes, values["ros__parameters"]) == ("/**", asdict(Settings()))


def test_the_page_names_every_parameter_and_topic():
    page = (ROOT / "docs" / "ros2.md").read_text(encoding="utf-8")
    names = [*asdict(Settings()), *(f"~/{name}" for name in TOPICS)]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_the_launch_file_starts_that_program_and_remaps_what_it_hears():
    launch = ElementTree.parse(PACKAGE / "launch" / "pointer.launch.xml").getroot()
    node = launch.find("node")
    assert (node.get("pkg"), node.get("exec")) == ("molmo_point_ros", "pointer")
    remapped = {remap.get("from") for remap in node.iter("remap")}
    assert remapped == {"image", "image/compressed", "camera_info", "depth"}
    given = {name.get("name") for name in launch.iter("arg")}
    used = {
        word.split(")")[0] for word in ElementTree.tostring(node, "unicode").split("$(var ")[1:]
    }
    assert used <= given


def topics_in(data):
    if isinstance(data, dict):
        for key, value in data.items():
            yield from (*topics_in(key), *topics_in(value))
    elif isinstance(data, list):
        for value in data:
            yield from topics_in(value)
    elif isinstance(data, str) and data.startswith("/pointer/"):
        yield data.split("/")[2].split(".")[0]


def test_layouts_show_topics_of_the_node():
    rviz = set(topics_in(yaml.safe_load((PACKAGE / "rviz/pointer.rviz").read_text("utf-8"))))
    foxglove = set(topics_in(json.loads((PACKAGE / "foxglove/pointer.json").read_text("utf-8"))))
    assert rviz <= TOPICS
    assert {"annotated", "best", "markers"} <= rviz
    assert foxglove <= TOPICS
    assert {"best", "count", "markers", "pixels"} <= foxglove


def test_its_program_starts_with_its_parameters(listener):
    code = "from molmo_point_ros.pointer import main; main()"
    arguments = ("--ros-args", "--params-file", str(PARAMETERS), "-p", "autostart:=false")
    start = f"import sys; sys.path.insert(0, {str(PACKAGE)!r}); {code}"
    with Process("-c", start, *arguments, name="packaged") as process:
        wait_for(lambda: "packaged" in listener.diagnostics, 60, process.text)
        assert listener.state("packaged") == "unconfigured"
        assert process.interrupt() == 0
