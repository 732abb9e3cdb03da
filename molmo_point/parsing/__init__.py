"""A model's answer, as text, to `Points`: every dialect of Molmo and Molmo2, and back.

Needs neither torch nor a model: it reads text from any server.
"""

from __future__ import annotations

from molmo_point.parsing.stream import PointStream, parse_points
from molmo_point.parsing.write import format_points

__all__ = ["PointStream", "format_points", "parse_points"]
