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
    """A request that a client may repeat with the same key.

    The key is not stored, and the fingerprint is an HMAC with it: a reader of the database cannot find
    the body by trying all possible ones (a vote has few).
    """

    member_id: MemberId
    key_digest: bytes
    fingerprint: bytes

    @classmethod
    def of(cls, member_id: MemberId, *, route: str, key: str, path: str, body: bytes) -> Self:
        """Return the request for a key, which counts for one route and one member."""
        return cls(
            member_id=member_id,
            key_digest=hashlib.sha256(f"{member_id} {route} {key}".encode()).digest(),
            fingerprint=hmac.digest(key.encode(), path.encode() + b"\0" + body, hashlib.sha256),
        )


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """The response to the first request."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class StoredResponseFoundError(Exception):
    """The request was completed before. Repeat its response."""

    def __init__(self, response: StoredResponse) -> None:
        super().__init__()
        self.response = response


class IdempotentUnitOfWork(UnitOfWork, Protocol):
    """A unit of work that stores its effect and the response together or not at all.

    Entering it raises StoredResponseFoundError, IdempotencyKeyInUseError or IdempotencyKeyReusedError.
    `commit` checks everything and leaves the transaction open, so that it can be entered again;
    `complete` commits. Without `complete`, after an error or a crash, nothing is stored.
    """

    async def complete(self, response: StoredResponse) -> None:
        """Store the response, commit and close. Does nothing unless `commit` was called before."""
        ...

    async def close(self) -> None:
        """Roll back unless it is completed."""
        ...


class StoredResponses(Protocol):
    async def remove_expired(self, *, before: datetime) -> None:
        """Delete the responses that were stored before this instant."""
        ...


async def delete_expired_responses(*, responses: StoredResponses, clock: Clock) -> None:
    """Delete responses older than RETENTION, because they hold personal data."""
    await responses.remove_expired(before=clock.now() - RETENTION)
