"""The limit of concurrent exports of a member, over all instances."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import uvicorn
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.export_files import RowStream
from app.application.exports import MAX_CONCURRENT_EXPORTS, TooManyExportsError
from app.application.members_queries import MemberFilter
from app.core.database import create_database, create_engine
from app.core.settings import Environment, Settings
from app.domain.members.member import Member, Role
from app.infrastructure.database.exports import SqlAlchemyExportSource
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.main import create_app
from tests.api.problems import assert_problem
from tests.factories import make_member, make_session
from tests.fakes import FixedClock
from tests.support.http import EXPORTS


@pytest.fixture
def own_settings(fresh_database_url: str) -> Settings:
    return Settings(environment=Environment.TEST, database_url=SecretStr(fresh_database_url))


@pytest.fixture
async def engines(own_settings: Settings) -> AsyncIterator[tuple[AsyncEngine, AsyncEngine]]:
    """Engines of two instances of the application."""
    first = create_engine(own_settings)
    second = create_engine(own_settings)
    yield first, second
    await first.dispose()
    await second.dispose()


@pytest.fixture
async def admin(engines: tuple[AsyncEngine, AsyncEngine]) -> Member:
    admin = make_member(role=Role.ADMIN)
    uow = SqlAlchemyUnitOfWork(create_database(engines[0]).sessions)
    async with uow:
        uow.members.add(admin)
        await uow.commit()
    return admin


def export(engine: AsyncEngine, by: Member) -> RowStream:
    return SqlAlchemyExportSource(create_database(engine).snapshot).members(
        where=MemberFilter(), requested_by=by.id
    )


@asynccontextmanager
async def running(*tables: RowStream) -> AsyncIterator[None]:
    """Read the first batch of each export, so that all are running."""
    async with AsyncExitStack() as stack:
        for table in tables:
            stack.push_async_callback(table.batches.aclose)
            await anext(table.batches)
        yield


async def test_refuses_third_export_when_two_instances_run_one_each(
    engines: tuple[AsyncEngine, AsyncEngine], admin: Member
) -> None:
    here, there = engines
    first = export(here, admin)
    second = export(there, admin)
    third = export(there, admin)

    async with running(first, second):
        with pytest.raises(TooManyExportsError):
            await anext(third.batches)
        async with running(export(there, make_member())):
            pass


async def test_has_a_place_again_when_an_export_ends_or_is_closed(
    engines: tuple[AsyncEngine, AsyncEngine], admin: Member
) -> None:
    here, there = engines
    read_to_its_end = export(here, admin)
    left = export(there, admin)

    async with running(read_to_its_end, left):
        assert [batch async for batch in read_to_its_end.batches] == []
        async with running(export(there, admin)):
            await left.batches.aclose()
            async with running(export(here, admin)):
                pass


@pytest.fixture
async def headers(
    own_settings: Settings, engines: tuple[AsyncEngine, AsyncEngine], admin: Member, clock: FixedClock
) -> dict[str, str]:
    session = make_session(admin, at=clock.now())
    uow = SqlAlchemyUnitOfWork(create_database(engines[0]).sessions)
    async with uow:
        uow.sessions.add(session)
        await uow.commit()
    tokens = JwtAccessTokens(own_settings.token_secrets, clock=clock)
    access = tokens.issue(member_id=admin.id, session_id=session.id)
    return {"Authorization": f"Bearer {access.text}"}


async def test_returns_429_and_records_nothing_when_two_exports_run(
    *,
    own_settings: Settings,
    engines: tuple[AsyncEngine, AsyncEngine],
    admin: Member,
    headers: dict[str, str],
    clock: FixedClock,
) -> None:
    here, there = engines
    app = create_app(own_settings, database=create_database(here), clock=clock)
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
        async with running(*[export(there, admin) for _ in range(MAX_CONCURRENT_EXPORTS)]):
            refused = await client.get(f"{EXPORTS}/members")
        response = await client.get(f"{EXPORTS}/members")

    assert_problem(refused, 429, "too_many_exports")
    assert int(refused.headers["Retry-After"]) > 0
    assert response.status_code == 200
    async with here.connect() as connection:
        recorded = await connection.scalar(text("SELECT count(*) FROM audit_entries"))
    assert recorded == 1


async def test_gives_place_and_connection_back_when_the_client_leaves(
    *,
    own_settings: Settings,
    engines: tuple[AsyncEngine, AsyncEngine],
    admin: Member,
    headers: dict[str, str],
    clock: FixedClock,
) -> None:
    """A client disconnects from a real server in the middle of 40 MB."""
    here, there = engines
    async with there.begin() as connection:
        for _ in range(40):  # in statements that stay below the limit even on a busy machine
            await connection.execute(MANY_ARTICLES, {"author": admin.id})
    app = create_app(own_settings, database=create_database(here), clock=clock)

    async with served(app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"GET /api/v1/exports/news HTTP/1.1\r\nHost: test\r\n{head}\r\n".encode())
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        assert await places_taken(there) == 1
        writer.close()
        for _ in range(50):
            if await places_taken(there) == 0:
                break
            await asyncio.sleep(0.1)

        assert await places_taken(there) == 0
        assert "Current Checked out connections: 0" in here.pool.status()


MANY_ARTICLES = text("""
    INSERT INTO news (id, title, content, status, scope, author_id, created_at, updated_at, version)
    SELECT gen_random_uuid(), 'T', repeat(' ', 98000), 'DRAFT', 'PUBLIC', :author, now(), now(), 1
    FROM generate_series(1, 10) AS n
""")
"""The text contains no words, because PostgreSQL would need 70 ms per row for the search index."""


async def places_taken(engine: AsyncEngine) -> int:
    query = text(
        "SELECT count(*) FROM pg_locks JOIN pg_database ON pg_database.oid = database "
        "WHERE locktype = 'advisory' AND datname = current_database()"
    )
    async with engine.connect() as connection:
        return int(await connection.scalar(query) or 0)


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, lifespan="off"))
    task = asyncio.create_task(server.serve(sockets=[listening]))
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        await task
