"""Ports of the adapters that use cases need: the clock, tokens, password hashes and mail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.application.access import Actor
from app.domain.auth import OneTimePurpose, OneTimeTokenId, Password, RefreshToken, SessionId
from app.domain.email_changes import EmailChangeId
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Language, MemberId


class Clock(Protocol):
    def now(self) -> datetime:
        """Return the current instant, aware, in UTC."""
        ...


class Authenticator(Protocol):
    async def authenticate(self, token: str) -> Actor:
        """Return the owner of this access token.

        Role, active flag and session are the current ones of the database, read in one statement.
        Raises InvalidTokenError.
        """
        ...


class PasswordHasher(Protocol):
    async def hash(self, password: Password) -> str:
        """Return the hash with its salt and parameters, as text."""
        ...

    async def verify(self, password: Password, password_hash: str | None) -> bool:
        """Return whether the password fits. Without a hash, or with NO_PASSWORD, it takes as long."""
        ...

    def needs_rehash(self, password_hash: str) -> bool:
        """Return whether the hash has other parameters than new ones."""
        ...


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str = field(repr=False)
    expires_in: timedelta


@dataclass(frozen=True, slots=True)
class AccessTokenClaims:
    member_id: MemberId
    session_id: SessionId


class AccessTokens(Protocol):
    def issue(self, *, member_id: MemberId, session_id: SessionId) -> AccessToken: ...

    def read(self, text: str) -> AccessTokenClaims:
        """Raises InvalidTokenError unless we issued the token and it has not expired."""
        ...


class RefreshTokens(Protocol):
    def first(self, session_id: SessionId) -> RefreshToken:
        """Return a random token for a new session."""
        ...

    def successor(self, token: RefreshToken) -> RefreshToken:
        """Return the next token. It is the same at each call, and unpredictable without the key."""
        ...

    def read(self, text: str) -> RefreshToken | None:
        """Return the parsed token; None unless we issued it. Its validity is not checked."""
        ...


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """The tokens of a session."""

    access: AccessTokens
    refresh: RefreshTokens


class OneTimeTokens(Protocol):
    def text(self, id: OneTimeTokenId, purpose: OneTimePurpose) -> str:
        """Return the text to mail. It is the same at each call, and unpredictable without the key."""
        ...

    def read(self, text: str, purpose: OneTimePurpose) -> OneTimeTokenId | None:
        """Return the id; None unless we issued the text for this purpose."""
        ...


class EmailChangeTokens(Protocol):
    def text(self, id: EmailChangeId) -> str:
        """Return the text to mail. It is the same at each call, and unpredictable without the key."""
        ...

    def read(self, text: str) -> EmailChangeId | None:
        """Return the id; None unless we issued the text."""
        ...


class AddressDigests(Protocol):
    def of(self, email: EmailAddress, consultation_id: UUID) -> Sequence[bytes]:
        """Return a digest of the address for each key in use, that of the current key first.

        They differ between consultations, and addresses cannot be guessed without a key.
        """
        ...


class MailTemplate(StrEnum):
    VERIFY_EMAIL = "verify_email"
    ACCOUNT_EXISTS = "account_exists"
    RECOVERY = "recovery"
    INVITATION = "invitation"
    CREDENTIALS_CHANGED = "credentials_changed"
    EMAIL_CHANGE = "email_change"
    EMAIL_CHANGE_CONFLICT = "email_change_conflict"
    EMAIL_CHANGE_REQUESTED = "email_change_requested"
    EMAIL_CHANGED = "email_changed"


class MailRefusedError(Exception):
    """The mail server refused a mail permanently. `code` is its SMTP reply code; the text is dropped, since
    it quotes addresses."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class Mailer(Protocol):
    async def send(
        self,
        template: MailTemplate,
        *,
        to: EmailAddress,
        language: Language,
        values: Mapping[str, str],
        mail_id: UUID,
    ) -> None:
        """Send a mail. Raises MailRefusedError if it must not be retried, otherwise the transport's error.

        `mail_id` determines the Message-ID, so that a repeated mail is recognized.
        """
        ...
