"""The application under test and its clients, in a transaction of PostgreSQL that is rolled back."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from ipaddress import ip_network

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.core.database import Database, create_engine, single_connection_database
from app.core.settings import Environment, Settings
from app.domain.auth import Session
from app.domain.members.member import Member, Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.main import create_app, create_dependencies
from app.presentation.http.dependencies import Dependencies
from tests.factories import make_member, make_session
from tests.fakes import FixedClock
from tests.plugins.statement_budgets import BudgetMiddleware

pytest_plugins = ["tests.plugins.statement_budgets", "tests.plugins.common"]

ClientFor = Callable[[Role], Awaitable[AsyncClient]]
ClientOf = Callable[..., Awaitable[AsyncClient]]
ClientWith = Callable[[Session], Awaitable[AsyncClient]]
ClientsOfNew = Callable[..., Awaitable[list[AsyncClient]]]


@pytest.fixture(scope="session")
def settings(database_url: str) -> Settings:
    return Settings(
        environment=Environment.TEST,
        database_url=SecretStr(database_url),
        trusted_proxies=(ip_network("10.0.0.0/8"),),
    )


@pytest.fixture(scope="session")
async def engine(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """An engine that has connected once, so that no test pays for the first connection."""
    engine = create_engine(settings)
    async with engine.connect():
        pass
    yield engine
    await engine.dispose()


@pytest.fixture
async def connection(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """One connection in a transaction that never commits."""
    async with engine.connect() as connection, connection.begin() as transaction:
        yield connection
        await transaction.rollback()


@pytest.fixture
def database(connection: AsyncConnection) -> Database:
    return single_connection_database(connection)


@pytest.fixture
def uow(database: Database) -> SqlAlchemyUnitOfWork:
    return SqlAlchemyUnitOfWork(database.sessions)


@pytest.fixture(scope="session")
def shared_app(settings: Settings, exceeded_budgets: list[str]) -> FastAPI:
    """One application for all tests of a process, because FastAPI builds each route at its first request.

    The middleware is built here, so that no test pays for it.
    """
    app = create_app(settings)
    app.add_middleware(BudgetMiddleware, overruns=exceeded_budgets)
    app.middleware_stack = app.build_middleware_stack()
    return app


@pytest.fixture
def dependencies(settings: Settings, database: Database, clock: FixedClock) -> Dependencies:
    return create_dependencies(settings, database, clock)


@pytest.fixture
def app(shared_app: FastAPI, dependencies: Dependencies, overruns: list[str]) -> FastAPI:
    """The application with the dependencies of this test. Its routes have statement budgets."""
    assert overruns == []
    shared_app.state.dependencies = dependencies
    return shared_app


@pytest.fixture
def transport(app: FastAPI) -> ASGITransport:
    return ASGITransport(app, raise_app_exceptions=False)


@pytest.fixture
async def client(transport: ASGITransport) -> AsyncIterator[AsyncClient]:
    """A client that is not logged in."""
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.fixture
async def client_with(
    transport: ASGITransport, settings: Settings, clock: FixedClock
) -> AsyncIterator[ClientWith]:
    """Return clients that send an access token of a session."""
    tokens = JwtAccessTokens(settings.token_secrets, clock=clock)
    async with AsyncExitStack() as clients:

        async def log_in(session: Session) -> AsyncClient:
            token = tokens.issue(member_id=session.member_id, session_id=session.id)
            headers = {"Authorization": f"Bearer {token.text}"}
            client = AsyncClient(transport=transport, base_url="http://test", headers=headers)
            return await clients.enter_async_context(client)

        yield log_in


@pytest.fixture
def client_of(client_with: ClientWith, uow: SqlAlchemyUnitOfWork, clock: FixedClock) -> ClientOf:
    """Return clients of a member, stored if necessary, who entered the password `at` or just now."""

    async def log_in(member: Member, *, at: datetime | None = None) -> AsyncClient:
        session = make_session(member, at=at or clock.now())
        async with uow:
            if await uow.members.find(member.id) is None:
                uow.members.add(member)
                await uow.flush()
            uow.sessions.add(session)
            await uow.commit()
        return await client_with(session)

    return log_in


@pytest.fixture
def clients_of_new(client_with: ClientWith, uow: SqlAlchemyUnitOfWork, clock: FixedClock) -> ClientsOfNew:
    """Return clients of members that are stored here with few statements."""

    async def log_in(*members: Member) -> list[AsyncClient]:
        sessions = [make_session(member, at=clock.now()) for member in members]
        async with uow:
            for member in members:
                uow.members.add(member)
            await uow.flush()
            for session in sessions:
                uow.sessions.add(session)
            await uow.commit()
        return [await client_with(session) for session in sessions]

    return log_in


@pytest.fixture
def client_for(clients_of_new: ClientsOfNew) -> ClientFor:
    """Return clients that are logged in as a new member with the given role."""

    async def log_in(role: Role) -> AsyncClient:
        [client] = await clients_of_new(make_member(role=role))
        return client

    return log_in
