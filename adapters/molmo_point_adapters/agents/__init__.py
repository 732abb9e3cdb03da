"""Screens for agents: an MCP server, and tools in the shapes that agents know."""
