"""Logging in: starting, renewing and ending sessions."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from app.application.access import Action, authorize
from app.application.audit import record
from app.application.ports import AccessToken, Clock, PasswordHasher, SessionTokens
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.auth import (
    InvalidGrantError,
    Password,
    RefreshToken,
    RefreshTokenReplayedError,
    Session,
    SessionId,
)
from app.domain.errors import InvalidTokenError
from app.domain.identifiers import uuid7
from app.domain.members.contact_details import EmailAddress, EmailAddressError
from app.domain.members.member import Member
from app.domain.rate_limits import account_key, client_key, require_attempts_left


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordGrant:
    """`client` is the network address of the request, `client_name` the program that sent it.

    `replaces` is a refresh token of the session that this log-in ends.
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


async def issue_tokens(
    grant: PasswordGrant | RefreshGrant,
    *,
    uow: UnitOfWork,
    clock: Clock,
    hasher: PasswordHasher,
    tokens: SessionTokens,
) -> TokenPair:
    """Start a session, or renew the tokens of one (RFC 6749 §4.3, §6).

    Raises InvalidGrantError, TooManyAttemptsError.
    """
    authorize(None, Action.LOG_IN)
    now = clock.now()
    if isinstance(grant, PasswordGrant):
        return await _log_in(grant, uow=uow, at=now, hasher=hasher, tokens=tokens)
    return await _refresh(grant, uow=uow, at=now, tokens=tokens)


async def _log_in(
    grant: PasswordGrant,
    *,
    uow: UnitOfWork,
    at: datetime,
    hasher: PasswordHasher,
    tokens: SessionTokens,
) -> TokenPair:
    """Raise the same error after one hash, whether the address is unknown, the password wrong or the account
    closed. No database connection is held while the hash is computed.

    An attempt counts as failed until it succeeds, so concurrent guesses cannot pass the limit.
    """
    password = Password.typed(grant.password)
    email = _parse_address(grant.username)
    keys = (account_key(email.value if email else grant.username), client_key(grant.client))
    async with uow:
        found = await uow.members.find_by_email(email) if email else None
        counts = await uow.rate_limits.hit(keys, at=at)
        await uow.commit()
    require_attempts_left(counts, at)
    matches = await hasher.verify(password, found.password_hash if found else None)
    if found is None or not matches or not found.may_log_in:
        async with uow:
            record(uow, AuditAction.LOG_IN_FAILED, subject_id=found.id if found else None, at=at)
            await uow.commit()
        raise InvalidGrantError
    outdated = hasher.needs_rehash(found.password_hash)
    password_hash = await hasher.hash(password) if outdated else found.password_hash
    async with uow:
        member = await uow.members.get_locked(found.id)
        if not member.may_log_in or member.password_hash != found.password_hash:
            raise InvalidGrantError
        if outdated:
            member.replace_password_hash(password_hash, at)
        pair = await _start_session(grant, member, uow=uow, at=at, tokens=tokens)
        await uow.rate_limits.undo_hit(keys, at=at)
        record(uow, AuditAction.LOG_IN, subject_id=member.id, at=at)
        await uow.commit()
    return pair


async def _start_session(
    grant: PasswordGrant, member: Member, *, uow: UnitOfWork, at: datetime, tokens: SessionTokens
) -> TokenPair:
    """Start a session, and end the one that the grant replaces."""
    refresh_token = tokens.refresh.first(SessionId(uuid7(at)))
    session = Session.start(refresh_token, member_id=member.id, at=at, client_name=grant.client_name)
    uow.sessions.add(session)
    if grant.replaces is not None:
        await _end_replaced(grant.replaces, member, uow=uow, at=at, tokens=tokens)
    return _issue_pair(session, refresh_token, tokens)


async def _end_replaced(
    text: str, member: Member, *, uow: UnitOfWork, at: datetime, tokens: SessionTokens
) -> None:
    """End the session of this refresh token if it is the member's, so that entering the password again does
    not leave a second session (ASVS 5.0 7.2.4). Any other text changes nothing."""
    replaced = tokens.refresh.read(text)
    session = await uow.sessions.find_locked(replaced.session_id) if replaced is not None else None
    if session is not None and session.member_id == member.id and not session.has_ended(at):
        session.revoke(at)
        record(uow, AuditAction.LOG_OUT, subject_id=member.id, at=at)


async def _refresh(grant: RefreshGrant, *, uow: UnitOfWork, at: datetime, tokens: SessionTokens) -> TokenPair:
    """Rotate the refresh token. A replay ends the session, which is committed (RFC 9700 §4.14.2)."""
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
            session.rotate(presented, successor, at)
        except RefreshTokenReplayedError:
            record(uow, AuditAction.REPLAY, subject_id=member.id, at=at)
            await uow.commit()
            raise
        await uow.commit()
    return _issue_pair(session, successor, tokens)


async def revoke_token(text: str, *, uow: UnitOfWork, clock: Clock, tokens: SessionTokens) -> None:
    """End the session of a refresh or access token. An unknown token is not an error (RFC 7009 §2.2)."""
    authorize(None, Action.LOG_IN)
    now = clock.now()
    session_id = _session_of(text, tokens)
    if session_id is None:
        return
    async with uow:
        session = await uow.sessions.find_locked(session_id)
        if session is not None and not session.has_ended(now):
            session.revoke(now)
            member = await uow.members.get(session.member_id)
            record(uow, AuditAction.LOG_OUT, subject_id=member.id, at=now)
            await uow.commit()


def _parse_address(username: str) -> EmailAddress | None:
    with suppress(EmailAddressError):
        return EmailAddress.parse(username)
    return None


def _session_of(text: str, tokens: SessionTokens) -> SessionId | None:
    refresh_token = tokens.refresh.read(text)
    if refresh_token is not None:
        return refresh_token.session_id
    with suppress(InvalidTokenError):
        return tokens.access.read(text).session_id
    return None


def _issue_pair(session: Session, refresh_token: RefreshToken, tokens: SessionTokens) -> TokenPair:
    access = tokens.access.issue(member_id=session.member_id, session_id=session.id)
    return TokenPair(access, refresh_token)
