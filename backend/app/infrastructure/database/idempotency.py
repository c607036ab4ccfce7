"""Stored responses to requests that may be repeated."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import Column, DateTime, ForeignKey, Integer, LargeBinary, Table, delete
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from app.infrastructure.database.members import members
from app.infrastructure.database.metadata import mapper_registry

idempotency_records = Table(
    "idempotency_records",
    mapper_registry.metadata,
    Column("key_digest", LargeBinary, primary_key=True),
    Column("member_id", ForeignKey(members.c.id, ondelete="CASCADE"), nullable=False, index=True),
    Column("fingerprint", LargeBinary, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("created_at", DateTime(timezone=True), nullable=False, index=True),
)


class SqlAlchemyStoredResponses:
    def __init__(self, sessions: Callable[[], AsyncSession]) -> None:
        self._sessions = sessions

    async def remove_expired(self, *, before: datetime) -> None:
        old = idempotency_records.c.created_at <= before
        async with self._sessions() as session, session.begin():
            await session.execute(delete(idempotency_records).where(old))
