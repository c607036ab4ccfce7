"""Readiness distinguishes a database that is not migrated from one that does not respond."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import psycopg
import pytest
from psycopg import errors

from app.infrastructure.database.readiness import SqlAlchemyReadiness


class FailingConnection(AbstractAsyncContextManager[psycopg.AsyncConnection[Any]]):
    """A connection that cannot be opened."""

    def __init__(self, error: psycopg.Error) -> None:
        self._error = error

    async def __aenter__(self) -> psycopg.AsyncConnection[Any]:
        raise self._error

    async def __aexit__(self, *_: object) -> None: ...


def readiness(error: psycopg.Error) -> SqlAlchemyReadiness:
    return SqlAlchemyReadiness(lambda: FailingConnection(error), head=None)


@pytest.mark.parametrize(
    "error", [errors.UndefinedTable(), errors.InsufficientPrivilege(), errors.InvalidSchemaName()]
)
async def test_is_not_ready_when_the_database_is_not_migrated(error: psycopg.Error) -> None:
    assert await readiness(error)._run() is False


async def test_raises_when_the_database_has_another_fault() -> None:
    with pytest.raises(errors.QueryCanceled):
        await readiness(errors.QueryCanceled())._run()
