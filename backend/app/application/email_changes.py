"""Changes of an account's address: requested, confirmed, and notified to both addresses."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from app.application.access import Action, Actor, authorize
from app.application.audit import record
from app.application.jobs import (
    SendEmailChangedNotice,
    SendEmailChangeNotice,
    SendEmailChangeRequestedNotice,
    SendEmailChangeToken,
)
from app.application.mail_limits import require_mail_left
from app.application.ports import Clock, EmailChangeTokens, Mailer, MailTemplate
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.auth import OneTimeTokenError
from app.domain.email_changes import EmailChange, EmailChangeId
from app.domain.identifiers import uuid7
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import EmailTakenError, Member

OLD_ADDRESS_TEMPLATES: Mapping[type[SendEmailChangeNotice], MailTemplate] = MappingProxyType(
    {
        SendEmailChangeRequestedNotice: MailTemplate.EMAIL_CHANGE_REQUESTED,
        SendEmailChangedNotice: MailTemplate.EMAIL_CHANGED,
    }
)


async def request_email_change(email: EmailAddress, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> None:
    """Mail a token to the new address and a notice to the current one.

    Whether another member has the address is decided when the first mail is sent, so neither the response,
    nor its duration, nor the member's own data reveals it (ASVS 5.0 6.3.8). The limit on mails counts by
    member and by recipient. A request for the current address withdraws a pending change.
    Raises ReauthenticationRequiredError an hour after the password, and LimitExceededError.
    """
    now = clock.now()
    authorize(actor, Action.CHANGE_EMAIL, at=now)
    async with uow:
        member = await uow.members.get_locked(actor.member_id)
        await require_mail_left(email, about=member.id, uow=uow, at=now)
        if email == member.email:
            await uow.email_changes.withdraw(member.id)
        else:
            change = EmailChange.request(
                member_id=member.id,
                session_id=actor.session_id,
                old_email=member.email,
                new_email=email,
                at=now,
            )
            await uow.email_changes.replace(change)
            await uow.jobs.defer(SendEmailChangeToken(mail_id=uuid7(now), change_id=change.id))
            await _notify_old_address(SendEmailChangeRequestedNotice, change.id, uow=uow, at=now)
            record(uow, AuditAction.CHANGE_EMAIL, actor=actor, subject_id=member.id, at=now)
        await uow.commit()


async def confirm_email_change(
    text: str, *, uow: UnitOfWork, clock: Clock, tokens: EmailChangeTokens
) -> None:
    """Redeem a mailed token, so that the member logs in with the new address.

    All sessions except the requesting one end, and tokens mailed to the old address become invalid. Redeeming
    a token again changes nothing. An account that never verified the address is erased.
    Raises OneTimeTokenError, and EmailTakenError if another member has verified the address.
    """
    authorize(None, Action.CONFIRM_EMAIL)
    now = clock.now()
    change_id = tokens.read(text)
    if change_id is None:
        raise OneTimeTokenError
    async with uow:
        change = await uow.email_changes.find_locked(change_id)
        member = await uow.members.find(change.member_id) if change is not None else None
        if change is None or member is None or not member.is_active:
            raise OneTimeTokenError
        if change.confirmed_at is not None and member.email == change.new_email:
            return
        change.confirm(now)
        await _erase_unproven_holder(change, uow=uow, at=now)
        member.change_email(change.new_email, at=now)
        await uow.sessions.revoke_all(member.id, at=now, keep=change.session_id)
        await uow.one_time_tokens.remove_all(member.id)
        await _notify_old_address(SendEmailChangedNotice, change.id, uow=uow, at=now)
        record(uow, AuditAction.CONFIRM_EMAIL, subject_id=member.id, at=now)
        await uow.commit()


async def send_email_change_token(
    job: SendEmailChangeToken, *, uow: UnitOfWork, clock: Clock, tokens: EmailChangeTokens, mailer: Mailer
) -> None:
    """Mail the token to the new address. If another member has it, notify that member instead.

    Neither mail contains a name, since its reader may not know the person who requested it.
    """
    async with uow:
        change = await uow.email_changes.find(job.change_id)
        member = await uow.members.find(change.member_id) if change is not None else None
        holder = await uow.members.find_by_email(change.new_email) if change is not None else None
    if change is None or member is None or not change.is_confirmable(clock.now()):
        return
    if holder is not None and not holder.may_be_replaced:
        template = MailTemplate.EMAIL_CHANGE_CONFLICT
        language = holder.language
        values = {}
    else:
        template = MailTemplate.EMAIL_CHANGE
        language = member.language
        values = {"token": tokens.text(change.id)}
    await mailer.send(template, to=change.new_email, language=language, values=values, mail_id=job.mail_id)


async def send_email_change_notice(job: SendEmailChangeNotice, *, uow: UnitOfWork, mailer: Mailer) -> None:
    """Notify the old address, unless the change was withdrawn or the member erased meanwhile."""
    async with uow:
        change = await uow.email_changes.find(job.change_id)
        member = await uow.members.find(change.member_id) if change is not None else None
    if change is not None and member is not None:
        await mailer.send(
            OLD_ADDRESS_TEMPLATES[type(job)],
            to=change.old_email,
            language=member.language,
            values={"name": member.full_name},
            mail_id=job.mail_id,
        )


async def _erase_unproven_holder(change: EmailChange, *, uow: UnitOfWork, at: datetime) -> None:
    """Erase an account that has the new address and never verified it. Raises EmailTakenError."""
    found = await uow.members.find_by_email(change.new_email)
    if found is None:
        return
    holder: Member = await uow.members.get_locked(found.id)
    if not holder.may_be_replaced:
        raise EmailTakenError
    holder.erase(admins=frozenset(), at=at)
    await uow.personal_data.erase(holder.id)
    record(uow, AuditAction.ERASE_UNPROVEN_MEMBER, subject_id=holder.id, at=at)
    await uow.flush()


async def _notify_old_address(
    kind: type[SendEmailChangeNotice], id: EmailChangeId, *, uow: UnitOfWork, at: datetime
) -> None:
    await uow.jobs.defer(kind(mail_id=uuid7(at), change_id=id))
