"""Database errors become domain errors: constraints by name, the rest by SQLSTATE."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TypeVar

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
"""Constraint name → what it means. Domain rules that only the database can check without a race."""

STATES: dict[str, type[DomainError]] = {
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
"""SQLSTATE → kind (PostgreSQL, appendix A), where no constraint says more. 25006: a replica, or a primary
that will write again."""

UNAVAILABLE_CLASSES = ("08", "53", "57P")
"""Connection failures, exhausted resources, and a server that shuts down or starts."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise domain errors for what the database says. An error without a meaning passes unchanged.

    Libraries wrap what the driver raises, so an error means what the first one among its causes means that
    has a meaning.
    """
    try:
        yield
    except DomainError:
        raise
    except Exception as error:
        meaning = domain_error_for(error)
        if meaning is None:
            raise
        raise meaning from None


def domain_error_for(error: BaseException) -> type[DomainError] | None:
    """Return the domain error that an error, or one of its causes, stands for.

    Stale data is a collision: the transaction that comes second starts again from what the first has left,
    and then learns whether that is the version, or the state, that the change was meant for.
    """
    cause: BaseException | None = error
    while cause is not None:
        meaning = _own_meaning(cause)
        if meaning is not None:
            return meaning
        cause = cause.__cause__
    return None


def with_domain_errors(
    connections: Callable[[], AbstractAsyncContextManager[Connection]],
) -> Callable[[], AbstractAsyncContextManager[Connection]]:
    """Give connections whose errors, and whose absence, are domain errors."""

    @asynccontextmanager
    async def translated() -> AsyncIterator[Connection]:
        with translated_errors():
            async with connections() as connection:
                yield connection

    return translated


def _own_meaning(error: BaseException) -> type[DomainError] | None:
    if isinstance(error, StaleDataError):
        return CollisionError
    if isinstance(error, PoolTimeoutError):
        return UnavailableError
    if isinstance(error, DBAPIError):
        return UnavailableError if error.connection_invalidated else None
    return _meaning_to_driver(error) if isinstance(error, psycopg.Error) else None


def _meaning_to_driver(error: psycopg.Error) -> type[DomainError] | None:
    state = error.sqlstate
    name = error.diag.constraint_name
    if state is None:  # a connection that was lost, or could not be made
        return UnavailableError if isinstance(error, psycopg.OperationalError) else None
    if name in CONSTRAINTS:
        return CONSTRAINTS[name]
    if state.startswith(UNAVAILABLE_CLASSES):
        return UnavailableError
    return STATES.get(state)
