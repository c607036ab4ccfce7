"""Idempotent requests: the first response to a client's key is stored, and repeated."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import ClassVar, Protocol, Self

from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.errors import ConflictError, RuleViolationError
from app.domain.members.member import MemberId

RETENTION = timedelta(hours=24)


class IdempotencyKeyInUseError(ConflictError):
    code: ClassVar[str] = "idempotency_key_in_use"
    detail: ClassVar[str] = "A request with this Idempotency-Key is still running. Retry in a second."


class IdempotencyKeyReusedError(RuleViolationError):
    code: ClassVar[str] = "idempotency_key_reused"
    detail: ClassVar[str] = "This Idempotency-Key was used for another request. Send a new one."
    field: ClassVar[str] = "idempotency_key"


@dataclass(frozen=True, slots=True)
class IdempotentRequest:
    """A request that may come again.

    The key itself is stored nowhere, and the fingerprint is keyed with it: who reads the database
    cannot find out what was sent by trying what it may have been (a vote has few values).
    """

    member_id: MemberId
    key_digest: bytes
    fingerprint: bytes

    @classmethod
    def of(cls, member_id: MemberId, *, route: str, key: str, path: str, body: bytes) -> Self:
        """A key is good for one route and one member; another path or body is another request."""
        return cls(
            member_id=member_id,
            key_digest=hashlib.sha256(f"{member_id} {route} {key}".encode()).digest(),
            fingerprint=hmac.digest(key.encode(), path.encode() + b"\0" + body, hashlib.sha256),
        )


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """What the client got, or should have got, the first time."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class StoredResponseFoundError(Exception):
    """The attempt has come before, and has its answer: there is nothing to do but to give it again."""

    def __init__(self, answer: StoredResponse) -> None:
        super().__init__()
        self.answer = answer


class IdempotentUnitOfWork(UnitOfWork, Protocol):
    """A unit of work whose effect and answer are stored together or not at all.

    Entering it raises StoredResponseFoundError, IdempotencyKeyInUseError or IdempotencyKeyReusedError.
    `commit` checks everything and leaves the transaction open, also for being entered again;
    `complete` commits. What ends without it, by an error or because the process died, leaves nothing.
    """

    async def complete(self, answer: StoredResponse) -> None:
        """Store the answer, commit and close. Does nothing unless `commit` was called before."""
        ...

    async def close(self) -> None:
        """Roll back what is not completed."""
        ...


class StoredResponses(Protocol):
    async def forget(self, *, before: datetime) -> None:
        """Delete the answers that were given before this instant."""
        ...


async def delete_expired_responses(*, answers: StoredResponses, clock: Clock) -> None:
    """Delete what is older than RETENTION: answers hold personal data."""
    await answers.forget(before=clock.now() - RETENTION)
