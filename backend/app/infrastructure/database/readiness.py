"""Whether the database answers and has the schema that this code was written for."""

import asyncio

from sqlalchemy import text

from app.core.database import Connections
from app.domain.errors import UnavailableError

LIMIT_SECONDS = 0.9


class SqlAlchemyReadiness:
    """Asks the database, and stops waiting in time.

    A question to a frozen server cannot be cancelled quickly, so it runs in a task of its own that
    nobody waits for; while it hangs, further callers share it instead of taking more connections.
    """

    def __init__(self, reads: Connections, *, head: str | None) -> None:
        self._reads = reads
        self._head = head
        self._question: asyncio.Task[bool] | None = None

    async def is_ready(self) -> bool:
        if self._question is None or self._question.done():
            self._question = asyncio.create_task(self._ask())
        done, _ = await asyncio.wait({self._question}, timeout=LIMIT_SECONDS)
        return bool(done) and self._question.result()

    async def _ask(self) -> bool:
        try:
            async with self._reads() as connection:
                found = await connection.scalars(text("SELECT version_num FROM alembic_version"))
                return found.all() == [self._head]
        except UnavailableError:
            return False
