"""Integrations of molmo-point: robots, screens, browsers, agents."""
