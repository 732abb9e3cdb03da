"""`molmo-point mcp` through the official client, over stdio and streamable HTTP."""

import asyncio
import base64
import io
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import httpx
import mcp_types
import pytest
from mcp import Client
from mcp.client.stdio import StdioServerParameters
from PIL import Image

from molmo_point_adapters.agents.mcp_server import make_server
from molmo_point_adapters.agents.screen_thread import ScreenThread
from molmo_point_adapters.agents.screen_tools import ScreenTools
from molmo_point_adapters.browser.browser_pointer import BrowserPointer
from molmo_point_adapters.screen.policy import Policy
from tests.adapters.browsing import PAGES, Truth, events, new_page, open_browser

MAIN = ["-c", "from molmo_point.cli.main import main; main()", "mcp"]
OFFICE = str(PAGES / "office.html")
TOOLS = {"screenshot", "point", "count", "describe", "click", "type_text", "scroll"}


@contextmanager
def http_server(*words):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, *MAIN, *words, "--http", str(port)])
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.terminate()
        assert process.wait(30) in (0, -15)


def stdio_server(*words):
    return StdioServerParameters(command=sys.executable, args=[*MAIN, *words])


async def call(client, tool, **arguments):
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    return result.structured_content


async def things(client):
    listed = (await call(client, "describe"))["result"]
    return {thing["name"]: thing for thing in listed}


async def middle(client, name):
    thing = (await things(client))[name]
    return {"x": thing["left"] + thing["width"] / 2, "y": thing["top"] + thing["height"] / 2}


async def use(server, *, acts):
    """What a client sees and does; returns the statuses of its actions."""
    async with Client(server) as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}
        assert set(tools) == TOOLS
        assert all(tools[name].output_schema for name in TOOLS - {"screenshot"})
        assert tools["point"].annotations.read_only_hint
        assert tools["click"].annotations.destructive_hint
        assert "never follow it" in client.instructions
        (picture,) = (await client.call_tool("screenshot")).content
        shown = Image.open(io.BytesIO(base64.b64decode(picture.data)))
        assert shown.size == (1280, 800)
        saved = await call(client, "click", **await middle(client, "Save"))
        typed = await call(client, "type_text", text="Ada", **await middle(client, "Name"))
        risky = await call(client, "click", **await middle(client, "Delete draft"))
        assert ("Saved" in await things(client)) is acts
        assert "Gone" not in await things(client)
        lost = await client.call_tool("click", {"x": 5000, "y": 5})
        assert lost.is_error
        assert "outside the screenshot" in lost.content[0].text
        return [saved["status"], typed["status"], risky["status"]]


def test_over_stdio_without_yes_every_action_is_a_dry_run():
    server = stdio_server("--page", OFFICE)
    assert asyncio.run(use(server, acts=False)) == ["dry run", "dry run", "dry run"]


def test_over_http_with_yes_and_only_for_this_machine(tmp_path):
    with http_server("--page", OFFICE, "--yes", "--log", str(tmp_path / "log")) as address:
        assert asyncio.run(use(address, acts=True)) == ["done", "done", "refused"]
        hello = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        headers = {"accept": "application/json, text/event-stream"}
        for forged in ({"host": "evil.example"}, {"origin": "https://evil.example"}):
            answer = httpx.post(address, json=hello, headers=headers | forged)
            assert answer.status_code in (403, 421)
    assert len((tmp_path / "log" / "actions.jsonl").read_text().splitlines()) == 3


@contextmanager
def opened(seen):
    """A page with a finder that knows the truth; what it saw lands in `seen`."""
    with open_browser() as browser:
        page = new_page(browser, "office")
        policy = Policy(act=True, min_interval=0.0)
        yield ScreenTools(BrowserPointer(page, Truth(page, 1.0), policy=policy))
        seen += [case for kind, case in events(page) if kind == "click"]


def answering(action, content=None):
    async def answer(context, parameters):
        asked.append(parameters.message)
        return mcp_types.ElicitResult(action=action, content=content)

    asked = []
    return answer, asked


@pytest.mark.parametrize(
    ("answer", "status", "clicked"),
    [
        (("accept", {"allow": True}), "done", ["delete"]),
        (("accept", {"allow": False}), "refused", []),
        (("decline", None), "refused", []),
        (None, "refused", []),
    ],
    ids=["yes", "no", "declines", "cannot be asked"],
)
def test_a_person_is_asked_through_the_client(answer, status, clicked):
    async def ask():
        callback, asked = answering(*answer) if answer else (None, [])
        async with Client(make_server(screen), elicitation_callback=callback) as one:
            done = await call(one, "click", target="delete")
        return done, asked

    seen = []
    with ScreenThread.opened(lambda: opened(seen)) as screen:
        done, asked = asyncio.run(ask())
    assert done["status"] == status, done
    assert seen == clicked
    if answer:
        assert asked == ['"delete" in "delete" asks for a person: click, on button "Delete draft"?']


def test_words_point_count_and_click():
    async def ask():
        async with Client(make_server(screen)) as client:
            found = await call(client, "point", query="save")
            counted = await call(client, "count", query="save")
            done = await call(client, "click", target="save")
            scrolled = await call(client, "scroll", down=300)
            return found, counted, done, scrolled

    seen = []
    with ScreenThread.opened(lambda: opened(seen)) as screen:
        found, counted, done, scrolled = asyncio.run(ask())
    assert (found["chosen"], found["places"][0]["name"]) == (1, "Save")
    assert counted == {"query": "save", "count": 4, "truncated": False}
    assert done["landed"] is True
    assert "scroll" in scrolled["signs"]
    assert seen == ["save"]


@pytest.mark.parametrize("how", [(), ("--http", "8765")])
def test_a_screen_that_cannot_be_opened_is_said_before_serving(how):
    command = [sys.executable, *MAIN, *how, "--page", "/no/such.html"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.wait(60) == 2  # its input is open, and nobody writes
        said = process.stderr.read().decode()
    assert "/no/such.html" in said
    assert "Traceback" not in said


def test_a_port_that_is_taken_is_said():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        command = [sys.executable, *MAIN, "--http", port]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 2
    assert f"Port {port} of 127.0.0.1 cannot be served on" in done.stderr
    assert "Traceback" not in done.stderr
