"""`molmo-point click` as a person runs it."""

import json
import os
import pty
import select
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


AT_A_TERMINAL = """
from molmo_point.cli.main import main
from molmo_point_adapters.clicking import command
from tests.adapters.displays import ColourFinder
command.model_of = lambda *_: ColourFinder()
main()
"""
DRAFT = """<title>Draft</title><button onclick="this.textContent = 'Gone'"
style="background: #cc3333; width: 200px; height: 60px">Delete draft</button>"""


def answer_at_a_terminal(said, *words):
    """Exit code, standard output, and what the terminal showed up to the question."""
    terminal, its = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-c", AT_A_TERMINAL, "click", *words],
        cwd=PAGES.parents[2], stdin=its, stdout=subprocess.PIPE, stderr=its, text=True,
    ) as process:  # fmt: skip
        os.close(its)
        shown = b""
        try:
            while b"[y/N]:" not in shown:
                assert select.select([terminal], [], [], 60)[0], shown
                shown += os.read(terminal, 1024)
            os.write(terminal, said)
            told, _ = process.communicate(timeout=120)
        finally:
            os.close(terminal)  # which ends a program that still waits
    return process.returncode, told, shown.decode()


@pytest.fixture
def draft(running, tmp_path):
    """Words of the command that name a tab with a risky button."""
    file = tmp_path / "draft.html"
    file.write_text(DRAFT)
    with urlopen(Request(f"{running}/json/new?{file.as_uri()}", method="PUT")):
        return (
            "#cc3333",
            "--browser",
            running,
            "--page",
            "Draft",
            "--draw",
            str(tmp_path / "a.png"),
        )


@pytest.mark.parametrize(
    ("said", "code", "outcome", "left"),
    [
        (b"n\n", 1, "The answer is no.", "Delete draft"),
        (b"\n", 1, "The answer is no.", "Delete draft"),
        (b"y\n", 0, 'done: click on button "Delete draft"', "Gone"),
    ],
    ids=["no", "nothing", "yes"],
)
def test_a_person_at_a_terminal_is_asked(running, draft, said, code, outcome, left):
    ended, told, shown = answer_at_a_terminal(said, *draft, "--yes")
    assert '"delete" in "Delete draft" asks for a person: click, on button' in shown
    assert outcome in told
    assert ended == code
    with sync_playwright() as driver:
        (context,) = driver.chromium.connect_over_cdp(running).contexts
        (page,) = (page for page in context.pages if page.title() == "Draft")
        assert page.inner_text("button") == left


def test_a_question_leaves_standard_output_to_the_result(draft):
    _, told, _ = answer_at_a_terminal(b"n\n", *draft, "--yes", "--json")
    assert told.startswith('{"status": "refused"')
    assert told.count("\n") == 1


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
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["status"], told["aim"]["query"]) == ("dry run", "red circle")
    chosen = told["aim"]["candidates"][told["aim"]["chosen"] - 1]
    assert (chosen["element"]["role"], chosen["element"]["name"]) == ("button", "Stop")
    assert (tmp_path / "aim.png").exists()
