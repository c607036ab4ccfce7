"""The audit log: the acts that are recorded, and their list for administrators.

Recorded are:

- every change of an account, its credentials, its role, its sessions or its calendar address, and every
  registration and failed log-in;
- every export, since its data leave the service;
- every removal that leaves no row behind of something that others may have seen, such as an event.

Not recorded are reads, requests for mails, and changes of articles, events and consultations, which keep
their author, a version and the time of the last change. Responses are not recorded: ballots are secret.

An entry is committed together with its act. The subject is the account or the entity that the act concerned.
"""

from datetime import datetime
from uuid import UUID

from app.application.access import Action, Actor, authorize
from app.application.audit_queries import AuditEntryView, AuditFilter, AuditQueries
from app.application.paging import Page, PageRequest
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction, AuditEntry


def record(
    uow: UnitOfWork,
    action: AuditAction,
    *,
    at: datetime,
    actor: Actor | None = None,
    subject_id: UUID | None = None,
) -> None:
    """Add an entry to the unit of work. `actor` is None when nobody is logged in."""
    actor_id = None if actor is None else actor.member_id
    uow.audit.add(AuditEntry.create(action=action, at=at, actor_id=actor_id, subject_id=subject_id))


async def list_audit_entries(
    where: AuditFilter, page: PageRequest, *, actor: Actor, queries: AuditQueries
) -> Page[AuditEntryView]:
    authorize(actor, Action.READ_AUDIT_LOG)
    return await queries.list_entries(where=where, page=page)
