"""Credentials: passwords, sessions with rotating refresh tokens, and one-time tokens."""

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, NewType, Protocol, Self
from uuid import UUID

from app.domain.errors import DomainError, NotFoundError, RuleViolationError
from app.domain.identifiers import uuid7
from app.domain.members.member import MemberId

SessionId = NewType("SessionId", UUID)
OneTimeTokenId = NewType("OneTimeTokenId", UUID)


class PasswordLengthError(RuleViolationError):
    code: ClassVar[str] = "password_length"
    detail: ClassVar[str] = "A password has 15 to 128 characters."
    field: ClassVar[str] = "password"


class PasswordTooCommonError(RuleViolationError):
    code: ClassVar[str] = "password_too_common"
    detail: ClassVar[str] = "This password is too easy to guess. Use other words or more characters."
    field: ClassVar[str] = "password"


class CurrentPasswordError(RuleViolationError):
    code: ClassVar[str] = "current_password_wrong"
    detail: ClassVar[str] = "This is not your current password."
    field: ClassVar[str] = "current_password"


class SessionNotFoundError(NotFoundError):
    code: ClassVar[str] = "session_not_found"
    detail: ClassVar[str] = "There is no such session, or it has ended."


class OAuthError(DomainError):
    """The grant is refused. `code` is one of RFC 6749 §5.2."""

    code: ClassVar[str] = "invalid_request"
    detail: ClassVar[str] = "The token request is not valid."


class InvalidGrantError(OAuthError):
    """The password or the refresh token is not valid: the client has to log in again."""

    code: ClassVar[str] = "invalid_grant"
    detail: ClassVar[str] = "The credentials are wrong, expired or revoked."


class RefreshTokenReplayedError(InvalidGrantError):
    """A used refresh token was presented again. The client sees an InvalidGrantError."""


class OneTimeTokenError(RuleViolationError):
    code: ClassVar[str] = "one_time_token_invalid"
    detail: ClassVar[str] = "The token is unknown, expired, used, or replaced by a newer one."
    field: ClassVar[str] = "token"


