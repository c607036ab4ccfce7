"""Getting an account and proving who one is."""

from contextlib import suppress
from dataclasses import dataclass, field

from app.application.access import Action, authorize
from app.application.ports import (
    AccessToken,
    Mailer,
    MailTemplate,
    OneTimeTokens,
    PasswordHasher,
    SessionTokens,
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
from app.domain.members import EmailAddress, EmailAddressError, EmailTakenError, Member, PhoneNumber
from app.domain.ports import Clock, UnitOfWork


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    email: EmailAddress
    password: str = field(repr=False)
    full_name: str = field(repr=False)
    phone: PhoneNumber | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrant:
    username: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefreshGrant:
    refresh_token: str = field(repr=False)


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


async def issue_tokens(
    grant: PasswordGrant | RefreshGrant,
    *,
    uow: UnitOfWork,
    clock: Clock,
    hasher: PasswordHasher,
    tokens: SessionTokens,
) -> TokenPair:
    """Start a session, or go on with one (RFC 6749 §4.3, §6). Raises InvalidGrantError."""
    authorize(None, Action.LOG_IN)
    if isinstance(grant, PasswordGrant):
        return await _log_in(grant, uow=uow, clock=clock, hasher=hasher, tokens=tokens)
    return await _refresh(grant, uow=uow, clock=clock, tokens=tokens)


async def _log_in(
    grant: PasswordGrant,
    *,
    uow: UnitOfWork,
    clock: Clock,
    hasher: PasswordHasher,
    tokens: SessionTokens,
) -> TokenPair:
    """The same error and one hash, whether the address is unknown, the password wrong or the
    account not usable. No connection is held while the hash is computed."""
    password = Password.typed(grant.password)
    async with uow:
        known = await _find_by_username(grant.username, uow)
    matches = await hasher.verify(password, known.password_hash if known else None)
    if known is None or not matches or not known.may_log_in:
        await _record("auth:log-in-failed", known, uow=uow, clock=clock)
        raise InvalidGrantError
    outdated = hasher.needs_rehash(known.password_hash)
    rehashed = await hasher.hash(password) if outdated else known.password_hash
    async with uow:
        member = await uow.members.get(known.id)
        if not member.may_log_in or member.password_hash != known.password_hash:
            raise InvalidGrantError
        if outdated:
            member.replace_password_hash(rehashed, clock.now())
        refresh_token = tokens.refresh.first(SessionId(uuid7(clock.now())))
        session = Session.start(refresh_token, member_id=member.id, at=clock.now())
        uow.sessions.add(session)
        uow.audit.add(_entry("auth:log-in", member, clock))
        await uow.commit()
    return _pair(session, refresh_token, tokens)


async def _refresh(grant: RefreshGrant, *, uow: UnitOfWork, clock: Clock, tokens: SessionTokens) -> TokenPair:
    """A replay ends the session, and that is committed (RFC 9700 §4.14.2)."""
    presented = tokens.refresh.read(grant.refresh_token)
    if presented is None:
        raise InvalidGrantError
    successor = tokens.refresh.successor(presented)
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
    return _pair(session, successor, tokens)


async def revoke_token(text: str, *, uow: UnitOfWork, clock: Clock, tokens: SessionTokens) -> None:
    """End the session of a refresh or access token. An unknown token is nothing to speak of
    (RFC 7009 §2.2)."""
    authorize(None, Action.LOG_IN)
    session_id = _session_of(text, tokens)
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


async def _find_by_username(username: str, uow: UnitOfWork) -> Member | None:
    try:
        email = EmailAddress.parse(username)
    except EmailAddressError:
        return None
    return await uow.members.find_by_email(email)


async def _record(action: str, member: Member | None, *, uow: UnitOfWork, clock: Clock) -> None:
    async with uow:
        uow.audit.add(_entry(action, member, clock))
        await uow.commit()


def _session_of(text: str, tokens: SessionTokens) -> SessionId | None:
    refresh_token = tokens.refresh.read(text)
    if refresh_token is not None:
        return refresh_token.session_id
    with suppress(UnauthenticatedError):
        return tokens.access.read(text).session_id
    return None


def _pair(session: Session, refresh_token: RefreshToken, tokens: SessionTokens) -> TokenPair:
    access = tokens.access.issue(member_id=session.member_id, session_id=session.id)
    return TokenPair(access, refresh_token)


def _entry(action: str, member: Member | None, clock: Clock) -> AuditEntry:
    """Nobody is logged in yet at these acts: the member is what they are about."""
    subject_id = None if member is None else member.id
    return AuditEntry.create(action=action, at=clock.now(), subject_id=subject_id)
