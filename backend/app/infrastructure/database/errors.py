"""Database errors become domain errors: constraints by name, the rest by SQLSTATE."""

from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import Generic, TypeVar

import psycopg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm.exc import StaleDataError

from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import (
    CollisionError,
    ConflictError,
    DomainError,
    RuleViolationError,
    UnavailableError,
)
from app.domain.members.member import EmailTakenError

Connection = TypeVar("Connection")

CONSTRAINTS: dict[str, type[DomainError]] = {
    "uq_members_email": EmailTakenError,
    "uq_responses_consultation_id_member_id": AlreadyRespondedError,
    "pk_participations": AlreadyRespondedError,
}
"""Constraint → its domain error: rules that only the database can check without a race."""

SQLSTATES: dict[str, type[DomainError]] = {
    "23505": ConflictError,
    "23503": ConflictError,
    "23514": RuleViolationError,
    "40001": CollisionError,
    "40P01": CollisionError,
    "57014": UnavailableError,
    "55P03": UnavailableError,
    "25006": UnavailableError,
    "25P03": UnavailableError,
    "25P04": UnavailableError,
    "58030": UnavailableError,
}
"""SQLSTATE → domain error (PostgreSQL, appendix A), for errors without a constraint of CONSTRAINTS.
25006 comes from a replica, or from a primary that is temporarily read-only."""

UNAVAILABLE_CLASSES = ("08", "53", "57P")
"""Connection failures, exhausted resources, and a server that shuts down or starts."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise the domain errors that stand for errors of the database. Other errors pass unchanged.

    Libraries wrap the driver's errors, so the chain of causes is searched too.
    """
    try:
        yield
    except DomainError:
        raise
    except Exception as error:
        domain_error = domain_error_for(error)
        if domain_error is None:
            raise
        raise domain_error from None


def domain_error_for(error: BaseException) -> type[DomainError] | None:
    """Return the domain error for an error or the first of its causes that has one.

    Stale data is a collision: the second transaction is retried on what the first one committed, and then
    finds whether the version and the state still fit its change.
    """
    cause: BaseException | None = error
    while cause is not None:
        domain_error = _error_for_exception(cause)
        if domain_error is not None:
            return domain_error
        cause = cause.__cause__
    return None


def with_domain_errors(
    connections: Callable[[], AbstractAsyncContextManager[Connection]],
) -> Callable[[], AbstractAsyncContextManager[Connection]]:
    """Wrap a source of connections so that its errors, and those of its connections, are domain errors."""

    return lambda: _WithDomainErrors(connections())


class _WithDomainErrors(Generic[Connection]):
    def __init__(self, inner: AbstractAsyncContextManager[Connection]) -> None:
        self._inner = inner

    async def __aenter__(self) -> Connection:
        with translated_errors():
            return await self._inner.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            await self._inner.__aexit__(None, None, None)
            return
        with translated_errors():
            await self._inner.__aexit__(kind, error, trace)
            raise error


def _error_for_exception(error: BaseException) -> type[DomainError] | None:
    if isinstance(error, StaleDataError):
        return CollisionError
    if isinstance(error, PoolTimeoutError):
        return UnavailableError
    if isinstance(error, DBAPIError):
        return UnavailableError if error.connection_invalidated else None
    return _error_for_sqlstate(error) if isinstance(error, psycopg.Error) else None


def _error_for_sqlstate(error: psycopg.Error) -> type[DomainError] | None:
    state = error.sqlstate
    name = error.diag.constraint_name
    if state is None:  # a connection that was lost, or could not be made
        return UnavailableError if isinstance(error, psycopg.OperationalError) else None
    if name in CONSTRAINTS:
        return CONSTRAINTS[name]
    if state.startswith(UNAVAILABLE_CLASSES):
        return UnavailableError
    return SQLSTATES.get(state)
