"""The audit log in PostgreSQL. It has no foreign keys, since entries outlive the rows that they name."""

from sqlalchemy import Column, DateTime, Index, Table, Text, Uuid
from sqlalchemy.ext.asyncio import AsyncSession

from app.core.logging import get_logger
from app.domain.audit import AuditEntry
from app.infrastructure.database.metadata import mapper_registry

_log = get_logger()

audit_entries = Table(
    "audit_entries",
    mapper_registry.metadata,
    Column("id", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("action", Text, nullable=False),
    Column("actor_id", Uuid),
    Column("subject_id", Uuid),
    Index(None, "at", "id"),
    Index(None, "actor_id", "at", "id"),
    Index(None, "action", "at", "id"),
)

mapper_registry.map_imperatively(AuditEntry, audit_entries)


class SqlAlchemyAuditLog:
    """Stores entries in the unit of work, and logs them after the commit (ASVS 5.0 16.3.1, 16.3.3)."""

    def __init__(self, session: AsyncSession) -> None:
        self._session = session
        self._pending: list[AuditEntry] = []

    def add(self, entry: AuditEntry) -> None:
        self._session.add(entry)
        self._pending.append(entry)

    def log_committed(self) -> None:
        """Log the entries. Call this after the commit, so that nothing is logged that was rolled back."""
        for entry in self._pending:
            ids = {"member_id": entry.actor_id, "subject_id": entry.subject_id}
            known = {name: str(value) for name, value in ids.items() if value is not None}
            _log.info("audit", action=entry.action.value, **known)
        self._pending.clear()
