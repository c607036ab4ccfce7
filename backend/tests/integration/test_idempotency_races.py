"""Concurrent requests with the same key, and processes that die, with real commits."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from pydantic import SecretStr
from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.types import ASGIApp

from app.core.database import create_database
from app.core.settings import Environment, Settings
from app.domain.members.member import Role
from app.infrastructure.database.news import news
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.security.access_tokens import JwtAccessTokens
from app.main import create_app
from tests.api.problems import assert_problem
from tests.factories import make_member, make_session
from tests.fakes import FixedClock
from tests.support.http import NEWS

BACKEND = Path(__file__).resolve().parents[2]
DRAFT = {"title": "Once", "content": "Only once.", "scope": "PUBLIC"}
KEY = "a-key-that-is-used-again"
DYING = """
import asyncio, os, sys
from app.infrastructure.database.idempotent_unit_of_work import SqlAlchemyIdempotentUnitOfWork
from tests.integration.test_idempotency_races import ask, served

async def die(*_):
    os._exit(9)

async def main(url, token, when):
    app = served(url)

    async def dying(scope, receive, send):
        await app(scope, receive, die)

    if when == "before the commit":
        SqlAlchemyIdempotentUnitOfWork.complete = die
    await ask(dying, token)

asyncio.run(main(*sys.argv[1:]))
"""
AT_ONCE = 6


def settings(url: str) -> Settings:
    return Settings(environment=Environment.TEST, database_url=SecretStr(url))


def served(url: str) -> FastAPI:
    return create_app(settings(url), clock=FixedClock())


async def ask(app: ASGIApp, token: str) -> Response:
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": KEY}
    async with AsyncClient(
        transport=ASGITransport(app), base_url="http://test", headers=headers, timeout=30
    ) as client:
        return await client.post(NEWS, json=DRAFT)


@pytest.fixture
async def token(fresh_engine: AsyncEngine, fresh_database_url: str) -> str:
    author = make_member(role=Role.BOARD_MEMBER)
    session = make_session(author)
    async with SqlAlchemyUnitOfWork(create_database(fresh_engine).sessions) as uow:
        uow.members.add(author)
        await uow.flush()
        uow.sessions.add(session)
        await uow.commit()
    tokens = JwtAccessTokens(settings(fresh_database_url).token_secrets, clock=FixedClock())
    return tokens.issue(member_id=author.id, session_id=session.id).text


@pytest.fixture
async def app(fresh_database_url: str) -> AsyncIterator[FastAPI]:
    app = served(fresh_database_url)
    async with app.router.lifespan_context(app):
        yield app


async def written(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(news)) or 0)


async def test_creates_once_when_equal_requests_arrive_together(
    app: FastAPI, token: str, fresh_engine: AsyncEngine
) -> None:
    responses = await asyncio.gather(*(ask(app, token) for _ in range(AT_ONCE)))

    created = [response for response in responses if response.status_code == 201]
    assert created
    assert len({response.content for response in created}) == 1
    assert {response.status_code for response in responses} <= {201, 409}
    assert await written(fresh_engine) == 1
    assert (await ask(app, token)).content == created[0].content


async def test_returns_409_when_the_first_request_is_still_running(
    app: FastAPI, token: str, fresh_engine: AsyncEngine
) -> None:
    async with fresh_engine.connect() as other, other.begin():
        await other.execute(text("LOCK TABLE news IN EXCLUSIVE MODE"))
        running = asyncio.create_task(ask(app, token))
        waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'news'::regclass")
        async with asyncio.timeout(10):
            while not await other.scalar(waiting):
                await other.execute(text("SELECT pg_sleep(0.01)"))

        assert_problem(await ask(app, token), 409, "idempotency_key_in_use")
        assert not running.done()

    first = await running
    assert first.status_code == 201
    assert (await ask(app, token)).content == first.content
    assert await written(fresh_engine) == 1


async def die(url: str, token: str, when: str) -> None:
    """Send the request from another process, which is killed at that moment."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", DYING, url, token, when, cwd=BACKEND)
    assert await process.wait() == 9


async def test_gives_the_answer_when_the_process_died_before_giving_it(
    app: FastAPI, token: str, fresh_engine: AsyncEngine, fresh_database_url: str
) -> None:
    await die(fresh_database_url, token, "before the answer")
    assert await written(fresh_engine) == 1

    response = await ask(app, token)

    assert response.status_code == 201
    assert response.headers["Location"] == f"{NEWS}/{response.json()['id']}"
    assert await written(fresh_engine) == 1


async def test_leaves_nothing_when_the_process_died_before_the_commit(
    app: FastAPI, token: str, fresh_engine: AsyncEngine, fresh_database_url: str
) -> None:
    await die(fresh_database_url, token, "before the commit")
    assert await written(fresh_engine) == 0

    assert (await ask(app, token)).status_code == 201
    assert await written(fresh_engine) == 1
