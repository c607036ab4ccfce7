import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from time import perf_counter
from typing import Any

from fastapi import FastAPI
from httpx import AsyncClient
from psycopg import AsyncConnection
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from app.core.database import Database, create_database, create_engine, sqlalchemy_url
from app.core.settings import Settings
from app.domain.errors import UnavailableError
from app.infrastructure.database.migrations import head_revision
from app.infrastructure.database.readiness import SqlAlchemyReadiness
from tests.api.problems import assert_problem


def away() -> AbstractAsyncContextManager[AsyncConnection[Any]]:
    raise UnavailableError


async def test_is_alive_when_the_database_is_away(app: FastAPI, client: AsyncClient) -> None:
    app.state.dependencies = replace(
        app.state.dependencies, readiness=SqlAlchemyReadiness(away, head=head_revision())
    )

    assert (await client.get("/health/live")).json() == {"status": "ok"}
    assert_problem(await client.get("/health/ready"), 503, "unavailable")


async def test_returns_503_when_the_process_has_said_that_it_leaves(
    app: FastAPI, client: AsyncClient
) -> None:
    app.state.dependencies.shutdown_state.draining = True

    assert_problem(await client.get("/health/ready"), 503, "unavailable")
    assert (await client.get("/health/live")).status_code == 200


async def test_is_ready_when_the_schema_is_current(client: AsyncClient) -> None:
    response = await client.get("/health/ready")

    assert response.status_code == 200
    assert response.json() == {"status": "ok"}


async def test_returns_503_when_the_schema_is_of_another_release(
    app: FastAPI, client: AsyncClient, database: Database
) -> None:
    app.state.dependencies = replace(
        app.state.dependencies, readiness=SqlAlchemyReadiness(database.reads, head="other")
    )

    assert_problem(await client.get("/health/ready"), 503, "unavailable")


async def test_answers_within_a_second_when_the_database_hangs(
    settings: Settings, migration_url: str
) -> None:
    """Another session has locked the table, so the statement would wait."""
    engine = create_engine(settings)
    readiness = SqlAlchemyReadiness(create_database(engine).reads, head=head_revision())
    owner = create_async_engine(sqlalchemy_url(migration_url))
    async with owner.connect() as blocker:
        await blocker.execute(text("LOCK alembic_version IN ACCESS EXCLUSIVE MODE"))
        began = perf_counter()
        responses = await asyncio.gather(*(readiness.check() for _ in range(20)), return_exceptions=True)
        assert perf_counter() - began < 1
        assert [type(response) for response in responses] == [UnavailableError] * 20
        assert "Current Checked out connections: 1" in engine.pool.status()
        await blocker.rollback()
    await asyncio.sleep(0.2)
    await readiness.check()
    await engine.dispose()
    await owner.dispose()
