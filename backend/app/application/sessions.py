"""Use cases of the actor's sessions: list them, and end them from any device (ASVS 5.0 7.4.3, 7.5.2)."""

from app.application.access import Action, Actor, authorize
from app.application.audit import record
from app.application.paging import Page, PageRequest
from app.application.ports import Clock
from app.application.sessions_queries import SessionQueries, SessionView
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.auth import SessionId, SessionNotFoundError


async def list_sessions(page: PageRequest, *, actor: Actor, queries: SessionQueries) -> Page[SessionView]:
    authorize(actor, Action.READ_OWN_SESSIONS)
    return await queries.list_sessions(actor=actor, page=page)


async def end_session(id: SessionId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> None:
    """Raises SessionNotFoundError, also for another member's session."""
    authorize(actor, Action.END_OWN_SESSIONS)
    now = clock.now()
    async with uow:
        session = await uow.sessions.find_locked(id)
        if session is None or session.member_id != actor.member_id or session.has_ended(now):
            raise SessionNotFoundError
        session.revoke(now)
        record(uow, AuditAction.END_SESSIONS, actor=actor, subject_id=actor.member_id, at=now)
        await uow.commit()


async def end_all_sessions(*, actor: Actor, uow: UnitOfWork, clock: Clock) -> None:
    """End all sessions, this one included."""
    authorize(actor, Action.END_OWN_SESSIONS)
    now = clock.now()
    async with uow:
        await uow.members.get_locked(actor.member_id)
        await uow.sessions.revoke_all(actor.member_id, at=now)
        record(uow, AuditAction.END_SESSIONS, actor=actor, subject_id=actor.member_id, at=now)
        await uow.commit()
