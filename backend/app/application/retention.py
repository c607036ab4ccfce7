"""Deletion of data that is no longer needed (GDPR article 5.1 e; ASVS 5.0 14.2.4)."""

from datetime import datetime, timedelta

from app.application.audit import record
from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction

CREDENTIAL_RETENTION = timedelta(days=30)
"""Ended sessions, one-time tokens and changes of address are kept so long for investigations of abuse."""
UNPROVEN_RETENTION = timedelta(days=30)
"""Unverified registrations and invitations are kept so long, and at least until their tokens expire."""
ERASURE_BATCH_SIZE = 500
"""Members for each transaction; the others follow an hour later."""


async def delete_expired_credentials(*, uow: UnitOfWork, clock: Clock) -> None:
    now = clock.now()
    async with uow:
        await uow.sessions.remove_ended(before=now - CREDENTIAL_RETENTION)
        await uow.one_time_tokens.remove_expired(before=now - CREDENTIAL_RETENTION)
        await uow.email_changes.remove_expired(before=now - CREDENTIAL_RETENTION)
        await uow.rate_limits.remove_ended(before=now)
        await _delete_unproven_members(uow=uow, at=now)
        await uow.commit()


async def _delete_unproven_members(*, uow: UnitOfWork, at: datetime) -> None:
    """Erase registered and invited members who have never verified their address."""
    before = at - UNPROVEN_RETENTION
    for member in await uow.members.list_unproven_locked(before=before, at=at, limit=ERASURE_BATCH_SIZE):
        member.erase(admins=frozenset(), at=at)
        await uow.personal_data.erase(member.id)
        record(uow, AuditAction.FORGET_UNPROVEN_MEMBER, subject_id=member.id, at=at)
