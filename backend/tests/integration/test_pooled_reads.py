"""Reads use the pool of the units of work, and return connections unchanged."""

import asyncio
from collections.abc import AsyncIterator

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import Database, create_database, create_engine
from app.core.settings import Settings


@pytest.fixture
async def pool(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """A pool of one connection."""
    engine = create_engine(settings.model_copy(update={"database_pool_size": 1}))
    yield engine
    await engine.dispose()


@pytest.fixture
def pooled(pool: AsyncEngine) -> Database:
    return create_database(pool)


async def server_process(database: Database) -> int:
    """Return the id of the server process that executes a read."""
    async with database.reads() as connection:
        [(pid,)] = await (await connection.execute("SELECT pg_backend_pid()")).fetchall()
    return int(pid)


async def end(pid: int, owner_url: str) -> None:
    """Terminate connections as a restart does."""
    async with await psycopg.AsyncConnection.connect(owner_url, autocommit=True) as owner:
        await owner.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


async def test_reuses_connection_when_reads_and_transactions_alternate(pooled: Database) -> None:
    first = await server_process(pooled)

    async with pooled.sessions() as session:
        second = await session.scalar(text("SELECT pg_backend_pid()"))

    assert first == second == await server_process(pooled)


async def test_begins_a_transaction_when_a_read_was_before(pooled: Database) -> None:
    await server_process(pooled)

    async with pooled.sessions() as session:
        begun = await session.scalar(text("SELECT transaction_timestamp()"))
        assert await session.scalar(text("SELECT transaction_timestamp()")) == begun


async def test_reads_when_server_has_ended_the_connection(pooled: Database, migration_url: str) -> None:
    ended = await server_process(pooled)
    await end(ended, migration_url)

    assert await server_process(pooled) != ended


async def test_begins_transaction_when_server_has_ended_the_connection(
    pooled: Database, migration_url: str
) -> None:
    ended = await server_process(pooled)
    await end(ended, migration_url)

    async with pooled.sessions() as session:
        assert await session.scalar(text("SELECT 1")) == 1


async def test_gives_the_connection_back_when_a_read_fails(pooled: Database, pool: AsyncEngine) -> None:
    before = await server_process(pooled)

    with pytest.raises(psycopg.errors.DivisionByZero):
        async with pooled.reads() as connection:
            await connection.execute("SELECT 1 / 0")

    assert "Current Checked out connections: 0" in pool.pool.status()
    assert await server_process(pooled) == before


async def test_gives_the_connection_back_when_a_read_is_cancelled(
    pooled: Database, pool: AsyncEngine
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.2), pooled.reads() as connection:
            await connection.execute("SELECT pg_sleep(5)")

    assert "Current Checked out connections: 0" in pool.pool.status()
    assert await server_process(pooled) > 0
