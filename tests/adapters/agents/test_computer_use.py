"""Actions in the shapes that models send, done on a real page."""

import pytest

from molmo_point.errors import QueryError
from molmo_point_adapters.agents.computer_use import ComputerUse, Request, read_action
from molmo_point_adapters.agents.function_tools import call_tool, function_tools
from molmo_point_adapters.agents.screen_tools import ScreenTools
from molmo_point_adapters.browser.browser_pointer import BrowserPointer
from molmo_point_adapters.screen.policy import Policy
from tests.adapters.browsing import Truth, events, new_page, open_browser

RATIO = 1.5
FREE = Policy(act=True, min_interval=0.0)


@pytest.fixture(scope="module")
def browser():
    with open_browser() as running:
        yield running


@pytest.fixture
def page(browser):
    page = new_page(browser, "office", ratio=RATIO)
    yield page
    page.context.close()


@pytest.fixture
def tools(page):
    screen = BrowserPointer(page, Truth(page, RATIO), policy=FREE)
    return ScreenTools(screen, max_side=600)  # of 1080: agents see it smaller


def middle(page, tools, case):
    """Of an element, in pixels of what the agent sees."""
    left, top, width, height = Truth(page, RATIO).box(case)
    scale = 600 / 720
    return (left + width / 2) * scale, (top + height / 2) * scale


@pytest.mark.parametrize(
    ("action", "request_"),
    [
        ({"action": "screenshot"}, Request("look")),
        ({"type": "screenshot"}, Request("look")),
        ({"action": "left_click", "coordinate": [3, 4]}, Request("click", (3.0, 4.0))),
        ({"type": "click", "x": 3, "y": 4, "button": "left"}, Request("click", (3.0, 4.0))),
        ({"type": "click", "x": 3, "y": 4, "button": "right"},
         Request("click", (3.0, 4.0), press="right")),
        ({"action": "right_click", "coordinate": [3, 4]},
         Request("click", (3.0, 4.0), press="right")),
        ({"type": "double_click", "x": 3, "y": 4}, Request("click", (3.0, 4.0), press="double")),
        ({"action": "mouse_move", "coordinate": (3, 4)},
         Request("click", (3.0, 4.0), press="none")),
        ({"type": "move", "x": 3, "y": 4}, Request("click", (3.0, 4.0), press="none")),
        ({"action": "left_click_drag", "start_coordinate": [1, 2], "coordinate": [3, 4]},
         Request("drag", (1.0, 2.0), (3.0, 4.0))),
        ({"type": "drag", "path": [{"x": 1, "y": 2}, {"x": 9, "y": 9}, {"x": 3, "y": 4}]},
         Request("drag", (1.0, 2.0), (3.0, 4.0))),
        ({"action": "scroll", "coordinate": [3, 4], "scroll_direction": "up", "scroll_amount": 2},
         Request("scroll", (3.0, 4.0), by=(0.0, -200.0))),
        ({"type": "scroll", "x": 3, "y": 4, "scroll_x": 5, "scroll_y": 60},
         Request("scroll", (3.0, 4.0), by=(5.0, 60.0))),
        ({"action": "type", "text": "hi"}, Request("type", text="hi")),
        ({"action": "wait", "duration": 999}, Request("wait", seconds=10.0)),
    ],
)  # fmt: skip
def test_both_shapes_say_the_same(action, request_):
    assert read_action(action) == request_


