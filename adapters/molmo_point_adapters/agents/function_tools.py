"""The same tools for models that call functions: schemas, and the call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Literal, get_args

from molmo_point.errors import QueryError
from molmo_point_adapters.agents.screen_tools import ScreenTools
from molmo_point_adapters.screen.action import Press

__all__ = ["call_tool", "function_tools"]

_TARGET = {"type": "string", "description": 'What is meant, in words: "the Save button".'}
_NUMBER = {
    "type": "integer",
    "minimum": 1,
    "description": "Which of the numbered places of an earlier answer about the same words.",
}
_BUTTON = {
    "type": "string",
    "enum": list(get_args(Press)),
    "description": '"double" is left twice; with "none" the pointer only goes there.',
}
_KINDS: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "number": (int, float),
}
_TOOLS: dict[str, tuple[str, dict[str, Any], list[str]]] = {
    "point": ("Where something is on the screen, in pixels.", {"query": _TARGET}, ["query"]),
    "count": ("How many of something the screen shows.", {"query": _TARGET}, ["query"]),
    "describe": ("What can be acted on, as the screen itself knows it.", {}, []),
    "click": (
        "Click on something, as far as the policy allows.",
        {"target": _TARGET, "number": _NUMBER, "button": _BUTTON},
        ["target"],
    ),
    "type_text": (
        "Click on a field and type into it, under the same policy.",
        {
            "text": {"type": "string", "description": "Without line breaks."},
            "target": _TARGET,
            "number": _NUMBER,
        },
        ["text", "target"],
    ),
    "scroll": (
        "Turn the wheel over the middle of the screen.",
        {"down": {"type": "number", "description": "Pixels; negative is up."}},
        ["down"],
    ),
}


def function_tools(style: Literal["anthropic", "openai"]) -> list[dict[str, Any]]:
    """The tools of a request: for Anthropic's Messages API, or OpenAI's chat completions.

    Other frameworks read one of the two.
    """
    tools = []
    for name, (description, properties, required) in _TOOLS.items():
        schema = {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
        if style == "anthropic":
            tools.append({"name": name, "description": description, "input_schema": schema})
        else:
            function = {"name": name, "description": description, "parameters": schema}
            tools.append({"type": "function", "function": function})
    return tools


def call_tool(tools: ScreenTools, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Do what a model has called, and give plain values for JSON.

    Raises:
        QueryError: there is no such tool, an argument is unknown or missing, or it cannot be done.
    """
    if name not in _TOOLS:
        raise QueryError(f'There is no tool "{name}": there are {", ".join(_TOOLS)}.')
    _, properties, required = _TOOLS[name]
    wrong = [*(arguments.keys() - properties), *(set(required) - arguments.keys())]
    if wrong:
        raise QueryError(
            f'"{name}" takes {", ".join(properties) or "nothing"}, and needs '
            f"{', '.join(required) or 'nothing'}; got {', '.join(arguments) or 'nothing'}."
        )
    for argument, value in arguments.items():
        kind = properties[argument]["type"]
        if not isinstance(value, _KINDS[kind]) or isinstance(value, bool):
            raise QueryError(f'"{argument}" of "{name}" is of type {kind}, got {value!r:.80}.')
    result = getattr(tools, name)(**arguments)
    if isinstance(result, list):
        return {"things": [asdict(one) for one in result]}
    return asdict(result)
