"""The audit log's reads: Core rows on AUTOCOMMIT connections, no identity map."""

from sqlalchemy import ColumnElement, select

from app.application.queries import AuditEntryView, AuditFilter, Page, PageRequest
from app.core.database import Connections
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.keyset import by_instant, fetch_page
from app.infrastructure.database.read_models import columns_of

SORT_KEYS = {"at": by_instant(audit_entries.c.at)}

_ENTRY = columns_of(audit_entries, AuditEntryView)


def matching_entries(where: AuditFilter) -> list[ColumnElement[bool]]:
    wanted = {audit_entries.c.action: where.action, audit_entries.c.actor_id: where.actor_id}
    conditions = [column == value for column, value in wanted.items() if value is not None]
    if where.since is not None:
        conditions.append(audit_entries.c.at >= where.since)
    if where.until is not None:
        conditions.append(audit_entries.c.at < where.until)
    return conditions


class SqlAlchemyAuditQueries:
    def __init__(self, reads: Connections) -> None:
        self._reads = reads

    async def list_entries(self, *, where: AuditFilter, page: PageRequest) -> Page[AuditEntryView]:
        query = select(*_ENTRY).where(*matching_entries(where))
        async with self._reads() as connection:
            return await fetch_page(
                connection, query, AuditEntryView, id=audit_entries.c.id, keys=SORT_KEYS, page=page
            )
