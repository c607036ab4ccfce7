"""The audit log in PostgreSQL. No foreign keys: an entry outlives what it speaks of."""

from sqlalchemy import Column, DateTime, Index, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from app.domain.audit import AuditEntry
from app.infrastructure.database.metadata import mapper_registry

audit_entries = Table(
    "audit_entries",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("action", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("subject_id", Uuid),
    Index(None, "actor_id", "id"),
)

mapper_registry.map_imperatively(AuditEntry, audit_entries)


class SqlAlchemyAuditLog:
    def __init__(self, session: AsyncSession) -> None:
        self._session = session

    def add(self, entry: AuditEntry) -> None:
        self._session.add(entry)
