"""A database that stops responding: every endpoint answers in time and recovers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from time import perf_counter
from typing import Any

import psycopg
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from app.core.database import CONNECT_TIMEOUT_SECONDS, GRACE_SECONDS
from app.core.settings import Environment, Settings
from app.domain.members.member import Member, Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.main import create_app
from devtools.postgres import in_database
from tests.api.problems import assert_problem
from tests.api.routes import ROUTES
from tests.api.routes.requests import RequestContext
from tests.factories import make_member, make_session
from tests.fakes import FixedClock
from tests.plugins.database import as_runtime_role, database_of
from tests.support.http import ME, MEMBERS, NEWS

STATEMENT_SECONDS = 1
CONCURRENCY = 30
WITHOUT_DATABASE = {"/health/live", "/metrics", "/problems", "/problems/{code}"}


class InterruptibleProxy:
    """A proxy in front of PostgreSQL. While interrupted, it accepts connections and sends nothing."""

    def __init__(self, url: str) -> None:
        with psycopg.connect(url) as connection:
            self._host = connection.info.host
            self._port = connection.info.port
            self._user = connection.info.user
        self._flows = asyncio.Event()
        self._flows.set()
        self._connections: list[asyncio.Future[None]] = []

    def interrupt(self) -> None:
        self._flows.clear()

    def resume(self) -> None:
        self._flows.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Yield the address of a server, without a database."""
        server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        yield f"postgresql://{self._user}@127.0.0.1:{port}/postgres"
        server.close()
        for connection in self._connections:
            connection.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._connections.append(asyncio.ensure_future(self._join(reader, writer)))

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with AsyncExitStack() as stack:
            stack.push_async_callback(_close, writer)
            await self._flows.wait()
            if self._host.startswith("/"):
                theirs = await asyncio.open_unix_connection(f"{self._host}/.s.PGSQL.{self._port}")
            else:
                theirs = await asyncio.open_connection(self._host, self._port)
            stack.push_async_callback(_close, theirs[1])
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._pump(reader, theirs[1]))
                pumps.create_task(self._pump(theirs[0], writer))

    async def _pump(self, source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65_536):
                await self._flows.wait()
                target.write(data)
                await target.drain()
        target.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@pytest.fixture
async def proxy(fresh_database_url: str) -> InterruptibleProxy:
    return InterruptibleProxy(fresh_database_url)


@pytest.fixture
async def app(fresh_database_url: str, proxy: InterruptibleProxy) -> AsyncIterator[FastAPI]:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(proxy.serving())
        url = as_runtime_role(in_database(server, database_of(fresh_database_url)))
        settings = Settings(
            environment=Environment.TEST,
            database_url=SecretStr(url),
            database_pool_size=CONCURRENCY,
            database_checkout_timeout=60,
            database_statement_timeout=STATEMENT_SECONDS,
        )
        app = create_app(settings, clock=FixedClock())
        await stack.enter_async_context(app.router.lifespan_context(app))
        yield app


@pytest.fixture
async def admin(fresh_uow: SqlAlchemyUnitOfWork) -> Member:
    admin = make_member(role=Role.ADMIN)
    async with fresh_uow as uow:
        uow.members.add(admin)
        await uow.commit()
    return admin


@pytest.fixture
async def client(app: FastAPI, fresh_uow: SqlAlchemyUnitOfWork, admin: Member) -> AsyncIterator[AsyncClient]:
    session = make_session(admin)
    async with fresh_uow as uow:
        uow.sessions.add(session)
        await uow.commit()
    tokens = app.state.dependencies.session_tokens.access
    token = tokens.issue(member_id=admin.id, session_id=session.id).text
    headers = {"Authorization": f"Bearer {token}"}
    async with AsyncClient(transport=ASGITransport(app), base_url="http://test", headers=headers) as client:
        yield client


async def timed(client: AsyncClient, method: str, path: str, **request: Any) -> tuple[float, Response]:
    began = perf_counter()
    url = path.format(**{name: request.pop(name, "") for name in ("id", "code", "token")})
    async with asyncio.timeout(40):
        response = await client.request(method, url, **request)
    return perf_counter() - began, response


async def test_every_endpoint_answers_in_time_when_database_hangs(
    *,
    app: FastAPI,
    client: AsyncClient,
    proxy: InterruptibleProxy,
    fresh_uow: SqlAlchemyUnitOfWork,
    admin: Member,
) -> None:
    dependencies = app.state.dependencies
    context = RequestContext(
        uow=fresh_uow,
        one_time_tokens=dependencies.one_time_tokens,
        email_change_tokens=dependencies.email_change_tokens,
        session_tokens=dependencies.session_tokens,
        caller=admin,
    )
    requests = [(*name, await route.calls[0].prepare(context)) for name, route in ROUTES.items()]
    warm = await asyncio.gather(*(client.get(ME) for _ in range(CONCURRENCY)))
    assert {response.status_code for response in warm} == {200}

    proxy.interrupt()
    responses = await asyncio.gather(*(timed(client, *name, **request) for *name, request in requests))

    for (_, path, _), (_, response) in zip(requests, responses, strict=True):
        if path in WITHOUT_DATABASE:
            assert response.status_code == 200
        else:
            assert_problem(response, 503, "unavailable")
            assert response.headers["Retry-After"]
    one_wait = STATEMENT_SECONDS + GRACE_SECONDS + CONNECT_TIMEOUT_SECONDS
    turns = -(-len(requests) // CONCURRENCY)
    assert max(seconds for seconds, _ in responses) < one_wait * turns + 5

    proxy.resume()
    assert (await client.get(ME)).status_code == 200


async def test_answers_in_time_when_the_database_freezes_in_the_middle(
    *,
    client: AsyncClient,
    proxy: InterruptibleProxy,
    fresh_engine: AsyncEngine,
    fresh_uow: SqlAlchemyUnitOfWork,
) -> None:
    member = make_member()
    async with fresh_uow as uow:
        uow.members.add(member)
        await uow.commit()
    async with fresh_engine.connect() as holder, fresh_engine.connect() as watch:
        await holder.execute(text("SELECT FROM members WHERE id = :id FOR UPDATE"), {"id": member.id})
        request = asyncio.create_task(timed(client, "POST", f"{MEMBERS}/{member.id}/deactivate"))
        async with asyncio.timeout(10):
            while not await watch.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")):
                await watch.rollback()
        proxy.interrupt()

        seconds, response = await request

    assert_problem(response, 503, "unavailable")
    assert seconds < STATEMENT_SECONDS + GRACE_SECONDS + 2
    proxy.resume()
    assert (await client.get(f"{MEMBERS}/{member.id}")).json()["is_active"] is True


async def test_answers_within_seven_seconds_when_nothing_else_is_set(
    proxy: InterruptibleProxy, fresh_database_url: str
) -> None:
    async with AsyncExitStack() as stack:
        server = await stack.enter_async_context(proxy.serving())
        url = as_runtime_role(in_database(server, database_of(fresh_database_url)))
        app = create_app(Settings(environment=Environment.TEST, database_url=SecretStr(url)))
        await stack.enter_async_context(app.router.lifespan_context(app))
        transport = ASGITransport(app)
        client = await stack.enter_async_context(AsyncClient(transport=transport, base_url="http://test"))
        assert (await client.get(NEWS)).status_code == 200
        proxy.interrupt()

        seconds, response = await timed(client, "GET", NEWS)

        proxy.resume()
    assert_problem(response, 503, "unavailable")
    assert seconds < 7
