"""Pending invitations: resend, correct and withdraw."""

from datetime import datetime

from app.application.access import Action, Actor, authorize
from app.application.audit import record
from app.application.mail_limits import require_mail_left
from app.application.one_time_tokens import issue_and_mail
from app.application.optimistic_locking import require_version
from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.auth import OneTimePurpose
from app.domain.members.member import (
    InvitationChanges,
    Member,
    MemberId,
    MemberInactiveError,
)


async def resend_invitation(id: MemberId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> None:
    """Mail a new token, which replaces the earlier one and is valid for as long.

    Raises MemberNotFoundError, InvitationAcceptedError, MemberInactiveError, LimitExceededError.
    """
    authorize(actor, Action.RESEND_INVITATIONS)
    now = clock.now()
    async with uow:
        member = await uow.members.get_locked(id)
        member.require_invited()
        await _mail(member, uow=uow, at=now)
        record(uow, AuditAction.RESEND_INVITATION, actor=actor, subject_id=member.id, at=now)
        await uow.commit()


async def correct_invitation(
    id: MemberId,
    changes: InvitationChanges,
    *,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Member:
    """Correct the address, name, phone, role or language, and send a new invitation. Earlier tokens become
    invalid, so a wrong recipient cannot use them. Without changes nothing is sent.
    `versions`: see `require_version`.

    Raises MemberNotFoundError, InvitationAcceptedError, MemberInactiveError, EmailTakenError, FullNameError,
    LimitExceededError.
    """
    authorize(actor, Action.CORRECT_INVITATIONS)
    now = clock.now()
    async with uow:
        member = await uow.members.get_locked(id)
        require_version(member, versions)
        if member.correct_invitation(changes, at=now):
            await uow.one_time_tokens.remove_all(member.id)
            await _mail(member, uow=uow, at=now)
            record(uow, AuditAction.CORRECT_INVITATION, actor=actor, subject_id=member.id, at=now)
        await uow.commit()
    return member


async def withdraw_invitation(
    id: MemberId, *, versions: frozenset[int] | None, actor: Actor, uow: UnitOfWork, clock: Clock
) -> None:
    """Erase the account. The address becomes free, and the token invalid.

    `versions`: see `require_version`. Raises MemberNotFoundError, InvitationAcceptedError.
    """
    authorize(actor, Action.WITHDRAW_INVITATIONS)
    now = clock.now()
    async with uow:
        member = await uow.members.get_locked(id)
        require_version(member, versions)
        member.require_invited()
        member.erase(admins=frozenset(), at=now)
        await uow.personal_data.erase(member.id)
        record(uow, AuditAction.WITHDRAW_INVITATION, actor=actor, subject_id=member.id, at=now)
        await uow.commit()


async def _mail(member: Member, *, uow: UnitOfWork, at: datetime) -> None:
    """Mail an invitation. The limit on mails counts by recipient and by invitation.

    Raises MemberInactiveError, LimitExceededError.
    """
    if not member.is_active:
        raise MemberInactiveError
    await require_mail_left(member.email, about=member.id, uow=uow, at=at)
    await issue_and_mail(member, OneTimePurpose.INVITATION, uow=uow, at=at)
