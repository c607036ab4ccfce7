"""A database that refuses statements: 503 and Retry-After, never 500."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import LiteralString

import psycopg
import pytest
from httpx import ASGITransport, AsyncClient
from psycopg import sql

from app.core.settings import Settings
from app.main import create_app
from tests.api.problems import assert_problem
from tests.factories import PASSWORD
from tests.plugins.database import RUNTIME_ROLE, database_of
from tests.support.http import AUTH, NEWS, TOKEN

REGISTRATION = {"email": "marta@pau2.example", "password": PASSWORD, "full_name": "Marta"}
LOG_IN = {"grant_type": "password", "username": "marta@pau2.example", "password": PASSWORD}


@pytest.fixture
async def client(fresh_settings: Settings) -> AsyncIterator[AsyncClient]:
    async with AsyncExitStack() as stack:
        app = create_app(fresh_settings.model_copy(update={"database_lock_timeout": 0.2}))
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = ASGITransport(app, raise_app_exceptions=False)
        yield await stack.enter_async_context(AsyncClient(transport=transport, base_url="http://test"))


async def test_returns_503_when_the_table_of_the_jobs_is_locked(
    client: AsyncClient, fresh_migration_url: str
) -> None:
    with psycopg.connect(fresh_migration_url) as holder:
        holder.execute("LOCK procrastinate_jobs IN ACCESS EXCLUSIVE MODE")
        response = await client.post(f"{AUTH}/register", json=REGISTRATION)

    assert_problem(response, 503, "unavailable")
    assert response.headers["Retry-After"]
    assert (await client.post(f"{AUTH}/register", json=REGISTRATION)).status_code == 202


async def test_returns_503_for_writes_only_when_database_is_read_only(
    client: AsyncClient, fresh_migration_url: str
) -> None:
    change = sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on")
    with psycopg.connect(fresh_migration_url, autocommit=True) as owner:
        owner.execute(change.format(sql.Identifier(database_of(fresh_migration_url))))

    registered = await client.post(f"{AUTH}/register", json=REGISTRATION)
    logged_in = await client.post(TOKEN, data=LOG_IN)

    assert_problem(registered, 503, "unavailable")
    assert_problem(logged_in, 503, "unavailable")
    assert (await client.get(NEWS)).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        "REVOKE SELECT ON alembic_version FROM {role}",
        "REVOKE SELECT ON news FROM {role}",
        "REVOKE USAGE ON SCHEMA public FROM PUBLIC, {role}",
        "ALTER SCHEMA public RENAME TO elsewhere",
        "ALTER TABLE alembic_version RENAME TO elsewhere",
        "ALTER TABLE procrastinate_jobs RENAME TO elsewhere",
        "DELETE FROM alembic_version",
    ],
)
async def test_is_not_ready_when_a_schema_or_a_right_is_missing(
    change: LiteralString, client: AsyncClient, fresh_migration_url: str
) -> None:
    assert (await client.get("/health/ready")).status_code == 200
    with psycopg.connect(fresh_migration_url) as owner:
        owner.execute(sql.SQL(change).format(role=sql.Identifier(RUNTIME_ROLE)))

    assert_problem(await client.get("/health/ready"), 503, "unavailable")
