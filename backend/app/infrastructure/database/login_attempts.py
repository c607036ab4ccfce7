"""Counters of attempts in PostgreSQL, one row a key."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, case, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.login_attempts import LOG_INS, AttemptCount, AttemptKey, Limit
from app.infrastructure.database.metadata import mapper_registry

login_attempts = Table(
    "login_attempts",
    mapper_registry.metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("window_ends_at", DateTime(timezone=True), nullable=False, index=True),
)


class SqlAlchemyLoginAttemptCounters:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def add(
        self, number: int, keys: Iterable[AttemptKey], *, at: datetime, limit: Limit = LOG_INS
    ) -> list[AttemptCount]:
        """One statement, in the order of the keys, so that attempts at the same time add up and
        never wait for each other in a circle."""
        row, asked = login_attempts.c, list(keys)
        fresh = {"attempts": max(number, 0), "window_ends_at": at + limit.window}
        query = insert(login_attempts).values([{"key": key} | fresh for key in sorted(asked)])
        current = row.window_ends_at > at
        query = query.on_conflict_do_update(
            index_elements=[row.key],
            set_={
                "attempts": case((current, func.greatest(row.attempts + number, 0)), else_=fresh["attempts"]),
                "window_ends_at": case((current, row.window_ends_at), else_=fresh["window_ends_at"]),
            },
        )
        rows = await self._session.execute(query.returning(row.key, row.attempts, row.window_ends_at))
        counts = {key: AttemptCount(*count) for key, *count in rows}
        return [counts[key] for key in asked]

    async def forget(self, key: AttemptKey) -> None:
        await self._session.execute(delete(login_attempts).where(login_attempts.c.key == key))

    async def remove_ended(self, *, before: datetime) -> None:
        await self._session.execute(delete(login_attempts).where(login_attempts.c.window_ends_at < before))
