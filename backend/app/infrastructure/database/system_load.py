"""The load of the connection pool and the job queue."""

from collections.abc import Callable

from app.application.operations import JobCounts, SystemLoad
from app.core.database import Reads
from app.infrastructure.database.bounded_query import BoundedQuery

JOBS = b"""
    SELECT count(*) FILTER (WHERE status = 'todo'), count(*) FILTER (WHERE status = 'failed')
    FROM procrastinate_jobs WHERE status IN ('todo', 'failed')
"""


class SqlAlchemyLoadGauge:
    def __init__(self, reads: Reads, *, checked_out: Callable[[], int]) -> None:
        self._reads = reads
        self._checked_out = checked_out
        self._query = BoundedQuery(self._count_jobs)

    async def measure(self) -> SystemLoad:
        """Read the pool first, since the query of the jobs uses a connection itself."""
        connections = self._checked_out()
        return SystemLoad(connections_in_use=connections, jobs=await self._query.result())

    async def _count_jobs(self) -> JobCounts:
        async with self._reads() as connection:
            [counts] = await (await connection.execute(JOBS)).fetchall()
        return JobCounts(*counts)
