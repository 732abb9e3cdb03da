"""The same tools for agents of Hugging Face's smolagents."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from molmo_point.errors import require
from molmo_point_adapters.agents.function_tools import call_tool, function_tools
from molmo_point_adapters.agents.screen_tools import ScreenTools

__all__ = ["smolagents_tools"]


def smolagents_tools(tools: ScreenTools) -> list[Any]:
    """A `smolagents.Tool` for each, to hand to an agent: `ToolCallingAgent(tools=...)`.

    Raises:
        MissingExtra: smolagents is not installed.
    """
    base = require("smolagents", "smolagents").Tool
    made = []
    for schema in function_tools("anthropic"):
        inputs = {
            name: {**described, "nullable": name not in schema["input_schema"]["required"]}
            for name, described in schema["input_schema"]["properties"].items()
        }
        name = schema["name"]
        body = {
            "name": name,
            "description": schema["description"],
            "inputs": inputs,
            "output_type": "object",
            "skip_forward_signature_validation": True,
            "forward": _forward(tools, name, list(inputs)),
        }
        made.append(type(f"{name}_tool", (base,), body)())
    return made


def _forward(tools: ScreenTools, name: str, names: list[str]) -> Callable[..., dict[str, Any]]:
    """The method of one tool; agents that write code pass arguments by their place as well."""

    def forward(self: Any, *places: Any, **named: Any) -> dict[str, Any]:
        del self
        arguments = dict(zip(names, places, strict=False)) | named
        return call_tool(tools, name, {k: v for k, v in arguments.items() if v is not None})

    return forward
