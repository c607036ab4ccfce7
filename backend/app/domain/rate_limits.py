"""Rate limits: of log-ins by account and client, of mails by recipient and client, of unknown calendars."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import ClassVar, NewType, Protocol

from app.domain.errors import LimitExceededError

RateLimitKey = NewType("RateLimitKey", bytes)
"""The key of a count. It is a digest, so that no address is stored."""


class TooManyAttemptsError(LimitExceededError):
    code: ClassVar[str] = "too_many_attempts"
    detail: ClassVar[str] = "Too many failed attempts. Retry later, or reset your password."


@dataclass(frozen=True, slots=True)
class RateLimit:
    """The maximum number of hits of a key in a window."""

    hits: int
    window: timedelta


LOGIN_LIMIT = RateLimit(10, timedelta(minutes=5))
MAIL_LIMIT = RateLimit(5, timedelta(minutes=30))
"""The window is the lifetime of a recovery token: a recipient who gets no further mail has a valid token."""
MAX_CLIENT_REGISTRATIONS = 20
"""For the window of MAIL_LIMIT: enough for a shared tablet, too few to flood strangers with mail."""

CALENDAR_LIMIT = RateLimit(30, timedelta(minutes=5))
"""Requests of one client for unknown calendar addresses."""


@dataclass(frozen=True, slots=True)
class RateLimitCount:
    """The hits of one key since its window began. A window that has ended does not count."""

    hits: int
    window_ends_at: datetime


def account_key(username: str) -> RateLimitKey:
    """`username` is the address in its normal form, whether it has an account or not."""
    return _key("account", username)


def client_key(address: str, *, kind: str = "client") -> RateLimitKey:
    """Count an IPv6 network of 64 bits as one client: it belongs to one household (RFC 6177)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return _key(kind, address)
    if isinstance(ip, IPv6Address):
        return _key(kind, str(ip_network((ip, 64), strict=False)))
    return _key(kind, str(ip))


class MailBudget(StrEnum):
    """Purposes of mails. A client has a count for each purpose. A recipient has one count for registration
    and verification together and one for recovery, so registrations cannot block a recovery."""

    REGISTRATION = "registration"
    VERIFICATION = "verification"
    RECOVERY = "recovery"

    @property
    def max_client_requests(self) -> int:
        return MAX_CLIENT_REGISTRATIONS if self is self.REGISTRATION else MAIL_LIMIT.hits

    def key_of_recipient(self, address: str) -> RateLimitKey:
        """`address` is in its normal form."""
        purpose = self.RECOVERY if self is self.RECOVERY else self.REGISTRATION
        return _key(f"{purpose} mail", address)

    def key_of_client(self, address: str) -> RateLimitKey:
        return client_key(address, kind=f"{self} mail client")


def require_attempts_left(counts: Iterable[RateLimitCount], at: datetime) -> None:
    """Raises TooManyAttemptsError when a count, this attempt included, is over LOGIN_LIMIT.

    Further attempts do not extend the window, so nobody is locked out for long (ASVS 5.0 6.3.1).
    """
    waits = [count.window_ends_at - at for count in counts if count.hits > LOGIN_LIMIT.hits]
    if waits:
        raise TooManyAttemptsError(max(waits))


def _key(kind: str, text: str) -> RateLimitKey:
    return RateLimitKey(hashlib.sha256(f"{kind}:{text}".encode()).digest())


class RateLimiter(Protocol):
    """Counters that all instances of the application share."""

    async def hit(
        self, keys: Iterable[RateLimitKey], *, at: datetime, limit: RateLimit = LOGIN_LIMIT
    ) -> list[RateLimitCount]:
        """Count one hit for each key, and return the counts in the order of the keys.

        A key without a current window starts one, as long as the limit's.
        """
        ...

    async def undo_hit(
        self, keys: Iterable[RateLimitKey], *, at: datetime, limit: RateLimit = LOGIN_LIMIT
    ) -> list[RateLimitCount]:
        """Take one hit back from each key, but not below zero, and return the counts."""
        ...

    async def clear(self, key: RateLimitKey) -> None:
        """Delete the count of the key."""
        ...

    async def remove_ended(self, *, before: datetime) -> None:
        """Delete the counts whose window had ended at this instant."""
        ...
