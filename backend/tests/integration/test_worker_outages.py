"""The worker during an outage of its database: it waits and reconnects, or ends with an error."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from procrastinate.exceptions import ConnectorException
from psycopg import sql

from app.application.registrations import Registration, register_member
from app.core.settings import Settings
from app.domain.errors import UnavailableError
from app.domain.members.contact_details import EmailAddress
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.jobs.worker import run_worker
from devtools.postgres import in_database
from tests.factories import PASSWORD
from tests.fakes import FakePasswordHasher, FixedClock
from tests.plugins.database import database_of

ADDRESS = EmailAddress("marta-canary@pau2.example")
REGISTRATION = Registration(email=ADDRESS, password=PASSWORD, full_name="Marta Canary", client="203.0.113.7")

SENT = "NOT EXISTS (SELECT FROM procrastinate_jobs WHERE task_name = 'SendOneTimeToken')"
STARTED = "EXISTS (SELECT FROM procrastinate_workers)"


class DatabaseAdministrator:
    """Makes the test's database unavailable and available again, from another database of the server."""

    def __init__(self, connection: psycopg.AsyncConnection, name: str) -> None:
        self._connection = connection
        self._name = name

    async def set(self, change: LiteralString) -> None:
        statement = sql.SQL("ALTER DATABASE {} {}")
        await self._connection.execute(statement.format(sql.Identifier(self._name), sql.SQL(change)))

    async def end_sessions(self) -> None:
        """Terminate all sessions as a fast restart does (57P01)."""
        query = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s"
        await self._connection.execute(query, [self._name])


@pytest.fixture
async def server(fresh_migration_url: str) -> AsyncIterator[DatabaseAdministrator]:
    url = in_database(fresh_migration_url, "postgres")
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        yield DatabaseAdministrator(connection, database_of(fresh_migration_url))


async def wait_until(url: str, condition: LiteralString, worker: asyncio.Task[None]) -> None:
    async with (
        asyncio.timeout(60),
        await psycopg.AsyncConnection.connect(url, autocommit=True) as connection,
    ):
        while True:
            assert not worker.done()
            found = await connection.execute(sql.SQL("SELECT WHERE ") + sql.SQL(condition))
            if found.rowcount:
                return
            await asyncio.sleep(0.05)


@pytest.fixture
def settings(fresh_settings: Settings, tmp_path: Path) -> Settings:
    return fresh_settings.model_copy(update={"mail_folder": tmp_path})


@pytest.fixture
async def worker(settings: Settings, fresh_migration_url: str) -> AsyncIterator[asyncio.Task[None]]:
    """A worker that is running."""
    worker = asyncio.create_task(run_worker(settings, clock=FixedClock()))
    await wait_until(fresh_migration_url, STARTED, worker)
    yield worker
    worker.cancel()
    with suppress(asyncio.CancelledError):
        await worker


async def test_sends_what_was_left_when_the_database_was_away(
    *,
    worker: asyncio.Task[None],
    server: DatabaseAdministrator,
    fresh_uow: SqlAlchemyUnitOfWork,
    fresh_migration_url: str,
    settings: Settings,
) -> None:
    await server.set("ALLOW_CONNECTIONS false")
    await server.end_sessions()
    await server.set("ALLOW_CONNECTIONS true")
    await register_member(REGISTRATION, uow=fresh_uow, clock=FixedClock(), hasher=FakePasswordHasher())

    await wait_until(fresh_migration_url, SENT, worker)

    [mail] = settings.mail_folder.glob("*.eml")
    assert ADDRESS.value in mail.read_text(encoding="utf-8")
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(30):
        await worker


async def test_waits_the_whole_time_again_when_it_had_run_long(
    settings: Settings,
    server: DatabaseAdministrator,
    fresh_migration_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Every run counts as long here, and takes longer than the worker may wait."""
    monkeypatch.setattr("app.infrastructure.jobs.worker.STABLE_AFTER_SECONDS", 0)
    impatient = settings.model_copy(update={"worker_reconnect_timeout": 0.01})
    await server.set("SET default_transaction_read_only = on")
    running = asyncio.create_task(run_worker(impatient, clock=FixedClock()))
    async with asyncio.timeout(60):
        while "connects again" not in caplog.text:
            assert not running.done()
            await asyncio.sleep(0.05)

    await server.set("RESET default_transaction_read_only")

    await wait_until(fresh_migration_url, STARTED, running)
    running.cancel()
    await running


async def test_ends_with_an_error_when_the_database_stays_away(
    settings: Settings, server: DatabaseAdministrator
) -> None:
    await server.set("SET default_transaction_read_only = on")
    impatient = settings.model_copy(update={"worker_reconnect_timeout": 0})

    with pytest.raises(UnavailableError):
        await run_worker(impatient, clock=FixedClock())


async def test_raises_what_is_wrong_when_it_is_not_the_database(
    settings: Settings, fresh_migration_url: str
) -> None:
    with psycopg.connect(fresh_migration_url) as owner:
        owner.execute("DROP TABLE procrastinate_workers CASCADE")

    with pytest.raises(ConnectorException) as raised:
        await run_worker(settings, clock=FixedClock())

    assert isinstance(raised.value.__cause__, psycopg.errors.UndefinedTable)
