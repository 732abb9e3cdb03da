"""How much of what a device computed only filled up a batch."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Padding"]


@dataclass(slots=True)
class Padding:
    """Tokens of prompts and steps.

    Attributes:
        asked: that somebody asked for.
        computed: the same with what filled up shorter prompts, rows and steps.
    """

    asked: int = 0
    computed: int = 0

    def add(self, asked: int, computed: int) -> None:
        """Count some more."""
        self.asked += asked
        self.computed += computed

    @property
    def share(self) -> float:
        """Of what was computed, 0-1; 0 if nothing was."""
        return 1 - self.asked / self.computed if self.computed else 0.0
