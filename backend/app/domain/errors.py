"""Base classes of the errors that the domain raises. Clients distinguish the errors by code."""

from datetime import timedelta
from typing import ClassVar


class DomainError(Exception):
    """A rule refuses the request.

    `code` is stable and part of the published contract; `detail` is one sentence for people and
    the same for everybody, so it can be logged and never repeats input.
    """

    code: ClassVar[str]
    detail: ClassVar[str]

    def __str__(self) -> str:
        return self.code


class UnauthenticatedError(DomainError):
    """The caller is not authenticated."""

    code: ClassVar[str] = "unauthenticated"
    detail: ClassVar[str] = "The access token is missing or not valid. Log in."


class InvalidTokenError(UnauthenticatedError):
    """The access token is malformed, unknown, expired or revoked (RFC 6750 §3.1)."""


class ForbiddenError(DomainError):
    """The caller may see the entity, but may not do this with it."""

    code: ClassVar[str] = "forbidden"
    detail: ClassVar[str] = "Your role does not allow this."


class NotFoundError(DomainError):
    """The entity does not exist, or the caller cannot see it: the two look the same."""

    code: ClassVar[str] = "not_found"
    detail: ClassVar[str] = "Nothing was found here."


class ConflictError(DomainError):
    """The state of the resource forbids the change."""

    code: ClassVar[str] = "conflict"
    detail: ClassVar[str] = "This conflicts with stored data."


class VersionMismatchError(DomainError):
    """The entity has another version than the ones that the caller expects."""

    code: ClassVar[str] = "version_mismatch"
    detail: ClassVar[str] = "This has changed since you read it. Read it again, then retry."


class RuleViolationError(DomainError):
    """The request breaks a rule, whatever the state.

    `field` names the invalid value; `args` are the keys and indices of the invalid part inside it, if any.
    """

    code: ClassVar[str] = "rule_violation"
    detail: ClassVar[str] = "A value breaks a rule."
    field: ClassVar[str] = ""


class LimitExceededError(DomainError):
    """The caller has reached a limit and has to wait for at least `retry_after`."""

    code: ClassVar[str] = "too_many_requests"
    detail: ClassVar[str] = "Too many requests. Retry later."

    def __init__(self, retry_after: timedelta = timedelta(seconds=30)) -> None:
        super().__init__()
        self.retry_after = retry_after


class UnavailableError(DomainError):
    """A dependency does not respond now; the same request may succeed later."""

    code: ClassVar[str] = "unavailable"
    detail: ClassVar[str] = "The service is busy or restarting. Retry in a few seconds."


class CollisionError(UnavailableError):
    """A concurrent change won. The same request may succeed when it is repeated from the start."""
