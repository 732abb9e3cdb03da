"""The same tools for agents of Hugging Face's smolagents."""

from __future__ import annotations

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

        def forward(self: Any, _name: str = name, **arguments: Any) -> dict[str, Any]:
            said = {key: value for key, value in arguments.items() if value is not None}
            return call_tool(tools, _name, said)

        body = {
            "name": name,
            "description": schema["description"],
            "inputs": inputs,
            "output_type": "object",
            "skip_forward_signature_validation": True,
            "forward": forward,
        }
        made.append(type(f"{name}_tool", (base,), body)())
    return made
