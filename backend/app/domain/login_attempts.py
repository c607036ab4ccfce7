"""Limits on guessing passwords and on asking for mails, counted by account and by address."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv6Address, ip_address, ip_network
from typing import ClassVar, NewType, Protocol

from app.domain.errors import LimitExceededError

AttemptKey = NewType("AttemptKey", bytes)
"""Whose attempts are counted together. A digest, so that no address is stored."""


class TooManyAttemptsError(LimitExceededError):
    code: ClassVar[str] = "too_many_attempts"
    detail: ClassVar[str] = "Too many failed attempts. Retry later, or reset your password."


@dataclass(frozen=True, slots=True)
class Limit:
    """How many attempts one key has in a window."""

    attempts: int
    window: timedelta


LOG_INS = Limit(10, timedelta(minutes=5))
MAILS = Limit(5, timedelta(minutes=30))
"""As long as a token to recover an account is good: whoever gets no other mail has one that works."""
REGISTRATIONS_OF_A_CLIENT = 20
"""In the same time: enough for a tablet at a stall, too few to mail to strangers."""

CALENDARS = Limit(30, timedelta(minutes=5))
"""Of unknown calendar addresses that one client may ask for."""


@dataclass(frozen=True, slots=True)
class AttemptCount:
    """What one key has used up since its window began. A window that ended counts for nothing."""

    attempts: int
    window_ends_at: datetime


def account_key(username: str) -> AttemptKey:
    """`username`: the address in its normal form, whether it has an account or not."""
    return _key("account", username)


def client_key(address: str, *, what_for: str = "client") -> AttemptKey:
    """Count an IPv6 network of 64 bits as one client: it belongs to one household (RFC 6177)."""
    try:
        ip = ip_address(address)
    except ValueError:
        return _key(what_for, address)
    if isinstance(ip, IPv6Address):
        return _key(what_for, str(ip_network((ip, 64), strict=False)))
    return _key(what_for, str(ip))


class MailBudget(StrEnum):
    """What mails are asked for. Clients have a count for each; those for a registration and its verification
    count together for a recipient. So nobody's registering stops a recovery."""

    REGISTRATION = "registration"
    VERIFICATION = "verification"
    RECOVERY = "recovery"

    @property
    def most_for_a_client(self) -> int:
        return REGISTRATIONS_OF_A_CLIENT if self is self.REGISTRATION else MAILS.attempts

    def key_of_recipient(self, address: str) -> AttemptKey:
        """`address` in normal form."""
        what_for = self.RECOVERY if self is self.RECOVERY else self.REGISTRATION
        return _key(f"{what_for} mail", address)

    def key_of_client(self, address: str) -> AttemptKey:
        return client_key(address, what_for=f"{self} mail client")


def require_attempts_left(counts: Iterable[AttemptCount], at: datetime) -> None:
    """Raises TooManyAttemptsError when a count, this attempt included, is over the limit.

    The window does not move with further attempts, so nobody is locked out for long (ASVS 5.0 6.3.1).
    """
    waits = [count.window_ends_at - at for count in counts if count.attempts > LOG_INS.attempts]
    if waits:
        raise TooManyAttemptsError(max(waits))


def _key(kind: str, text: str) -> AttemptKey:
    return AttemptKey(hashlib.sha256(f"{kind}:{text}".encode()).digest())


class LoginAttemptCounters(Protocol):
    """Counters that every instance of the application shares."""

    async def add(
        self, number: int, keys: Iterable[AttemptKey], *, at: datetime, limit: Limit = LOG_INS
    ) -> list[AttemptCount]:
        """Add to the count of each key, never below zero, and return the counts in the order of the keys.

        A key without a current window begins one, as long as the limit's.
        """
        ...

    async def forget(self, key: AttemptKey) -> None: ...

    async def remove_ended(self, *, before: datetime) -> None:
        """Delete the counters whose window had ended at this instant."""
        ...
