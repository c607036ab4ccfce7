"""The audit log in memory."""

from app.domain.audit import AuditEntry


class InMemoryAuditLog:
    def __init__(self, entries: list[AuditEntry]) -> None:
        self._entries = entries

    def add(self, entry: AuditEntry) -> None:
        self._entries.append(entry)