@pytest.mark.parametrize(
    "action",
    [{}, {"action": "key", "text": "Return"}, {"type": "keypress", "keys": ["CTRL", "W"]},
     {"action": "left_click"}, {"action": "left_click", "coordinate": [1]},
     {"type": "click", "x": 1}, {"type": "click", "x": 1, "y": "b"},
     {"type": "click", "x": 1, "y": 1, "button": "wheel"}, {"type": "drag", "path": [{"x": 1}]},
     {"action": "scroll", "coordinate": [1, 1], "scroll_direction": "in"}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_done_is_said(action):
    with pytest.raises(QueryError):
        read_action(action)


def test_a_model_that_knows_computer_use(page, tools):
    computer = ComputerUse(tools)
    assert computer.size == (600, 450)
    assert computer.anthropic_tool()["display_width_px"] == 600
    assert computer.openai_tool()["display_height"] == 450
    assert computer.do({"action": "screenshot"}).done is None
    x, y = middle(page, tools, "save")
    step = computer.do({"action": "left_click", "coordinate": [x, y]})
    assert step.done.status == "done"
    assert step.screenshot.shape == (450, 600, 3)
    assert page.inner_text("[data-case=save]") == "Saved"
    x, y = middle(page, tools, "name")
    computer.do({"type": "click", "x": x, "y": y, "button": "left"})
    computer.do({"type": "type", "text": "Ada"})
    assert page.input_value("[data-case=name]") == "Ada"
    x, y = middle(page, tools, "size")
    computer.do({"type": "drag", "path": [{"x": x - 100, "y": y}, {"x": x + 100, "y": y}]})
    assert int(page.input_value("[data-case=size]")) > 60
    computer.do({"action": "scroll", "coordinate": [x, y], "scroll_direction": "down"})
    page.wait_for_function("() => scrollY > 200")


def test_typing_goes_to_what_was_clicked_last(page, tools):
    computer = ComputerUse(tools)
    name, save = (middle(page, tools, case) for case in ("name", "save"))
    computer.do({"action": "left_click", "coordinate": name})
    computer.do({"action": "mouse_move", "coordinate": save})
    assert computer.do({"action": "type", "text": "Ada"}).done.status == "done"
    assert page.locator("[data-case=name]").input_value() == "Ada"
    computer.do({"action": "scroll", "coordinate": name, "scroll_direction": "down",
                 "scroll_amount": 1})  # fmt: skip
    with pytest.raises(QueryError, match="Where to type"):  # it may be elsewhere now
        computer.do({"action": "type", "text": "Ada"})


def test_a_risky_click_needs_the_very_question_approved(page, tools):
    x, y = middle(page, tools, "delete")
    tools.screenshot()
    question = tools.question(x=x, y=y)
    assert question == '"delete" in "Delete draft" asks for a person: click, on button ' \
                       '"Delete draft"?'  # fmt: skip
    for approved in (None, question.replace("draft", "all")):
        assert tools.click(x=x, y=y, approved=approved).status == "refused"
        assert events(page) == []
    assert tools.question("save") is None
    assert tools.question(x=x, y=y, kind="hover") is None
    assert tools.click(x=x, y=y, approved=question).status == "done"
    assert ("click", "delete") in events(page)
    assert tools.click("delete").status == "refused"  # an approval counts once


def test_tools_answer_in_pixels_of_what_the_agent_sees(page, tools):
    found = tools.point("save")
    (place,) = found.places
    assert (place.x, place.y) == pytest.approx(middle(page, tools, "save"), abs=1)
    assert (found.chosen, place.role, place.name) == (1, "button", "Save")
    assert tools.count("save").count == 4
    things = {thing.name: thing for thing in tools.describe()}
    assert [thing.role for thing in things.values()].count("button") == 3
    save = things["Save"]
    centre = (save.left + save.width / 2, save.top + save.height / 2)
    assert centre == pytest.approx(middle(page, tools, "save"), abs=1)
    with pytest.raises(QueryError, match="outside the screenshot, 600 x 450"):
        tools.click(x=700, y=3)
    for wrong in ({}, {"target": "save", "x": 1.0, "y": 1.0}, {"x": 1.0}):
        with pytest.raises(QueryError, match="in words, or by x and y"):
            tools.click(**wrong)
    assert events(page) == []


@pytest.mark.parametrize("style", ["anthropic", "openai"])
def test_schemas_name_what_can_be_called(tools, style):
    listed = function_tools(style)
    if style == "openai":
        listed = [{**tool["function"], "input_schema": tool["function"]["parameters"]}
                  for tool in listed]  # fmt: skip
    assert [tool["name"] for tool in listed] == [
        "point", "count", "describe", "click", "type_text", "scroll"
    ]  # fmt: skip
    for tool in listed:
        assert set(tool["input_schema"]["required"]) <= set(tool["input_schema"]["properties"])


def test_functions_are_called_with_plain_values(page, tools):
    done = call_tool(tools, "click", {"target": "save"})
    assert (done["status"], done["places"][0]["name"]) == ("done", "Save")
    assert call_tool(tools, "type_text", {"target": "name", "text": "Bo"})["status"] == "done"
    assert page.input_value("[data-case=name]") == "Bo"
    assert len(call_tool(tools, "describe", {})["things"]) == 6
    assert call_tool(tools, "scroll", {"down": 200})["status"] == "done"
    with pytest.raises(QueryError, match='no tool "shell"'):
        call_tool(tools, "shell", {"command": "ls"})
    with pytest.raises(QueryError, match="needs target; got x"):
        call_tool(tools, "click", {"x": 1})


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("click", {"target": "save", "button": "middle"}),
        ("click", {"target": "save", "number": "2"}),
        ("click", {"target": None}),
        ("scroll", {"down": "far"}),
    ],
)
def test_arguments_of_another_type_are_said(tools, name, arguments):
    wrong = str(list(arguments.values())[-1])
    with pytest.raises(QueryError, match=wrong):
        call_tool(tools, name, arguments)


@pytest.mark.parametrize(
    "action",
    [{"action": "wait", "duration": None},
     {"action": "scroll", "coordinate": [1, 1], "scroll_direction": "up", "scroll_amount": "x"},
     {"type": "scroll", "x": 1, "y": 1, "scroll_y": "x"}],
)  # fmt: skip
def test_numbers_that_are_none_are_said(action):
    with pytest.raises(QueryError, match="is a number"):
        read_action(action)


def test_places_of_an_old_screenshot_are_not_clicked_if_something_else_is_there(page, tools):
    tools.screenshot()
    x, y = middle(page, tools, "save")
    assert tools.click(target="name").status == "done"
    assert tools.click(x=x, y=y).status == "done"  # nothing has changed there
    tools.screenshot()
    tools.click(target="name")
    page.evaluate("document.body.style.marginTop = '60px'")
    with pytest.raises(QueryError, match=r"changed at .* take another"):
        tools.click(x=x, y=y)


def test_an_agent_of_smolagents(page, tools):
    from smolagents import ChatMessage, LogLevel, Model, ToolCallingAgent

    from molmo_point_adapters.agents.smolagents_tools import smolagents_tools

    plan = [("click", {"target": "save"}), ("click", {"target": "delete"}),
            ("final_answer", {"answer": "done"})]  # fmt: skip

    class Script(Model):
        def generate(self, messages, **options):
            offered.update(tool.name for tool in options["tools_to_call_from"])
            name, arguments = plan.pop(0)
            function = {"name": name, "arguments": arguments}
            call = {"id": name, "type": "function", "function": function}
            return ChatMessage.from_dict({"role": "assistant", "tool_calls": [call]})

    offered = set()
    agent = ToolCallingAgent(smolagents_tools(tools), Script(), verbosity_level=LogLevel.OFF)
    assert agent.run("Save, and clean up.") == "done"
    assert {"point", "count", "describe", "click", "type_text", "scroll"} < offered
    assert [case for kind, case in events(page) if kind == "click"] == ["save"]
    assert "asks for a person" in agent.memory.steps[2].observations
