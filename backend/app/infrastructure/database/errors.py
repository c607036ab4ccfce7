"""Database errors become domain errors: constraints by name, the rest by SQLSTATE."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.orm.exc import StaleDataError

from app.core.database import Connections
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import (
    CollisionError,
    ConflictError,
    DomainError,
    RuleViolationError,
    UnavailableError,
)
from app.domain.members import EmailTakenError

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
    "25P03": UnavailableError,
}
"""SQLSTATE → kind (PostgreSQL, appendix A), where no constraint says more."""

UNAVAILABLE_CLASSES = ("08", "53", "57P")
"""Connection failures, exhausted resources, and a server that shuts down or starts."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise domain errors for what the database says. An error without a meaning passes unchanged.

    Stale data is a collision: whoever comes second starts again from what the first has left, and then
    learns whether that is the version, or the state, that the change was meant for.
    """
    try:
        yield
    except StaleDataError:
        raise CollisionError from None
    except PoolTimeoutError:
        raise UnavailableError from None
    except DBAPIError as error:
        meaning = _meaning(error)
        if meaning is None:
            raise
        raise meaning from None


def translating(connections: Connections) -> Connections:
    """Give connections whose errors, and whose absence, are domain errors."""

    @asynccontextmanager
    async def translated() -> AsyncIterator[AsyncConnection]:
        with translated_errors():
            async with connections() as connection:
                yield connection

    return translated


def _meaning(error: DBAPIError) -> type[DomainError] | None:
    state = getattr(error.orig, "sqlstate", None)
    if state is None:
        return UnavailableError if error.connection_invalidated or _is_lost(error) else None
    name = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    if name in CONSTRAINTS:
        return CONSTRAINTS[name]
    if state.startswith(UNAVAILABLE_CLASSES):
        return UnavailableError
    return STATES.get(state)


def _is_lost(error: DBAPIError) -> bool:
    """A connection that could not be made carries no SQLSTATE."""
    return type(error.orig).__name__ in {"OperationalError", "ConnectionTimeout"}
