"""What `pip install molmo-point` puts on a disk."""

import email
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHELF = {"molmo_point": ROOT, "molmo_point_adapters": ROOT / "adapters"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = folder.iterdir()
    with zipfile.ZipFile(path) as archive:
        yield archive


def metadata(wheel, name):
    (path,) = [path for path in wheel.namelist() if path.endswith(f".dist-info/{name}")]
    return wheel.read(path).decode()


def test_two_packages_and_nothing_else(wheel):
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(SHELF)


@pytest.mark.parametrize("package", SHELF)
def test_every_file_of_the_package_is_in(wheel, package):
    """Sources, the marker of typing, and data: weights, tokenizer, card."""
    files = {
        path.relative_to(SHELF[package]).as_posix()
        for path in (SHELF[package] / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert f"{package}/py.typed" in files
    assert files == {name for name in wheel.namelist() if name.startswith(f"{package}/")}


def test_embedded_model_is_in_and_small(wheel):
    sizes = {
        Path(entry.filename).name: entry.file_size
        for entry in wheel.infolist()
        if entry.filename.startswith("molmo_point/models/embedded/")
    }
    assert {"CARD.md", "config.json", "model.safetensors"} <= set(sizes)
    assert sizes["model.safetensors"] <= 30 * 2**20


def test_metadata(wheel):
    head = email.message_from_string(metadata(wheel, "METADATA"))
    assert head["Name"] == "molmo-point"
    assert head["License-Expression"] == "Apache-2.0"
    assert head["Requires-Python"] == ">=3.11"
    assert "Apache License" in metadata(wheel, "licenses/LICENSE")


def test_command_line_is_installed(wheel):
    assert "molmo-point = molmo_point.cli.main:main" in metadata(wheel, "entry_points.txt")


def test_nothing_that_runs_on_loading(wheel):
    """Weights are safetensors: no pickle in any of its disguises."""
    loose = (".bin", ".ckpt", ".npy", ".npz", ".pkl", ".pickle", ".pt", ".pth")
    assert [name for name in wheel.namelist() if name.endswith(loose)] == []
