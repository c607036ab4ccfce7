"""Getting an account and proving who one is."""

from contextlib import suppress
from dataclasses import dataclass, field

from app.application.access import Action, authorize
from app.application.ports import (
    AccessToken,
    AccessTokens,
    Mailer,
    MailTemplate,
    OneTimeTokens,
    PasswordHasher,
    RefreshTokens,
)
from app.domain.audit import AuditEntry
from app.domain.auth import (
    InvalidGrantError,
    OneTimePurpose,
    OneTimeToken,
    OneTimeTokenError,
    OneTimeTokenId,
    Password,
    RefreshToken,
    RefreshTokenReplayedError,
    Session,
    SessionId,
)
from app.domain.errors import UnauthenticatedError
from app.domain.identifiers import uuid7
from app.domain.jobs import SendAccountExistsNotice, SendEmailVerification
from app.domain.members import EmailAddress, EmailTakenError, Member, PhoneNumber
from app.domain.ports import Clock, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    email: EmailAddress
    password: str = field(repr=False)
    full_name: str = field(repr=False)
    phone: PhoneNumber | None = None


@dataclass(frozen=True, slots=True)
class TokenPair:
    access: AccessToken
    refresh: RefreshToken


async def register_member(
    registration: Registration, *, uow: UnitOfWork, clock: Clock, hasher: PasswordHasher
) -> None:
    """Make an account, or write to its owner if there is one: the caller learns nothing.

    The password is checked and hashed in both cases, and a mail is sent in both (ASVS 5.0 6.3.8).
    Raises PasswordLengthError, PasswordTooCommonError, FullNameError.
    """
    authorize(None, Action.REGISTER)
    now, email = clock.now(), registration.email
    password = Password.chosen(registration.password, personal=(email.value, registration.full_name))
    member = Member.create(
        email=email,
        password_hash=await hasher.hash(password),
        full_name=registration.full_name,
        phone=registration.phone,
        at=now,
    )
    # Of two first registrations at the same instant one comes second, and its mail is on the way.
    with suppress(EmailTakenError):
        async with uow:
            known = await uow.members.find_by_email(email)
            if known is None:
                uow.members.add(member)
                uow.audit.add(_entry("auth:register", member, clock))
                await _ask_for_verification(member, uow=uow, clock=clock)
            else:
                uow.audit.add(_entry("auth:register-again", known, clock))
                notice = SendAccountExistsNotice(notice_id=uuid7(now), member_id=known.id)
                await uow.jobs.defer(notice)
            await uow.commit()


async def resend_verification(email: EmailAddress, *, uow: UnitOfWork, clock: Clock) -> None:
    """Mail a new token, which replaces the earlier one, if the address awaits verification.

    A job is stored in any case, so that known and unknown addresses cost about the same; for the
    unknown one it finds no token.
    """
    authorize(None, Action.REGISTER)
    async with uow:
        member = await uow.members.find_by_email(email)
        if member is not None and member.is_active and member.email_verified_at is None:
            await _ask_for_verification(member, uow=uow, clock=clock)
        else:
            nothing = OneTimeTokenId(uuid7(clock.now()))
            await uow.jobs.defer(SendEmailVerification(token_id=nothing))
        await uow.commit()


async def verify_email(text: str, *, uow: UnitOfWork, clock: Clock, tokens: OneTimeTokens) -> None:
    """Redeem a mailed token. It logs nobody in. Raises OneTimeTokenError."""
    authorize(None, Action.REGISTER)
    token_id = tokens.read(text, OneTimePurpose.VERIFY_EMAIL)
    if token_id is None:
        raise OneTimeTokenError
    async with uow:
        token = await uow.one_time_tokens.find_locked(token_id)
        if token is None:
            raise OneTimeTokenError
        token.redeem(clock.now())
        member = await uow.members.get(token.member_id)
        member.verify_email(clock.now())
        uow.audit.add(_entry("auth:verify-email", member, clock))
        await uow.commit()


async def log_in(
    email: EmailAddress,
    password: Password,
    *,
    uow: UnitOfWork,
    clock: Clock,
    hasher: PasswordHasher,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
) -> TokenPair:
    """Start a session.

    One InvalidGrantError and one hash, whether the address is unknown, the password wrong or the
    account not (or no longer) usable. No connection is held while the hash is computed.
    """
    authorize(None, Action.LOG_IN)
    async with uow:
        known = await uow.members.find_by_email(email)
    password_hash = known.password_hash if known is not None else None
    matches = await hasher.verify(password, password_hash)
    if known is None or not matches or not known.may_log_in:
        await _record_failure(known, uow=uow, clock=clock)
        raise InvalidGrantError
    rehashed = await hasher.hash(password) if hasher.needs_rehash(known.password_hash) else None
    async with uow:
        member = await uow.members.get(known.id)
        if not member.may_log_in or member.password_hash != password_hash:
            raise InvalidGrantError
        if rehashed is not None:
            member.replace_password_hash(rehashed, clock.now())
        token = refresh_tokens.first(SessionId(uuid7(clock.now())))
        session = Session.start(token, member_id=member.id, at=clock.now())
        uow.sessions.add(session)
        uow.audit.add(_entry("auth:log-in", member, clock))
        await uow.commit()
    access = access_tokens.issue(member_id=session.member_id, session_id=session.id)
    return TokenPair(access, token)