@dataclass(frozen=True, slots=True)
class Password:
    """A password in NFC, so that the same keys give the same hash on every system.

    It is neither trimmed nor truncated (ASVS 5.0 6.2.8). `repr` omits the value.
    """

    value: str = field(repr=False)

    MIN_LENGTH: ClassVar[int] = 15
    MAX_LENGTH: ClassVar[int] = 128
    MIN_UNPREDICTABLE: ClassVar[int] = 6
    _GUESSED_FIRST: ClassVar[re.Pattern[str]] = re.compile(
        "|".join(
            (
                r"(.)\1{2,}",
                r"0?1234567890?|0?123456|09876543210?|987654321|654321|abcdefgh|abcdef",
                r"qwertyuiop|qwerty|asdfghjkl|asdfgh|zxcvbnm|zxcvbn|1q2w3e4r|1qaz2wsx",
                r"p[a@4]ssw[o0]rd|p[a@4]ss|contrase[nñ]a|clave|secret[oa]?|admin(istrator)?",
                r"welcome|bienvenid[oa]s?|letmein|iloveyou|teamo|dragon|monkey|football|futbol",
                r"pau[ _-]*2?|vecin[oa]s|vecindad|asociaci[oó]n|barrio|neighbou?r(hood|s)?",
                r"association|community|comunidad|miembros?|members?|supporter|board",
                r"(19|20)[0-9]{2}",
            )
        )
    )

    @classmethod
    def typed(cls, text: str) -> Self:
        """Return a password to compare with a hash. Any text is accepted."""
        return cls(unicodedata.normalize("NFC", text))

    @classmethod
    def chosen(cls, text: str, *, personal: tuple[str, ...] = ()) -> Self:
        """Return a new password (ASVS 5.0 6.2.1, 6.2.4, 6.2.11).

        `personal` are texts that attackers know about the person; their words do not count. Without
        these, common words and patterns, MIN_UNPREDICTABLE different characters must remain.
        Raises PasswordLengthError, PasswordTooCommonError.
        """
        password = cls.typed(text)
        if not cls.MIN_LENGTH <= len(password.value) <= cls.MAX_LENGTH:
            raise PasswordLengthError
        left = password.value.casefold()
        for word in re.findall(r"\w{3,}", " ".join(personal).casefold()):
            left = left.replace(word, "")
        if len(set(cls._GUESSED_FIRST.sub("", left))) < cls.MIN_UNPREDICTABLE:
            raise PasswordTooCommonError
        return password


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token that this application issued, and its family (session)."""

    session_id: SessionId
    text: str = field(repr=False)

    @property
    def digest(self) -> bytes:
        """The stored digest. The token has far more than 128 random bits, so an unkeyed hash suffices."""
        return hashlib.sha256(self.text.encode()).digest()


@dataclass(eq=False, kw_only=True)
class Session:
    """A log-in and its family of refresh tokens (RFC 9700 §4.14)."""

    id: SessionId
    member_id: MemberId
    client_name: str | None
    token_digest: bytes = field(repr=False)
    parent_digest: bytes | None = field(repr=False)
    authenticated_at: datetime
    rotated_at: datetime
    expires_at: datetime
    revoked_at: datetime | None

    IDLE_LIMIT: ClassVar[timedelta] = timedelta(days=14)
    ABSOLUTE_LIMIT: ClassVar[timedelta] = timedelta(days=30)
    MAX_CLIENT_NAME_LENGTH: ClassVar[int] = 60

    @classmethod
    def start(
        cls, token: RefreshToken, *, member_id: MemberId, at: datetime, client_name: str | None = None
    ) -> Self:
        """Return a session with the first refresh token `token`. `client_name` is shown to its owner."""
        return cls(
            id=token.session_id,
            member_id=member_id,
            client_name=client_name,
            token_digest=token.digest,
            parent_digest=None,
            authenticated_at=at,
            rotated_at=at,
            expires_at=at + cls.ABSOLUTE_LIMIT,
            revoked_at=None,
        )

    def rotate(self, presented: RefreshToken, successor: RefreshToken, at: datetime) -> None:
        """Replace the live token by its successor, which is derived from the presented token.

        Since a response can get lost, the parent of the live token may be presented again, as long as
        the live token is unused: the client then gets the live token again. Any other token of the
        family is a replay and ends the session.
        Raises InvalidGrantError, RefreshTokenReplayedError (commit the session's end before reraising).
        """
        if self.has_ended(at):
            raise InvalidGrantError
        if presented.digest == self.token_digest:
            self.parent_digest = self.token_digest
            self.token_digest = successor.digest
        elif not self._is_retry(presented, successor):
            self.revoke(at)
            raise RefreshTokenReplayedError
        self.rotated_at = at

    def has_ended(self, at: datetime) -> bool:
        idle_since = self.rotated_at + self.IDLE_LIMIT
        return self.revoked_at is not None or at >= min(self.expires_at, idle_since)

    def revoke(self, at: datetime) -> None:
        """End the session. Only the first call counts."""
        if self.revoked_at is None:
            self.revoked_at = at

    def _is_retry(self, presented: RefreshToken, successor: RefreshToken) -> bool:
        return presented.digest == self.parent_digest and successor.digest == self.token_digest


class OneTimePurpose(StrEnum):
    """The purpose of a one-time token. A token is invalid for any other purpose."""

    VERIFY_EMAIL = "VERIFY_EMAIL"
    RECOVERY = "RECOVERY"
    INVITATION = "INVITATION"

    @property
    def lifetime(self) -> timedelta:
        """The lifetime: short if a reader of the mail could take over an account (ASVS 5.0 6.4.1, 6.6.2)."""
        return {
            OneTimePurpose.VERIFY_EMAIL: timedelta(hours=24),
            OneTimePurpose.RECOVERY: timedelta(minutes=30),
            OneTimePurpose.INVITATION: timedelta(days=7),
        }[self]


@dataclass(eq=False, kw_only=True)
class OneTimeToken:
    """A permission that is mailed and can be used once.

    The mailed text is computed from the id with a server key, and is not stored.
    """

    id: OneTimeTokenId
    member_id: MemberId
    purpose: OneTimePurpose
    expires_at: datetime
    redeemed_at: datetime | None

    @classmethod
    def issue(cls, *, member_id: MemberId, purpose: OneTimePurpose, at: datetime) -> Self:
        return cls(
            id=OneTimeTokenId(uuid7(at)),
            member_id=member_id,
            purpose=purpose,
            expires_at=at + purpose.lifetime,
            redeemed_at=None,
        )

    def is_redeemable(self, at: datetime) -> bool:
        return self.redeemed_at is None and at < self.expires_at

    def redeem(self, at: datetime) -> None:
        """Redeem the token. Raises OneTimeTokenError."""
        if not self.is_redeemable(at):
            raise OneTimeTokenError
        self.redeemed_at = at


class SessionRepository(Protocol):
    """Sessions as a collection."""

    def add(self, session: Session) -> None: ...

    async def find_locked(self, id: SessionId) -> Session | None:
        """Return the session under a row lock, so that rotations happen one after the other."""
        ...

    async def revoke_all(self, member_id: MemberId, *, at: datetime, keep: SessionId | None = None) -> None:
        """End every session of the member except `keep`."""
        ...

    async def remove_ended(self, *, before: datetime) -> None:
        """Delete the sessions that could no longer be refreshed at this instant."""
        ...


class OneTimeTokenRepository(Protocol):
    """At most one token for each member and purpose, the newest."""

    async def replace(self, token: OneTimeToken) -> None:
        """Store the token; replace the member's earlier one for the same purpose."""
        ...

    async def find_locked(self, id: OneTimeTokenId) -> OneTimeToken | None:
        """Return the token and lock it and its member, so that it cannot be redeemed twice."""
        ...

    async def remove_all(self, member_id: MemberId) -> None: ...

    async def remove_expired(self, *, before: datetime) -> None:
        """Delete the tokens that had expired at this instant, redeemed or not."""
        ...
