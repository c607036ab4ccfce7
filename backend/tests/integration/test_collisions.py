"""Transactions that collide: real connections, real commits, and a retry of the whole use case."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from structlog.testing import capture_logs

from app.core.settings import Settings
from app.domain.members.member import Member, Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.main import create_app
from tests.api.problems import assert_problem
from tests.factories import make_member, make_session
from tests.fakes import FixedClock
from tests.support.http import MEMBERS, NEWS

INVITATION = {"email": "invited@pau2.example", "full_name": "New Comer"}
KEY = {"Idempotency-Key": "a-key-that-is-used-again"}
COLLIDE = (
    "CREATE SEQUENCE tries",
    """CREATE FUNCTION collide() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
        IF nextval('tries') <= {times} THEN RAISE SQLSTATE '{state}'; END IF;
        RETURN NULL;
    END $$""",
    """CREATE CONSTRAINT TRIGGER collide AFTER INSERT ON {table} DEFERRABLE INITIALLY {moment}
        FOR EACH ROW EXECUTE FUNCTION collide()""",
)
"""Sequences do not roll back, so this counts the tries."""


@pytest.fixture
async def admins(fresh_uow: SqlAlchemyUnitOfWork) -> list[Member]:
    admins = [make_member(role=Role.ADMIN) for _ in range(2)]
    async with fresh_uow as uow:
        for admin in admins:
            uow.members.add(admin)
        await uow.commit()
    return admins


@pytest.fixture
async def client(
    fresh_settings: Settings, fresh_uow: SqlAlchemyUnitOfWork, admins: list[Member]
) -> AsyncIterator[AsyncClient]:
    """A client of an application with one connection: an attempt that kept it would block the next."""
    app: FastAPI = create_app(fresh_settings.model_copy(update={"database_pool_size": 1}), clock=FixedClock())
    session = make_session(admins[0])
    async with fresh_uow as uow:
        uow.sessions.add(session)
        await uow.commit()
    tokens = app.state.dependencies.session_tokens.access
    token = tokens.issue(member_id=session.member_id, session_id=session.id).text
    headers = {"Authorization": f"Bearer {token}"}
    async with app.router.lifespan_context(app):
        transport = ASGITransport(app)
        async with AsyncClient(transport=transport, base_url="http://test", headers=headers) as client:
            yield client


async def count(connection: AsyncConnection, query: str) -> int:
    return int((await connection.execute(text(query))).scalar_one())


async def collide(
    engine: AsyncEngine,
    *,
    times: int,
    table: str = "members",
    state: str = "40001",
    moment: str = "IMMEDIATE",
) -> None:
    """Make the first inserts fail, either immediately or at the commit (DEFERRED)."""
    async with engine.begin() as connection:
        for statement in COLLIDE:
            parts = {"times": times, "table": table, "state": state, "moment": moment}
            await connection.execute(text(statement.format(**parts)))


async def test_succeeds_when_a_deadlock_ends_the_first_try(
    client: AsyncClient, owner_engine: AsyncEngine, fresh_uow: SqlAlchemyUnitOfWork, admins: list[Member]
) -> None:
    """The request locks the admins and then the member; the other transaction locks them in reverse."""
    member = make_member()
    async with fresh_uow as uow:
        uow.members.add(member)
        await uow.commit()
    lock = text("SELECT FROM members WHERE id = :id FOR UPDATE")
    async with owner_engine.connect() as other, owner_engine.connect() as watch:
        await other.execute(
            text("SET LOCAL deadlock_timeout = '1min'")
        )  # the server cancels the request, not the other transaction
        await other.execute(lock, {"id": member.id})
        request = asyncio.create_task(client.post(f"{MEMBERS}/{member.id}/deactivate"))
        await until_somebody_waits(watch)
        await other.execute(lock, {"id": admins[0].id})
        assert not request.done()
        await other.rollback()

    response = await request

    assert response.status_code == 200
    assert response.json()["is_active"] is False


async def until_somebody_waits(watch: AsyncConnection) -> None:
    async with asyncio.timeout(10):
        while not await count(watch, "SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await watch.rollback()


@pytest.mark.parametrize(
    ("method", "verb", "seen", "status"),
    [
        ("POST", "/publish", {}, 409),
        ("PATCH", "", {"If-Match": "*"}, 200),
        ("PATCH", "", {"If-Match": '"1"'}, 412),
        ("PATCH", "", {"If-Match": '"1", "2"'}, 200),
        ("DELETE", "", {"If-Match": "*"}, 204),
    ],
)
async def test_second_sees_result_of_first_when_two_change_an_article(
    *,
    client: AsyncClient,
    fresh_engine: AsyncEngine,
    method: str,
    verb: str,
    seen: dict[str, str],
    status: int,
) -> None:
    """The request has read the draft and waits for its lock; meanwhile another request publishes it."""
    draft = await client.post(NEWS, json={"title": "Title", "content": "Content", "scope": "PUBLIC"})
    publish = "UPDATE news SET status = 'PUBLISHED', published_at = now(), version = 2"
    async with fresh_engine.connect() as other, fresh_engine.connect() as watch:
        await other.execute(text(publish))
        body = {"title": "New title"} if method == "PATCH" else None
        url = f"{NEWS}/{draft.json()['id']}{verb}"
        request = asyncio.create_task(client.request(method, url, json=body, headers=seen))
        await until_somebody_waits(watch)
        await other.commit()

    assert (await request).status_code == status


@pytest.mark.parametrize(
    ("headers", "table", "state", "moment"),
    [
        ({}, "members", "40001", "IMMEDIATE"),
        ({}, "members", "40P01", "DEFERRED"),
        (KEY, "members", "40P01", "IMMEDIATE"),
        (KEY, "members", "40001", "DEFERRED"),
        (KEY, "idempotency_records", "40001", "IMMEDIATE"),
    ],
)
async def test_has_one_effect_when_three_tries_collide(
    *,
    client: AsyncClient,
    owner_engine: AsyncEngine,
    headers: dict[str, str],
    table: str,
    state: str,
    moment: str,
) -> None:
    await collide(owner_engine, times=3, table=table, state=state, moment=moment)

    with capture_logs() as logs:
        response = await client.post(MEMBERS, json=INVITATION, headers=headers)

    assert response.status_code == 201
    assert [line["action"] for line in logs if line["event"] == "audit"] == ["members:invite"]
    async with owner_engine.connect() as connection:
        assert await count(connection, "SELECT last_value FROM tries") == 4
        assert await count(connection, "SELECT count(*) FROM members WHERE role <> 'ADMIN'") == 1
        assert await count(connection, "SELECT count(*) FROM procrastinate_jobs") == 1
        assert await count(connection, "SELECT count(*) FROM audit_entries") == 1
    again = await client.post(MEMBERS, json=INVITATION, headers=headers)
    assert again.status_code == (201 if headers else 409)


async def test_gives_up_when_every_try_collides(client: AsyncClient, owner_engine: AsyncEngine) -> None:
    await collide(owner_engine, times=1000)

    with capture_logs() as logs:
        response = await client.post(MEMBERS, json=INVITATION, headers=KEY)

    assert "audit" not in [line["event"] for line in logs]
    assert_problem(response, 503, "unavailable")
    assert int(response.headers["Retry-After"]) > 0
    async with owner_engine.connect() as connection:
        assert await count(connection, "SELECT last_value FROM tries") == 4
        assert await count(connection, "SELECT count(*) FROM procrastinate_jobs") == 0
        assert await count(connection, "SELECT count(*) FROM idempotency_records") == 0
