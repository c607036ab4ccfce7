"""Public reads with a real streaming replica."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr

from app.core.settings import Environment, Settings
from app.infrastructure.database.migrations import migrate
from app.main import create_app
from devtools import programs
from devtools.embedded import EmbeddedServer
from devtools.server_owner import owner_of
from tests.integration.temporary_checkouts import new_folder
from tests.support.http import NEWS

MAX_LAG = 2
WITHIN = 30.0
PUBLISH = """
    INSERT INTO news (id, title, content, status, scope, author_id, published_at, created_at, updated_at,
                      version)
    SELECT gen_random_uuid(), %s, 'Text', 'PUBLISHED', 'PUBLIC', id, now(), now(), now(), 1
    FROM members
"""
AUTHOR = """
    INSERT INTO members (id, email, password_hash, full_name, role, is_active, language, created_at,
                         updated_at, version)
    VALUES (gen_random_uuid(), 'ana@pau2.example', '', 'Ana', 'MEMBER', true, 'es', now(), now(), 1)
"""


@dataclass(frozen=True)
class Replication:
    """A migrated primary, and a replica that has replayed everything."""

    primary: EmbeddedServer
    replica: EmbeddedServer

    def publish(self, title: str) -> None:
        with psycopg.connect(self.primary.url()) as connection:
            connection.execute(PUBLISH, [title])

    def pause(self) -> None:
        """Stop replaying. The replica still receives."""
        with psycopg.connect(self.replica.url()) as connection:
            connection.execute("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        with psycopg.connect(self.replica.url()) as connection:
            connection.execute("SELECT pg_wal_replay_resume()")


@pytest.fixture(scope="module")
def servers() -> Iterator[Replication]:
    with new_folder() as folder:
        primary, replica = EmbeddedServer(folder / "primary"), EmbeddedServer(folder / "replica")
        migrate(Settings(environment=Environment.TEST, database_url=SecretStr(primary.url())))
        with psycopg.connect(primary.url()) as connection:
            connection.execute(AUTHOR)
        copy_data(primary, replica)
        replica.url()
        yield Replication(primary, replica)
        replica.release()
        primary.release()


def copy_data(primary: EmbeddedServer, replica: EmbeddedServer) -> None:
    """Make the data directory of a replica that follows the primary."""
    owner = owner_of(primary.data)
    copy = primary.data / "copy"
    binaries = programs.world_readable_programs(primary.place)
    options = ["--checkpoint=fast", "--write-recovery-conf", "--no-sync", "--wal-method=stream"]
    programs.run_program(
        [str(binaries / "pg_basebackup"), "-d", primary.url(), "-D", str(copy), *options],
        owner,
        Path("/"),
    )
    replica.place.mkdir()
    copy.rename(replica.data)


@pytest.fixture
async def app(servers: Replication) -> AsyncIterator[FastAPI]:
    """The application with both servers."""
    app = create_app(
        Settings(
            environment=Environment.TEST,
            database_url=SecretStr(servers.primary.url()),
            database_replica_url=SecretStr(servers.replica.url()),
            database_replica_max_lag=MAX_LAG,
        )
    )
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[AsyncClient]:
    async with AsyncExitStack() as stack:
        transport = ASGITransport(app)
        yield await stack.enter_async_context(AsyncClient(transport=transport, base_url="http://test"))


def reads_on(server: EmbeddedServer) -> int:
    """Return how many connections of the application have read news on the server."""
    with psycopg.connect(server.url()) as connection:
        [(count,)] = connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name = 'pau2' AND query LIKE '%FROM news%'"
        ).fetchall()
    return int(count)


async def titles(client: AsyncClient) -> list[str]:
    response = await client.get(NEWS)
    assert response.status_code == 200, response.text
    return [article["title"] for article in response.json()["items"]]


async def read_until(client: AsyncClient, is_reached: Callable[[list[str]], bool]) -> None:
    """Read the news until the condition holds for their titles."""
    deadline = time.monotonic() + WITHIN
    while not is_reached(await titles(client)):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def use_replica(client: AsyncClient, servers: Replication) -> None:
    await read_until(client, lambda _: reads_on(servers.replica) > 0)


async def test_reads_from_the_replica_when_it_keeps_up(client: AsyncClient, servers: Replication) -> None:
    servers.publish("replayed")

    await use_replica(client, servers)
    await read_until(client, lambda shown: "replayed" in shown)


async def test_reads_from_the_primary_when_the_replica_stands_still(
    client: AsyncClient, servers: Replication
) -> None:
    await use_replica(client, servers)
    servers.pause()
    try:
        servers.publish("not replayed")

        await read_until(client, lambda shown: "not replayed" in shown)
    finally:
        servers.resume()


async def test_answers_every_read_when_the_replica_stops(client: AsyncClient, servers: Replication) -> None:
    await use_replica(client, servers)
    servers.replica.release()
    servers.publish("without a replica")

    assert "without a replica" in await titles(client)

    servers.replica.url()
