"""A screen that lives in one thread: Playwright's pages may be used from no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

from molmo_point_adapters.agents.screen_tools import ScreenTools

__all__ = ["ScreenThread"]

T = TypeVar("T")


class ScreenThread:
    """Runs what is asked of a screen in its own thread, one thing after another.

    Args:
        executor: of one thread.
        tools: the screen.
    """

    def __init__(self, executor: ThreadPoolExecutor, tools: ScreenTools) -> None:
        self._executor = executor
        self._tools = tools

    async def run(self, ask: Callable[[ScreenTools], T]) -> T:
        """What the screen answers."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, ask, self._tools)

    @classmethod
    @contextmanager
    def opened(
        cls, open_tools: Callable[[], AbstractContextManager[ScreenTools]]
    ) -> Iterator[ScreenThread]:
        """Open a screen in a thread of its own, and close both at the end."""
        with ThreadPoolExecutor(1, thread_name_prefix="screen") as executor:
            stack = ExitStack()
            tools = executor.submit(lambda: stack.enter_context(open_tools())).result()
            try:
                yield cls(executor, tools)
            finally:
                executor.submit(stack.close).result()
