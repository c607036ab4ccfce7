"""Reads of the audit log."""

from sqlalchemy import bindparam, select

from app.application.audit_queries import AuditEntryView, AuditFilter
from app.application.paging import Page, PageRequest
from app.core.database import Reads
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.keyset import Listing, by_instant
from app.infrastructure.database.read_models import columns_of, given

SORT_KEYS = {"at": by_instant(audit_entries.c.at)}

_CONDITIONS = {
    "action": audit_entries.c.action == bindparam("action"),
    "actor_id": audit_entries.c.actor_id == bindparam("actor_id"),
    "since": audit_entries.c.at >= bindparam("since"),
    "until": audit_entries.c.at < bindparam("until"),
}
_ENTRIES = select(*columns_of(audit_entries, AuditEntryView))
_LISTING = Listing(lambda _: _ENTRIES, AuditEntryView, audit_entries.c.id, SORT_KEYS, _CONDITIONS)


class SqlAlchemyAuditQueries:
    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def list_entries(self, *, where: AuditFilter, page: PageRequest) -> Page[AuditEntryView]:
        return await _LISTING.fetch(self._reads, page=page, where=given(where))
