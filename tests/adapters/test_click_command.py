"""`molmo-point click` as a person runs it."""

import json
import subprocess
import sys
import time
from urllib.request import Request, urlopen

import numpy as np
import pytest
import typer
from PIL import Image
from playwright.sync_api import sync_playwright
from typer.testing import CliRunner

from molmo_point import Point, Points
from molmo_point.errors import DeviceError, MolmoPointError, QueryError
from molmo_point_adapters.clicking import command
from tests.adapters.browsing import CHROMIUM, PAGES
from tests.adapters.displays import ColourFinder, open_display, run_program

RED, PINK = "#c81e1e", "#ff69b4"
WINDOWS = [
    {
        "title": "Editor",
        "geometry": "500x300+60+80",
        "buttons": [["small", RED, 33, 41, 19, 17], ["field", PINK, 20, 150, 300, 30]],
    }
]
app = typer.Typer()
app.command("other")(lambda: None)
command.add(app)


def click(*words):
    done = CliRunner().invoke(app, ["click", *words])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "model_of", lambda *_: ColourFinder())
    return tmp_path


@pytest.fixture(scope="module")
def display():
    with open_display(size=(800, 600)):
        yield


@pytest.fixture
def program(display):
    with run_program(WINDOWS) as running:
        yield running


def test_without_yes_the_aim_is_drawn_and_printed_and_nothing_is_touched(program, here):
    done = click(RED)
    assert done.exit_code == 0
    assert done.stdout.startswith('dry run: click on window "Editor" at (102, 130): A dry run')
    drawn = np.asarray(Image.open(here / "aim.png"))
    assert drawn.shape[1] == 800
    assert program.kinds("small") == []


def test_with_yes_the_program_gets_it(program, here):
    done = click(RED, "--yes", "--window", "editor", "--log", "log", "--json")
    program.wait_for("command", "small")
    told = json.loads(done.stdout)
    assert (told["status"], told["action"]["kind"]) == ("done", "click")
    assert not (here / "aim.png").exists()
    assert len(list((here / "log").glob("0001-*.png"))) == 2
    click(PINK, "--yes", "--type", "hello")
    assert program.wait_for("text", "field")


def test_a_refusal_exits_with_one(program, here):
    done = click(RED, "--yes", "--region", "0,0,50,50", "--draw", "deep/why.png")
    assert done.exit_code == 1
    assert "outside the region" in done.stdout
    assert (here / "deep" / "why.png").exists()
    assert program.kinds("small") == []


def test_candidates_are_listed_under_their_numbers(here, monkeypatch):
    class Two:
        def point(self, image, query):
            found = (Point(17, 16, confidence=0.8), Point(45, 16, confidence=0.75))
            return Points(found, (image.shape[1], image.shape[0]), query)

    monkeypatch.setattr(command, "model_of", lambda *_: Two())
    page = str(PAGES / "toolbar.html")
    done = click("file", "--page", page, "--yes")
    assert done.exit_code == 1
    assert [line.split("\t")[-1] for line in done.stdout.splitlines()[1:]] == [
        'button "New file"',
        'button "Open file"',
    ]
    done = click("file", "--page", page, "--yes", "--number", "2")
    assert done.exit_code == 0
    assert 'done: click on button "Open file"' in done.stdout


@pytest.fixture
def running(tmp_path):
    """A person's browser with a debugging port, and its address."""
    folder = tmp_path / "profile"
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    form, toolbar = ((PAGES / f"{name}.html").as_uri() for name in ("form", "toolbar"))
    program = [CHROMIUM, *flags, f"--user-data-dir={folder}", toolbar]
    browser = subprocess.Popen(program, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while not (folder / "DevToolsActivePort").exists() and time.monotonic() < end:
            time.sleep(0.05)
        port, *_ = (folder / "DevToolsActivePort").read_text().split()
        address = f"http://127.0.0.1:{port}"
        with urlopen(Request(f"{address}/json/new?{form}", method="PUT")):
            yield address
    finally:
        browser.terminate()
        browser.wait()


def test_a_tab_of_a_browser_that_runs_already(here, running):
    done = click("#223344", "--browser", running, "--page", "toolbar", "--button", "none", "--yes")
    assert "Nothing was found" in done.stdout  # looked at the tab, and left it open
    done = click("#cc3333", "--browser", running, "--page", "Toolbar", "--yes", "--json")
    told = json.loads(done.stdout)
    assert told["status"] == "done", told
    assert told["origin"] == "file://"
    with sync_playwright() as driver:
        (context,) = driver.chromium.connect_over_cdp(running).contexts
        assert {page.title() for page in context.pages} == {"Form", "Toolbar"}
    with pytest.raises(DeviceError, match='no tab "nowhere"; there are: file:'):
        click("x", "--browser", running, "--page", "nowhere")


@pytest.mark.parametrize(
    ("words", "error", "sentence"),
    [
        (["--page", "x.html", "--monitor", "1"], MolmoPointError, "name one"),
        (["--monitor", "1", "--window", "x"], MolmoPointError, "leave the monitor out"),
        (["--region", "1,2,3"], MolmoPointError, "LEFT,TOP,WIDTH,HEIGHT"),
        (["--page", "no-such-file.html"], QueryError, "no file, and no address"),
        (["--page", "https://127.0.0.1:9/"], DeviceError, "ERR_"),
        (["--browser", "http://127.0.0.1:9"], DeviceError, "--remote-debugging-port"),
        (["--type", "a", "--to", "b", "--page", str(PAGES / "form.html")], MolmoPointError, "two"),
    ],
)
def test_what_cannot_be_is_one_sentence(here, words, error, sentence):
    with pytest.raises(error, match=sentence):
        click("thing", *words)


def test_the_embedded_model_from_end_to_end(tmp_path):
    page = PAGES.parents[2] / "examples" / "panel.html"
    program = [sys.executable, "-c", "from molmo_point.cli.main import main; main()"]
    done = subprocess.run(
        [*program, "click", "red circle", "--page", str(page), "--json"],
        cwd=tmp_path, capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert told["aim"]["query"] == "red circle"
    assert told["status"] in ("dry run", "refused")
    assert (tmp_path / "aim.png").exists()
