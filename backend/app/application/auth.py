"""Getting an account and proving who one is."""

from contextlib import suppress
from dataclasses import dataclass, field

from app.application.access import Action, authorize
from app.application.jobs import SendAccountExistsNotice
from app.application.mail_limits import count_mail, may_cause_mail
from app.application.one_time_tokens import find_redeemable, hand_out
from app.application.ports import (
    AccessToken,
    Clock,
    OneTimeTokens,
    PasswordHasher,
    SessionTokens,
)
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditEntry
from app.domain.auth import (
    InvalidGrantError,
    OneTimePurpose,
    Password,
    RefreshToken,
    RefreshTokenReplayedError,
    Session,
    SessionId,
)
from app.domain.errors import InvalidTokenError
from app.domain.identifiers import uuid7
from app.domain.login_attempts import MailBudget, account_key, client_key, require_attempts_left
from app.domain.members import (
    EmailAddress,
    EmailAddressError,
    EmailTakenError,
    Language,
    Member,
    PhoneNumber,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """`client` is the network address that it comes from."""

    email: EmailAddress
    password: str = field(repr=False)
    full_name: str = field(repr=False)
    client: str = field(repr=False)
    phone: PhoneNumber | None = None
    language: Language = Language.ENGLISH


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrant:
    """`client` is the network address that the attempt comes from, `client_name` the program.

    `replaces` is a refresh token of the session that this log-in takes the place of.
    """

    username: str = field(repr=False)
    password: str = field(repr=False)
    client: str = field(repr=False)
    client_name: str | None = None
    replaces: str | None = field(default=None, repr=False)


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

    The password is checked and hashed and a mail is sent in every case (ASVS 5.0 6.3.8). Of an address that
    was never verified the newest registration counts. Beyond the limit of a client nothing happens.
    Raises PasswordLengthError, PasswordTooCommonError, FullNameError.
    """
    authorize(None, Action.REGISTER)
    email = registration.email
    password = Password.chosen(registration.password, personal=(email.value, registration.full_name))
    member = Member.create(
        email=email,
        password_hash=await hasher.hash(password),
        full_name=registration.full_name,
        phone=registration.phone,
        language=registration.language,
        at=clock.now(),
    )
    budget = MailBudget.REGISTRATION
    # Of two first registrations at the same instant one is refused here: as if it had come before the other.
    with suppress(EmailTakenError):
        async with uow:
            allowance = await count_mail(
                email, client=registration.client, budget=budget, uow=uow, clock=clock
            )
            if allowance.by_client:
                await _register(member, mails=allowance.to_recipient, uow=uow, clock=clock)
            await uow.commit()


async def _register(newer: Member, *, mails: bool, uow: UnitOfWork, clock: Clock) -> None:
    """Store the registration, or leave what a member has.

    Beyond the limit on mails to the address the newest registration counts nevertheless, with the token that
    was mailed last: otherwise a stranger who registers often would keep the owner's own one out.
    """
    known = await uow.members.find_by_email_locked(newer.email)
    if known is not None:
        uow.audit.add(_entry("auth:register-again", known, clock))
        if known.awaits_verification:
            known.start_over(newer)
    elif mails:
        uow.members.add(newer)
        uow.audit.add(_entry("auth:register", newer, clock))
    if mails:
        await _write_to(known or newer, uow=uow, clock=clock)


async def _write_to(member: Member, *, uow: UnitOfWork, clock: Clock) -> None:
    """Mail a token or a notice. The token of an invitation gives a role, so whoever was invited chooses the
    password with it; the one of the registration is forgotten."""
    if member.awaits_verification:
        await hand_out(member, OneTimePurpose.VERIFY_EMAIL, uow=uow, clock=clock)
    elif member.awaits_acceptance:
        await hand_out(member, OneTimePurpose.INVITATION, uow=uow, clock=clock)
    else:
        await uow.jobs.defer(SendAccountExistsNotice(notice_id=uuid7(clock.now()), member_id=member.id))


async def resend_verification(email: EmailAddress, *, client: str, uow: UnitOfWork, clock: Clock) -> None:
    """Mail a new token, which replaces the earlier one, if the address awaits verification.

    Whoever was invited gets the invitation again.
    Beyond the limit on mails nothing happens, and nobody is told.
    """
    authorize(None, Action.REGISTER)
    async with uow:
        budget = MailBudget.VERIFICATION
        if await may_cause_mail(email, client=client, budget=budget, uow=uow, clock=clock):
            member = await uow.members.find_by_email(email)
            if member is not None and member.awaits_acceptance:
                await hand_out(member, OneTimePurpose.INVITATION, uow=uow, clock=clock)
            else:
                waits = member is not None and member.awaits_verification
                await hand_out(member if waits else None, OneTimePurpose.VERIFY_EMAIL, uow=uow, clock=clock)
        await uow.commit()


async def verify_email(text: str, *, uow: UnitOfWork, clock: Clock, tokens: OneTimeTokens) -> None:
    """Redeem a mailed token. It logs nobody in. Raises OneTimeTokenError."""
    authorize(None, Action.REGISTER)
    async with uow:
        token = await find_redeemable(text, OneTimePurpose.VERIFY_EMAIL, uow=uow, clock=clock, tokens=tokens)
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
    """Start a session, or go on with one (RFC 6749 §4.3, §6).

    Raises InvalidGrantError, TooManyAttemptsError.
    """
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
    account not usable. No connection is held while the hash is computed.

    An attempt counts as failed until it succeeds: of many guesses at once none slips through.
    """
    password = Password.typed(grant.password)
    email = _address(grant.username)
    keys = (account_key(email.value if email else grant.username), client_key(grant.client))
    async with uow:
        known = await uow.members.find_by_email(email) if email else None
        counts = await uow.login_attempts.add(1, keys, at=clock.now())
        await uow.commit()
    require_attempts_left(counts, clock.now())
    matches = await hasher.verify(password, known.password_hash if known else None)
    if known is None or not matches or not known.may_log_in:
        await _record("auth:log-in-failed", known, uow=uow, clock=clock)
        raise InvalidGrantError
    outdated = hasher.needs_rehash(known.password_hash)
    rehashed = await hasher.hash(password) if outdated else known.password_hash
    async with uow:
        member = await uow.members.get_locked(known.id)
        if not member.may_log_in or member.password_hash != known.password_hash:
            raise InvalidGrantError
        if outdated:
            member.replace_password_hash(rehashed, clock.now())
        pair = await _start_session(grant, member, uow=uow, clock=clock, tokens=tokens)
        await uow.login_attempts.add(-1, keys, at=clock.now())
        uow.audit.add(_entry("auth:log-in", member, clock))
        await uow.commit()
    return pair


async def _start_session(
    grant: PasswordGrant, member: Member, *, uow: UnitOfWork, clock: Clock, tokens: SessionTokens
) -> TokenPair:
    """Start a session, in place of the one that the grant names."""
    refresh_token = tokens.refresh.first(SessionId(uuid7(clock.now())))
    session = Session.start(refresh_token, member_id=member.id, at=clock.now(), client_name=grant.client_name)
    uow.sessions.add(session)
    await _end_replaced(grant.replaces, member, uow=uow, clock=clock, tokens=tokens)
    return _pair(session, refresh_token, tokens)


async def _end_replaced(
    text: str | None, member: Member, *, uow: UnitOfWork, clock: Clock, tokens: SessionTokens
) -> None:
    """End the session of this refresh token, if it is the member's: whoever enters the password again
    has one session, not two (ASVS 5.0 7.2.4). Any other text changes nothing."""
    replaced = tokens.refresh.read(text) if text is not None else None
    session = await uow.sessions.find_locked(replaced.session_id) if replaced is not None else None
    if session is not None and session.member_id == member.id and not session.has_ended(clock.now()):
        session.revoke(clock.now())
        uow.audit.add(_entry("auth:log-out", member, clock))


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


def _address(username: str) -> EmailAddress | None:
    with suppress(EmailAddressError):
        return EmailAddress.parse(username)
    return None


async def _record(action: str, member: Member | None, *, uow: UnitOfWork, clock: Clock) -> None:
    async with uow:
        uow.audit.add(_entry(action, member, clock))
        await uow.commit()


def _session_of(text: str, tokens: SessionTokens) -> SessionId | None:
    refresh_token = tokens.refresh.read(text)
    if refresh_token is not None:
        return refresh_token.session_id
    with suppress(InvalidTokenError):
        return tokens.access.read(text).session_id
    return None


def _pair(session: Session, refresh_token: RefreshToken, tokens: SessionTokens) -> TokenPair:
    access = tokens.access.issue(member_id=session.member_id, session_id=session.id)
    return TokenPair(access, refresh_token)


def _entry(action: str, member: Member | None, clock: Clock) -> AuditEntry:
    """Nobody is logged in yet at these acts: the member is what they are about."""
    subject_id = None if member is None else member.id
    return AuditEntry.create(action=action, at=clock.now(), subject_id=subject_id)
