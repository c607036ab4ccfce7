"""A budget of SQL statements for every request to the application of a test."""

from collections.abc import Awaitable, Callable, Iterator
from contextvars import ContextVar
from typing import Any

import psycopg
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from tests.api.routes import ROUTES

IGNORED = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
"""Replace BEGIN, COMMIT and ROLLBACK, because a test is one transaction."""

REMEDY = "combine statements or, if that is impossible, raise the budget in ROUTES in tests/api/routes/"

_statements: ContextVar[list[str] | None] = ContextVar("statements", default=None)

Execute = Callable[..., Awaitable[object]]


def _recorded(execute: Execute) -> Execute:
    async def record(cursor: object, query: object, *arguments: object, **options: object) -> object:
        statements = _statements.get()
        if statements is not None and not str(query).startswith(IGNORED):
            statements.append(str(query))
        return await execute(cursor, query, *arguments, **options)

    return record


class BudgetMiddleware:
    """Counts the statements that reach psycopg between a request and the end of its response."""

    def __init__(self, app: ASGIApp, *, overruns: list[str]) -> None:
        self._app = app
        self._overruns = overruns

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        recorded: list[str] = []
        token = _statements.set(recorded)
        try:
            await self._app(scope, receive, send)
        finally:
            _statements.reset(token)
            name = (scope.get("method"), getattr(scope.get("route"), "path", ""))
            budget = ROUTES[name].statements if name in ROUTES else None
            if budget is not None and len(recorded) > budget:
                excess = f"{len(recorded) - budget} more than {budget}"
                message = f"{name}: {len(recorded)} statements, {excess}: {REMEDY}"
                self._overruns.append("\n".join([message, *recorded]))


@pytest.fixture(scope="session")
def exceeded_budgets() -> Iterator[list[str]]:
    """Messages about exceeded budgets since `overruns` was last emptied."""
    with pytest.MonkeyPatch.context() as patch:
        for cursor in (psycopg.AsyncCursor, psycopg.AsyncServerCursor):
            patch.setattr(cursor, "execute", _recorded(cursor.execute))
        yield []


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Any]]:
    """Record every statement that reaches psycopg from now on, with its parameters."""
    statements: list[tuple[str, Any]] = []
    execute: Execute = psycopg.AsyncCursor.execute

    async def record(cursor: object, query: object, parameters: object = None, **options: object) -> object:
        if query:  # an empty statement checks whether the server responds
            statements.append((query.decode() if isinstance(query, bytes) else str(query), parameters))
        return await execute(cursor, query, parameters, **options)

    monkeypatch.setattr(psycopg.AsyncCursor, "execute", record)
    return statements


@pytest.fixture
def overruns(exceeded_budgets: list[str]) -> Iterator[list[str]]:
    """Messages about exceeded budgets. A test fails at its end if any is left."""
    exceeded_budgets.clear()
    yield exceeded_budgets
    assert not exceeded_budgets, "\n".join(exceeded_budgets)
