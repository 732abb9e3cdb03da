"""A real X server without a screen, a real program on it, and a finder that sees colours."""

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from molmo_point import Point, Points

PROGRAM = Path(__file__).parent / "tk_program.py"


@contextmanager
def open_display(*, size=(1440, 600), dpi=96, monitors=()):
    """An X server; its name is in DISPLAY as long as it runs."""
    command = ["Xvfb", "-displayfd", "1", "-noreset", "-dpi", str(dpi), "-nolisten", "tcp",
               "-screen", "0", f"{size[0]}x{size[1]}x24"]  # fmt: skip
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    before = os.environ.get("DISPLAY")
    try:
        os.environ["DISPLAY"] = f":{server.stdout.readline().strip()}"
        for index, (left, top, width, height) in enumerate(monitors):
            shape = f"{width}/{width // 4}x{height}/{height // 4}+{left}+{top}"
            output = "none" if index else "screen"
            subprocess.run(["xrandr", "--setmonitor", f"m{index}", shape, output], check=True)
        yield
    finally:
        server.terminate()
        server.wait()
        server.stdout.close()
        os.environ.pop("DISPLAY")
        if before is not None:
            os.environ["DISPLAY"] = before


class Program:
    """A running program and what it has said."""

    def __init__(self, process):
        self.process = process
        self.said = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.said.append(json.loads(line))

    def wait_for(self, kind, name="", *, seconds=15):
        """The first thing of a kind that was said of a name."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for one in self.said:
                if (one["kind"], one["name"]) == (kind, name):
                    return one
            time.sleep(0.02)
        raise AssertionError(f"no {kind} of {name!r} in {self.said}")

    def kinds(self, name):
        return [one["kind"] for one in self.said if one["name"] == name]

    def stop(self):
        self.process.terminate()
        self.process.wait()
        self._reader.join()
        self.process.stdout.close()


@contextmanager
def run_program(windows):
    """Windows: [{title, geometry, buttons: [(name, colour, x, y, width, height)]}]."""
    command = [sys.executable, str(PROGRAM), json.dumps(windows)]
    program = Program(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
    try:
        program.wait_for("ready")
        time.sleep(0.3)  # drawn
        yield program
    finally:
        program.stop()


class ColourFinder:
    """Points at the middle of what has exactly the colour that is asked for."""

    def point(self, image, query):
        colour = tuple(bytes.fromhex(query.removeprefix("#")))
        rows, columns = np.nonzero((image == colour).all(axis=2))
        size = (image.shape[1], image.shape[0])
        if not len(rows):
            return Points((), size, query, state="none")
        at = Point(columns.mean() + 0.5, rows.mean() + 0.5, confidence=0.9)
        return Points((at,), size, query)
