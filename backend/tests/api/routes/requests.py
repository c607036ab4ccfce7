"""Requests of a route that succeed for the roles that may make them, and their budget of SQL statements."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.application.access import Action
from app.application.ports import EmailChangeTokens, OneTimeTokens, SessionTokens
from app.application.unit_of_work import UnitOfWork
from app.domain.members.member import Member
from tests.factories import make_member
from tests.support.http import ANY_VERSION

WITH_ANY_VERSION: dict[str, Any] = {"headers": ANY_VERSION}
WITH_KEY: dict[str, Any] = {"headers": {"Idempotency-Key": "a-key-of-the-client"}}

Request = Mapping[str, Any]
"""Arguments of httpx's `request`, and the `id`, `code` or `token` in the path."""


@dataclass(frozen=True, kw_only=True)
class RequestContext:
    """The caller, and the ports that store the entities of a request. `caller` is None when anonymous."""

    uow: UnitOfWork
    one_time_tokens: OneTimeTokens
    email_change_tokens: EmailChangeTokens
    session_tokens: SessionTokens
    caller: Member | None

    async def member(self, *, is_active: bool = True, **overrides: Any) -> Member:
        """Store another member."""
        member = make_member(**overrides)
        member.is_active = is_active
        async with self.uow as uow:
            uow.members.add(member)
            await uow.commit()
        return member


Prepare = Callable[[RequestContext], Awaitable[Request]]
"""Stores what a request needs, and returns the request."""


def plain(**request: Any) -> Prepare:
    """Return the request unchanged: it needs nothing in the database."""

    async def prepare(_context: RequestContext) -> Request:
        return request

    return prepare


@dataclass(frozen=True)
class Call:
    """A request, and its status for the roles that may send it.

    Without the right `visible` the status is 404, as if the entity did not exist.
    """

    status: int
    prepare: Prepare = field(default_factory=plain)
    visible: Action | None = None


@dataclass(frozen=True)
class Route:
    """A route. `statements` is the maximum of SQL statements per request, authentication included."""

    statements: int
    calls: tuple[Call, ...]


Routes = dict[tuple[str, str], Route]
"""Routes by method and path."""


def route(statements: int, *calls: Call) -> Route:
    """Build a Route from any number of calls."""
    return Route(statements, calls)
