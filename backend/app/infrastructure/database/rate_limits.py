"""Rate limits in PostgreSQL, one row for each key."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Column, DateTime, Integer, LargeBinary, Table, case, delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.rate_limits import LOGIN_LIMIT, RateLimit, RateLimitCount, RateLimitKey
from app.infrastructure.database.metadata import mapper_registry

login_attempts = Table(
    "login_attempts",
    mapper_registry.metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("attempts", Integer, nullable=False),
    Column("window_ends_at", DateTime(timezone=True), nullable=False, index=True),
)


class SqlAlchemyRateLimiter:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    async def hit(
        self, keys: Iterable[RateLimitKey], *, at: datetime, limit: RateLimit = LOGIN_LIMIT
    ) -> list[RateLimitCount]:
        return await self._add(1, list(keys), at=at, limit=limit)

    async def undo_hit(
        self, keys: Iterable[RateLimitKey], *, at: datetime, limit: RateLimit = LOGIN_LIMIT
    ) -> list[RateLimitCount]:
        return await self._add(-1, list(keys), at=at, limit=limit)

    async def _add(
        self, number: int, keys: list[RateLimitKey], *, at: datetime, limit: RateLimit
    ) -> list[RateLimitCount]:
        """Use one statement with sorted keys, so that concurrent hits add up and cannot deadlock."""
        row = login_attempts.c
        fresh = {"attempts": max(number, 0), "window_ends_at": at + limit.window}
        query = insert(login_attempts).values([{"key": key} | fresh for key in sorted(keys)])
        current = row.window_ends_at > at
        query = query.on_conflict_do_update(
            index_elements=[row.key],
            set_={
                "attempts": case((current, func.greatest(row.attempts + number, 0)), else_=fresh["attempts"]),
                "window_ends_at": case((current, row.window_ends_at), else_=fresh["window_ends_at"]),
            },
        )
        rows = await self._session.execute(query.returning(row.key, row.attempts, row.window_ends_at))
        counts = {key: RateLimitCount(*count) for key, *count in rows}
        return [counts[key] for key in keys]

    async def clear(self, key: RateLimitKey) -> None:
        await self._session.execute(delete(login_attempts).where(login_attempts.c.key == key))

    async def remove_ended(self, *, before: datetime) -> None:
        await self._session.execute(delete(login_attempts).where(login_attempts.c.window_ends_at < before))
