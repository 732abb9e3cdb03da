"""A client of the Model Context Protocol drives `molmo-point mcp` over stdio."""

import asyncio
import sys
from pathlib import Path

from mcp import Client
from mcp.client.stdio import StdioServerParameters

PAGE = Path(__file__).parent / "panel.html"
PROGRAM = Path(sys.executable).with_name("molmo-point")


async def main() -> None:
    server = StdioServerParameters(command=str(PROGRAM), args=["mcp", "--page", str(PAGE), "--yes"])
    async with Client(server) as client:
        for tool in (await client.list_tools()).tools:
            print(f"{tool.name}: {(tool.description or '').splitlines()[0]}")
        things = (await client.call_tool("describe")).structured_content["result"]
        lamp = next(thing for thing in things if thing["name"] == "Lamp")
        middle = {"x": lamp["left"] + lamp["width"] / 2, "y": lamp["top"] + lamp["height"] / 2}
        await client.call_tool("screenshot")
        for place in (middle, {"target": "red circle"}):
            print(place, (await client.call_tool("click", place)).structured_content)


if __name__ == "__main__":
    asyncio.run(main())
