"""Invitations that nobody has accepted yet: sent again, corrected, withdrawn."""

from app.application.access import Action, Actor, authorize
from app.application.mail_limits import require_mail_left
from app.application.one_time_tokens import hand_out
from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.application.versions import require_version
from app.domain.audit import AuditEntry
from app.domain.auth import OneTimePurpose
from app.domain.members import InvitationChanges, Member, MemberId, MemberInactiveError


async def resend_invitation(id: MemberId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> None:
    """Mail a new token, which replaces the earlier one and is good for as long.

    Raises MemberNotFoundError, InvitationAcceptedError, MemberInactiveError, LimitExceededError.
    """
    authorize(actor, Action.RESEND_INVITATIONS)
    async with uow:
        member = await uow.members.get_locked(id)
        member.require_invited()
        await _mail(member, uow=uow, clock=clock)
        uow.audit.add(_entry(Action.RESEND_INVITATIONS, member, actor, clock))
        await uow.commit()


async def correct_invitation(
    id: MemberId,
    changes: InvitationChanges,
    *,
    seen: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Member:
    """Correct the address, name, phone, role or language, and invite anew: every earlier token is void, so
    whoever reads the wrong mailbox has nothing. Without changes nothing is sent.
    `seen`: see `require_version`.

    Raises MemberNotFoundError, InvitationAcceptedError, MemberInactiveError, EmailTakenError, FullNameError,
    LimitExceededError.
    """
    authorize(actor, Action.CORRECT_INVITATIONS)
    async with uow:
        member = await uow.members.get_locked(id)
        require_version(member, seen)
        if member.correct_invitation(changes, at=clock.now()):
            await uow.one_time_tokens.remove_all(member.id)
            await _mail(member, uow=uow, clock=clock)
            uow.audit.add(_entry(Action.CORRECT_INVITATIONS, member, actor, clock))
        await uow.commit()
    return member


async def withdraw_invitation(
    id: MemberId, *, seen: frozenset[int] | None, actor: Actor, uow: UnitOfWork, clock: Clock
) -> None:
    """Erase the account as if its owner had asked for it: the address is free, the token void.

    `seen`: see `require_version`. Raises MemberNotFoundError, InvitationAcceptedError.
    """
    authorize(actor, Action.WITHDRAW_INVITATIONS)
    async with uow:
        member = await uow.members.get_locked(id)
        require_version(member, seen)
        member.require_invited()
        member.erase(admins=frozenset(), at=clock.now())
        await uow.personal_data.erase(member.id)
        uow.audit.add(_entry(Action.WITHDRAW_INVITATIONS, member, actor, clock))
        await uow.commit()


async def _mail(member: Member, *, uow: UnitOfWork, clock: Clock) -> None:
    """Invite within the limit on mails, which counts by recipient and by invitation.

    Raises MemberInactiveError, LimitExceededError.
    """
    if not member.is_active:
        raise MemberInactiveError
    await require_mail_left(member.email, about=member.id, uow=uow, clock=clock)
    await hand_out(member, OneTimePurpose.INVITATION, uow=uow, clock=clock)


def _entry(action: Action, member: Member, actor: Actor, clock: Clock) -> AuditEntry:
    return AuditEntry.create(action=action, at=clock.now(), actor_id=actor.member_id, subject_id=member.id)
