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
        """Return who presents this access token.

        Role, active flag and session are as the database has them now, read in one statement.
        Raises InvalidTokenError.
        """
        ...


class PasswordHasher(Protocol):
    async def hash(self, password: Password) -> str:
        """Return the hash with its salt and parameters, as text."""
        ...

    async def verify(self, password: Password, password_hash: str | None) -> bool:
        """Compare. Without a hash, or with NO_PASSWORD, the work is the same, and in vain."""
        ...

    def needs_rehash(self, password_hash: str) -> bool:
        """Say whether the hash was made with other parameters than new ones are."""
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
        """Raises InvalidTokenError unless the token was made here and has not expired."""
        ...


class RefreshTokens(Protocol):
    def first(self, session_id: SessionId) -> RefreshToken:
        """Make a random token."""
        ...

    def successor(self, token: RefreshToken) -> RefreshToken:
        """Make the token that follows: the same one each time, not to be guessed from outside."""
        ...

    def read(self, text: str) -> RefreshToken | None:
        """Return None unless the token was made here. Whether it is still good is not looked at."""
        ...


@dataclass(frozen=True, slots=True)
class SessionTokens:
    """The two tokens that a session gives out."""

    access: AccessTokens
    refresh: RefreshTokens


class OneTimeTokens(Protocol):
    def text(self, id: OneTimeTokenId, purpose: OneTimePurpose) -> str:
        """Return what is mailed: the same text each time, not to be guessed from the id."""
        ...

    def read(self, text: str, purpose: OneTimePurpose) -> OneTimeTokenId | None:
        """Return None unless the text was made here for this purpose."""
        ...


class EmailChangeTokens(Protocol):
    def text(self, id: EmailChangeId) -> str:
        """Return what is mailed: the same text each time, not to be guessed from the id."""
        ...

    def read(self, text: str) -> EmailChangeId | None:
        """Return None unless the text was made here."""
        ...


class AddressDigests(Protocol):
    def of(self, email: EmailAddress, consultation_id: UUID) -> Sequence[bytes]:
        """Return the digests of the address by each key in use, the one for new rows first.

        They are others for each consultation, and nobody without a key can try addresses.
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
    """The mail server refused a mail for good; `code` is its SMTP reply, and nothing else of it is kept,
    since its text quotes addresses."""

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
        """Hand a mail over for delivery. Raises MailRefusedError when it must not be tried again, and what
        the transport raises when it may be.

        `mail_id` makes the Message-ID: a mail that is sent again is known as the same.
        """
        ...
