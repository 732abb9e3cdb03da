"""`molmo-point bag` as a person runs it."""

import os
import signal
import subprocess
import sys
import time

from tests.adapters.bag.conftest import write_bag

COMMAND = [sys.executable, "-c", "from molmo_point.cli.main import main; main()", "bag"]
ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1"}


def run(*words, cwd):
    return subprocess.run(
        [*COMMAND, *words],
        cwd=cwd,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_bag_becomes_a_bag_of_points(tmp_path, bag):
    done = run("drive", "red circles", "--every", "3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "drive_points\t2 images\t2 points\n"
    assert (tmp_path / "drive_points" / "metadata.yaml").is_file()


def test_errors_are_one_sentence(tmp_path, bag):
    for words, sentence in (
        (("nothing.mcap", "red circles"), 'There is no bag "nothing.mcap".'),
        (("drive", "red circles", "--topic", "/none"), "topics with images are /camera/image."),
        (("drive", ""), "query"),
    ):
        done = run(*words, cwd=tmp_path)
        assert done.returncode == 2
        assert sentence in done.stderr
        assert "Traceback" not in done.stderr


def test_what_was_lost_is_said_and_the_exit_code_is_one(tmp_path):
    file = write_bag(tmp_path / "drive", images=60)
    data = file.read_bytes()
    file.write_bytes(data[: len(data) // 2])
    done = run(str(file), "red circles", "--rate", "0.5", "--no-draw", cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert "cut off or damaged near byte" in done.stderr
    assert "images\t" in done.stdout


def test_an_interrupted_command_goes_on(tmp_path):
    write_bag(tmp_path / "drive", images=30)
    words = [*COMMAND, "drive", "red circles"]
    process = subprocess.Popen(
        words, cwd=tmp_path, env=ENVIRONMENT, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # else as in ours
    )  # fmt: skip
    journal = tmp_path / "drive_points.progress.jsonl"
    deadline = time.monotonic() + 100
    while time.monotonic() < deadline:
        if journal.exists() and len(journal.read_text().splitlines()) > 2:
            break
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    before = len(journal.read_text().splitlines()) - 1
    assert 0 < before < 30
    os.utime(tmp_path / "drive")  # a folder that was looked at is no other bag
    done = run("drive", "red circles", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("drive_points\t30 images")
