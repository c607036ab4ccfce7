"""New passwords: by a mailed token, or with the current password."""

from dataclasses import dataclass, field
from datetime import datetime

from app.application.access import Action, Actor, authorize
from app.application.audit import record
from app.application.jobs import SendPasswordChangedNotice
from app.application.mail_limits import count_mail_request
from app.application.one_time_tokens import find_redeemable, issue_and_mail
from app.application.ports import Clock, OneTimeTokens, PasswordHasher
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.auth import CurrentPasswordError, OneTimePurpose, OneTimeTokenError, Password
from app.domain.identifiers import uuid7
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Member
from app.domain.rate_limits import MailBudget, account_key, require_attempts_left

MAILED_PURPOSES = (OneTimePurpose.RECOVERY, OneTimePurpose.INVITATION)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordReset:
    token: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordChange:
    current_password: str = field(repr=False)
    password: str = field(repr=False)


async def request_password_reset(email: EmailAddress, *, client: str, uow: UnitOfWork, clock: Clock) -> None:
    """Mail a token that resets the password, if the address has an active account.

    Over the limit on mails nothing is sent; the caller gets the same response.
    """
    authorize(None, Action.RECOVER_ACCOUNT)
    now = clock.now()
    async with uow:
        request = await count_mail_request(email, client=client, budget=MailBudget.RECOVERY, uow=uow, at=now)
        if request.mail_allowed:
            member = await uow.members.find_by_email(email)
            active = member is not None and member.is_active
            await issue_and_mail(member if active else None, OneTimePurpose.RECOVERY, uow=uow, at=now)
        await uow.commit()


async def reset_password(
    reset: PasswordReset, *, uow: UnitOfWork, clock: Clock, hasher: PasswordHasher, tokens: OneTimeTokens
) -> None:
    """Set the password with a mailed token, which also verifies the address.

    This ends all sessions, invalidates all other mailed tokens, clears failed log-ins, and does not log
    the member in (ASVS 5.0 6.4.3, 7.4.3). The token is read twice, so that no lock is held while the hash
    is computed.
    Raises OneTimeTokenError, PasswordLengthError, PasswordTooCommonError.
    """
    authorize(None, Action.RECOVER_ACCOUNT)
    now = clock.now()
    async with uow:
        token = await find_redeemable(reset.token, *MAILED_PURPOSES, uow=uow, at=now, tokens=tokens)
        known = await uow.members.get(token.member_id)
    password_hash = await _hash_chosen(reset.password, known, hasher)
    async with uow:
        await find_redeemable(reset.token, *MAILED_PURPOSES, uow=uow, at=now, tokens=tokens)
        member = await uow.members.get_locked(known.id)
        if not member.is_active:
            raise OneTimeTokenError
        member.replace_password_hash(password_hash, now)
        member.verify_email(now)
        await uow.rate_limits.clear(account_key(member.email.value))
        await _finish_password_change(AuditAction.RECOVER_ACCOUNT, member, None, uow=uow, at=now)
        await uow.commit()


async def change_password(
    change: PasswordChange, *, actor: Actor, uow: UnitOfWork, clock: Clock, hasher: PasswordHasher
) -> None:
    """Replace one's password, and end all other sessions (ASVS 5.0 6.2.3, 7.4.3).

    Wrong passwords count as failed log-ins, since a thief of an access token could guess.
    Raises CurrentPasswordError, TooManyAttemptsError, PasswordLengthError, PasswordTooCommonError.
    """
    authorize(actor, Action.CHANGE_CREDENTIALS)
    now = clock.now()
    async with uow:
        known = await uow.members.get(actor.member_id)
        keys = (account_key(known.email.value),)
        counts = await uow.rate_limits.hit(keys, at=now)
        await uow.commit()
    require_attempts_left(counts, now)
    if not await hasher.verify(Password.typed(change.current_password), known.password_hash):
        raise CurrentPasswordError
    password_hash = await _hash_chosen(change.password, known, hasher)
    async with uow:
        member = await uow.members.get_locked(known.id)
        if member.password_hash != known.password_hash:
            raise CurrentPasswordError
        member.replace_password_hash(password_hash, now)
        await uow.rate_limits.undo_hit(keys, at=now)
        await _finish_password_change(AuditAction.CHANGE_CREDENTIALS, member, actor, uow=uow, at=now)
        await uow.commit()


async def _hash_chosen(text: str, member: Member, hasher: PasswordHasher) -> str:
    personal = (member.email.value, member.full_name)
    return await hasher.hash(Password.chosen(text, personal=personal))


async def _finish_password_change(
    action: AuditAction, member: Member, actor: Actor | None, *, uow: UnitOfWork, at: datetime
) -> None:
    """End every session but the actor's, revoke mailed tokens and a pending change of address, notify the
    owner, and record the act."""
    session_id = None if actor is None else actor.session_id
    await uow.sessions.revoke_all(member.id, at=at, keep=session_id)
    await uow.one_time_tokens.remove_all(member.id)
    await uow.email_changes.withdraw(member.id)
    await uow.jobs.defer(SendPasswordChangedNotice(notice_id=uuid7(at), member_id=member.id))
    record(uow, action, actor=actor, subject_id=member.id, at=at)
