"""Who did what: for administrators."""

from app.application.access import Action, Actor, authorize
from app.application.audit_queries import AuditEntryView, AuditFilter, AuditQueries
from app.application.paging import Page, PageRequest


async def list_audit_entries(
    where: AuditFilter, page: PageRequest, *, actor: Actor, queries: AuditQueries
) -> Page[AuditEntryView]:
    authorize(actor, Action.READ_AUDIT_LOG)
    return await queries.list_entries(where=where, page=page)
