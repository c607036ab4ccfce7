"""Registration: create an account, and verify its address."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from app.application.access import Action, authorize
from app.application.audit import record
from app.application.jobs import SendAccountExistsNotice
from app.application.mail_limits import count_mail_request
from app.application.one_time_tokens import find_redeemable, issue_and_mail
from app.application.ports import Clock, OneTimeTokens, PasswordHasher
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.auth import OneTimePurpose, Password
from app.domain.identifiers import uuid7
from app.domain.members.contact_details import EmailAddress, PhoneNumber
from app.domain.members.member import EmailTakenError, Language, Member
from app.domain.rate_limits import MailBudget


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """`client` is the network address of the request."""

    email: EmailAddress
    password: str = field(repr=False)
    full_name: str = field(repr=False)
    client: str = field(repr=False)
    phone: PhoneNumber | None = None
    language: Language = Language.ENGLISH


async def register_member(
    registration: Registration, *, uow: UnitOfWork, clock: Clock, hasher: PasswordHasher
) -> None:
    """Create an account, or notify the owner of an existing one. The response is the same.

    The password is checked and hashed and a mail is sent in every case (ASVS 5.0 6.3.8). The newest
    registration of an unverified address counts. A client over its limit changes nothing.
    Raises PasswordLengthError, PasswordTooCommonError, FullNameError.
    """
    authorize(None, Action.REGISTER)
    now = clock.now()
    email = registration.email
    password = Password.chosen(registration.password, personal=(email.value, registration.full_name))
    member = Member.create(
        email=email,
        password_hash=await hasher.hash(password),
        full_name=registration.full_name,
        phone=registration.phone,
        language=registration.language,
        at=now,
    )
    # Of two concurrent first registrations one is refused here; the other one has already queued the mail.
    with suppress(EmailTakenError):
        async with uow:
            request = await count_mail_request(
                email, client=registration.client, budget=MailBudget.REGISTRATION, uow=uow, at=now
            )
            if request.client_within_limit:
                await _register(member, mail_allowed=request.recipient_within_limit, uow=uow, at=now)
            await uow.commit()


async def _register(newer: Member, *, mail_allowed: bool, uow: UnitOfWork, at: datetime) -> None:
    """Store the registration, or keep the account of a member.

    The newest registration counts, with the token that was mailed last, even if the recipient's limit on
    mails is reached. Otherwise a stranger who registers often could lock out the owner.
    """
    existing = await uow.members.find_by_email_locked(newer.email)
    if existing is not None:
        record(uow, AuditAction.REGISTER_AGAIN, subject_id=existing.id, at=at)
        if existing.awaits_verification:
            existing.replace_registration(newer)
    elif mail_allowed:
        uow.members.add(newer)
        record(uow, AuditAction.REGISTER, subject_id=newer.id, at=at)
    if mail_allowed:
        await _mail_registration(existing or newer, uow=uow, at=at)


async def _mail_registration(member: Member, *, uow: UnitOfWork, at: datetime) -> None:
    """Mail a token or a notice.

    An invited member gets the invitation, since it gives a role: they choose the password with it, and the
    password of the registration is dropped.
    """
    if member.awaits_verification:
        await issue_and_mail(member, OneTimePurpose.VERIFY_EMAIL, uow=uow, at=at)
    elif member.awaits_acceptance:
        await issue_and_mail(member, OneTimePurpose.INVITATION, uow=uow, at=at)
    else:
        await uow.jobs.defer(SendAccountExistsNotice(notice_id=uuid7(at), member_id=member.id))


async def resend_verification(email: EmailAddress, *, client: str, uow: UnitOfWork, clock: Clock) -> None:
    """Mail a new token, which replaces the earlier one, if the address awaits verification.

    An invited member gets the invitation again. Over the limit on mails nothing is sent; the caller gets
    the same response.
    """
    authorize(None, Action.REGISTER)
    now = clock.now()
    async with uow:
        request = await count_mail_request(
            email, client=client, budget=MailBudget.VERIFICATION, uow=uow, at=now
        )
        if request.mail_allowed:
            member = await uow.members.find_by_email(email)
            if member is not None and member.awaits_acceptance:
                await issue_and_mail(member, OneTimePurpose.INVITATION, uow=uow, at=now)
            else:
                recipient = member if member is not None and member.awaits_verification else None
                await issue_and_mail(recipient, OneTimePurpose.VERIFY_EMAIL, uow=uow, at=now)
        await uow.commit()


async def verify_email(text: str, *, uow: UnitOfWork, clock: Clock, tokens: OneTimeTokens) -> None:
    """Redeem a mailed token. It does not log the member in. Raises OneTimeTokenError."""
    authorize(None, Action.REGISTER)
    now = clock.now()
    async with uow:
        token = await find_redeemable(text, OneTimePurpose.VERIFY_EMAIL, uow=uow, at=now, tokens=tokens)
        token.redeem(now)
        member = await uow.members.get(token.member_id)
        member.verify_email(now)
        record(uow, AuditAction.VERIFY_EMAIL, subject_id=member.id, at=now)
        await uow.commit()
