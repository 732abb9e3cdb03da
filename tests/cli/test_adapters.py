"""Commands that other packages bring, through an entry point of a real distribution."""

import os
import subprocess
import sys

import pytest

MAIN = "from molmo_point.cli.main import main; main()"
GROUP = "molmo_point.commands"


@pytest.fixture
def site(tmp_path):
    """A folder that holds an installed distribution with two commands, one of them broken."""
    (tmp_path / "valves.py").write_text(
        "def add(app):\n"
        "    @app.command()\n"
        "    def valve(name: str) -> None:\n"
        "        '''Say a valve.'''\n"
        "        print('valve', name)\n"
    )
    info = tmp_path / "valves-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: valves\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        f"[{GROUP}]\nvalve = valves:add\nleak = no_such_module_of_valves:add\n"
    )
    return tmp_path


def run(site, *words):
    command = [sys.executable, "-c", MAIN, *words]
    env = os.environ | {"PYTHONPATH": str(site)}
    return subprocess.run(
        command, env=env, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_command_of_another_package(site):
    done = run(site, "valve", "red")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "valve red\n"


def test_it_stands_in_the_help(site):
    assert "Say a valve." in run(site, "--help").stdout


def test_one_that_cannot_be_loaded_is_named_and_does_not_stop_the_others(site):
    done = run(site, "--version")
    assert done.returncode == 0
    (line,) = [line for line in done.stderr.splitlines() if '"leak"' in line]
    assert line.startswith('molmo-point: the command "leak" is left out: ')
    assert "no_such_module_of_valves" in line
