"""Readiness: the database responds, and has the schema and the privileges that this release needs."""

import psycopg

from app.core.database import Reads
from app.domain.errors import UnavailableError
from app.infrastructure.database.bounded_query import BoundedQuery
from app.infrastructure.database.tables import metadata

NOT_MIGRATED = {"3F000", "42501", "42P01"}
"""SQLSTATEs of a missing schema, privilege or table: `migrate` creates and grants them."""

_QUERY = b"""
    SELECT (SELECT array_agg(version_num) FROM alembic_version) AS versions,
        (
            SELECT bool_and(has_table_privilege(name, 'SELECT')) FROM unnest(%(tables)s::text[]) AS name
        ) AS may_read
"""
_TABLES = [*metadata.tables, "procrastinate_jobs"]


class SqlAlchemyReadiness:
    def __init__(self, reads: Reads, *, head: str | None) -> None:
        self._reads = reads
        self._head = head
        self._query = BoundedQuery(self._run)

    async def check(self) -> None:
        if await self._query.result() is not True:
            raise UnavailableError

    async def _run(self) -> bool:
        try:
            async with self._reads() as connection:
                [(versions, may_read)] = await (
                    await connection.execute(_QUERY, {"tables": _TABLES})
                ).fetchall()
        except psycopg.Error as error:
            if error.sqlstate in NOT_MIGRATED:
                return False
            raise
        return bool(versions == [self._head] and may_read)
