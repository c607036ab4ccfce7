"""Queries with a time limit, for a database that may not respond."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from app.domain.errors import UnavailableError

Result = TypeVar("Result")

LIMIT_SECONDS = 0.9


class BoundedQuery(Generic[Result]):
    """A query that stops waiting after LIMIT_SECONDS.

    A query to a frozen server cannot be cancelled quickly, so it runs in a task of its own. While it is
    pending, further callers share it instead of using more connections.
    """

    def __init__(self, run: Callable[[], Awaitable[Result]]) -> None:
        self._run = run
        self._query: asyncio.Task[Result | None] | None = None

    async def result(self) -> Result | None:
        """Return the result; None if there is none within LIMIT_SECONDS."""
        if self._query is None or self._query.done():
            self._query = asyncio.create_task(self._run_available())
        done, _ = await asyncio.wait({self._query}, timeout=LIMIT_SECONDS)
        return self._query.result() if done else None

    async def _run_available(self) -> Result | None:
        try:
            return await self._run()
        except UnavailableError:
            return None
