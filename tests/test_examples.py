"""Every example runs as its README says."""

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
SAYS = {
    "01_point": "points in an image of (480, 360)",
    "02_count": "coins: 24 first at",
    "03_stream": "s: (48, 130)",
    "04_many_queries": "red circles: 3 (points)",
    "05_folder_to_csv": "shapes.png,",
    "06_supervision": "of 24 coins lie in the left half",
    "10_depth_to_metres": "z 1.500 m ahead",
    "11_ros2": "red circles: x ",
    "12_bag": "4 images, 11 points",
    "20_click_page": "\npressed Stop\n",
    "21_smolagents": "'name': 'Lamp'",
    "22_mcp": "'name': 'Stop'",
}
"""What the embedded model's answers make each of them print."""


@pytest.mark.parametrize("name", SAYS)
def test_example_runs(name, tmp_path):
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error::DeprecationWarning:molmo_point",
            str(EXAMPLES / f"{name}.py"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert SAYS[name] in done.stdout


def test_what_each_example_says_is_known():
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(SAYS)
