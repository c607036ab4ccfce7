"""Questions to a database that may be frozen."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from app.domain.errors import UnavailableError

Result = TypeVar("Result")

LIMIT_SECONDS = 0.9


class BoundedQuestion(Generic[Result]):
    """Asks the database, and stops waiting in time.

    A question to a frozen server cannot be cancelled quickly, so it runs in a task of its own that
    nobody waits for; while it hangs, further callers share it instead of taking more connections.
    """

    def __init__(self, ask: Callable[[], Awaitable[Result]]) -> None:
        self._ask = ask
        self._question: asyncio.Task[Result | None] | None = None

    async def answer(self) -> Result | None:
        """Return None when the database does not answer within LIMIT_SECONDS."""
        if self._question is None or self._question.done():
            self._question = asyncio.create_task(self._asked())
        done, _ = await asyncio.wait({self._question}, timeout=LIMIT_SECONDS)
        return self._question.result() if done else None

    async def _asked(self) -> Result | None:
        try:
            return await self._ask()
        except UnavailableError:
            return None
