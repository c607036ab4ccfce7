"""Limits on guessing passwords: attempts that failed, counted by account and by address."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network
from typing import ClassVar, NewType, Protocol

from app.domain.errors import TooManyRequestsError

AttemptKey = NewType("AttemptKey", bytes)
"""Whose attempts are counted together. A digest, so that no address is stored."""


class TooManyAttemptsError(TooManyRequestsError):
    code: ClassVar[str] = "too_many_attempts"
    detail: ClassVar[str] = (
        "Too many failed attempts. Wait as long as Retry-After says, or reset your password."
    )


@dataclass(frozen=True, slots=True)
class AttemptCount:
    """What one key has used up since its window began. A window that ended counts for nothing."""

    attempts: int
    window_ends_at: datetime

    LIMIT: ClassVar[int] = 10
    WINDOW: ClassVar[timedelta] = timedelta(minutes=5)


def account_key(username: str) -> AttemptKey:
    """`username`: the address in its normal form, whether it has an account or not."""
    return _key("account", username)


def client_key(address: str) -> AttemptKey:
    """Count an IPv6 network of 64 bits as one client: it belongs to one household (RFC 6177)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return _key("client", address)
    if isinstance(ip, IPv6Address):
        return _key("client", str(ip_network((ip, 64), strict=False)))
    return _key("client", str(ip))


def require_attempts_left(counts: Iterable[AttemptCount], at: datetime) -> None:
    """Raises TooManyAttemptsError when a count, this attempt included, is over the limit.

    The window does not move with further attempts, so nobody is locked out for long (ASVS 5.0 6.3.1).
    """
    waits = [count.window_ends_at - at for count in counts if count.attempts > AttemptCount.LIMIT]
    if waits:
        raise TooManyAttemptsError(max(waits))


def _key(kind: str, text: str) -> AttemptKey:
    return AttemptKey(hashlib.sha256(f"{kind}:{text}".encode()).digest())


class LoginAttemptCounters(Protocol):
    """Counters that every instance of the application shares."""

    async def add(self, number: int, keys: Iterable[AttemptKey], *, at: datetime) -> list[AttemptCount]:
        """Add to the count of each key, never below zero, and return the counts.

        A key without a current window begins one, which ends AttemptCount.WINDOW later.
        """
        ...

    async def forget(self, key: AttemptKey) -> None: ...

    async def remove_ended(self, *, before: datetime) -> None:
        """Delete the counters whose window had ended at this instant."""
        ...