async def refresh_session(
    text: str,
    *,
    uow: UnitOfWork,
    clock: Clock,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
) -> TokenPair:
    """Exchange a refresh token for the next one and a new access token.

    Raises InvalidGrantError. A replay ends the session, and that is committed (RFC 9700 §4.14.2).
    """
    authorize(None, Action.LOG_IN)
    presented = refresh_tokens.read(text)
    if presented is None:
        raise InvalidGrantError
    successor = refresh_tokens.successor(presented)
    async with uow:
        session = await uow.sessions.find_locked(presented.session_id)
        if session is None:
            raise InvalidGrantError
        member = await uow.members.get(session.member_id)
        if not member.may_log_in:
            raise InvalidGrantError
        try:
            session.rotate(presented, successor, clock.now())
        except RefreshTokenReplayedError:
            uow.audit.add(_entry("auth:replay", member, clock))
            await uow.commit()
            raise
        await uow.commit()
    access = access_tokens.issue(member_id=session.member_id, session_id=session.id)
    return TokenPair(access, successor)


async def revoke_token(
    text: str,
    *,
    uow: UnitOfWork,
    clock: Clock,
    access_tokens: AccessTokens,
    refresh_tokens: RefreshTokens,
) -> None:
    """End the session of a refresh or access token; of an unknown token nothing is said (RFC 7009)."""
    authorize(None, Action.LOG_IN)
    session_id = _session_of(text, access_tokens, refresh_tokens)
    if session_id is None:
        return
    async with uow:
        session = await uow.sessions.find_locked(session_id)
        if session is not None and not session.has_ended(clock.now()):
            session.revoke(clock.now())
            member = await uow.members.get(session.member_id)
            uow.audit.add(_entry("auth:log-out", member, clock))
            await uow.commit()


async def send_email_verification(
    job: SendEmailVerification,
    *,
    uow: UnitOfWork,
    clock: Clock,
    tokens: OneTimeTokens,
    mailer: Mailer,
) -> None:
    """Mail the token, unless it was redeemed or replaced by a newer one in the meantime."""
    async with uow:
        token = await uow.one_time_tokens.find_locked(job.token_id)
        member = await uow.members.get(token.member_id) if token is not None else None
    if token is None or member is None or not token.is_redeemable(clock.now()):
        return
    values = {"name": member.full_name, "token": tokens.text(token.id, token.purpose)}
    await mailer.send(MailTemplate.VERIFY_EMAIL, to=member.email, values=values, mail_id=job.token_id)


async def send_account_exists_notice(
    job: SendAccountExistsNotice, *, uow: UnitOfWork, mailer: Mailer
) -> None:
    """Tell the owner of an account about an attempt to register it again."""
    async with uow:
        member = await uow.members.find(job.member_id)
    if member is not None:
        values = {"name": member.full_name}
        await mailer.send(MailTemplate.ACCOUNT_EXISTS, to=member.email, values=values, mail_id=job.notice_id)


async def _ask_for_verification(member: Member, *, uow: UnitOfWork, clock: Clock) -> None:
    token = OneTimeToken.issue(member_id=member.id, purpose=OneTimePurpose.VERIFY_EMAIL, at=clock.now())
    await uow.one_time_tokens.replace(token)
    await uow.jobs.defer(SendEmailVerification(token_id=token.id))


async def _record_failure(member: Member | None, *, uow: UnitOfWork, clock: Clock) -> None:
    async with uow:
        uow.audit.add(_entry("auth:log-in-failed", member, clock))
        await uow.commit()


def _session_of(text: str, access_tokens: AccessTokens, refresh_tokens: RefreshTokens) -> SessionId | None:
    refresh_token = refresh_tokens.read(text)
    if refresh_token is not None:
        return refresh_token.session_id
    with suppress(UnauthenticatedError):
        return access_tokens.read(text).session_id
    return None


def _entry(action: str, member: Member | None, clock: Clock) -> AuditEntry:
    """Nobody is logged in at these acts: the member is what they are about."""
    subject_id = None if member is None else member.id
    return AuditEntry.create(action=action, at=clock.now(), subject_id=subject_id)
