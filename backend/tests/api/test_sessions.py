from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient

from app.domain.members.member import Member, Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.factories import NOW, make_member, make_session
from tests.fakes import FixedClock
from tests.plugins.application import ClientOf
from tests.support.http import ME, SESSIONS, bearer, log_in


async def ids(client: AsyncClient) -> list[str]:
    return [item["id"] for item in (await client.get(SESSIONS)).json()["items"]]


async def test_shows_where_one_is_logged_in_when_listed(
    client_of: ClientOf, uow: SqlAlchemyUnitOfWork, clock: FixedClock, marta: Member
) -> None:
    await client_of(make_member())
    await client_of(marta, at=NOW - timedelta(days=2))
    here = await client_of(marta)
    ended = make_session(marta)
    idle = make_session(marta, at=NOW - timedelta(days=14))
    ended.revoke(NOW)
    async with uow:
        for session in (ended, idle):
            uow.sessions.add(session)
        await uow.commit()

    mine, elsewhere = (await here.get(SESSIONS)).json()["items"]

    assert (mine["current"], elsewhere["current"]) == (True, False)
    assert {name: mine[name] for name in ("authenticated_at", "rotated_at", "expires_at")} == {
        "authenticated_at": "2026-11-22T09:30:00Z",
        "rotated_at": "2026-11-22T09:30:00Z",
        "expires_at": "2026-12-22T09:30:00Z",
    }
    assert mine.keys() == {"id", "client_name", "authenticated_at", "rotated_at", "expires_at", "current"}
    assert clock.now() == NOW


async def test_shows_each_session_once_when_paging(client_of: ClientOf, marta: Member) -> None:
    for minutes in (1, 1, 2):
        await client_of(marta, at=NOW - timedelta(minutes=minutes))
    here = await client_of(marta)
    path: str | None = f"{SESSIONS}?limit=3&sort=authenticated_at"
    seen: list[str] = []
    while path is not None:
        response = await here.get(path)
        seen += [item["authenticated_at"] for item in response.json()["items"]]
        path = response.headers["Link"].partition(">")[0][1:] if response.json()["next_cursor"] else None

    assert seen == sorted(seen)
    assert len(seen) == 4


async def test_session_is_over_at_once_when_it_is_ended_from_another(
    client_of: ClientOf, marta: Member
) -> None:
    here = await client_of(marta)
    there = await client_of(marta)
    (other,) = [item["id"] for item in (await here.get(SESSIONS)).json()["items"] if not item["current"]]

    response = await here.delete(f"{SESSIONS}/{other}")

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await there.get(ME), 401, "unauthenticated")
    assert (await here.get(ME)).status_code == 200
    assert_problem(await here.delete(f"{SESSIONS}/{other}"), 404, "session_not_found")


async def test_returns_same_404_when_session_is_unknown_or_of_another(
    client_of: ClientOf, marta: Member
) -> None:
    me = await client_of(marta)
    stranger = await client_of(make_member())
    (strange,) = await ids(stranger)

    responses = [await me.delete(f"{SESSIONS}/{session_id}") for session_id in (strange, uuid4())]

    for response in responses:
        assert_problem(response, 404, "session_not_found")
    assert (await stranger.get(ME)).status_code == 200


async def test_every_session_of_mine_is_over_when_all_are_ended(client_of: ClientOf, marta: Member) -> None:
    here = await client_of(marta)
    there = await client_of(marta)
    stranger = await client_of(make_member())

    response = await here.delete(SESSIONS)

    assert (response.status_code, response.content) == (204, b"")
    for client in (here, there):
        assert_problem(await client.get(ME), 401, "unauthenticated")
    assert (await stranger.get(ME)).status_code == 200


async def listed(client: AsyncClient, tokens: dict[str, str]) -> list[str | None]:
    """Return the programs of the caller's sessions, oldest first."""
    headers = bearer(tokens)
    response = await client.get(f"{SESSIONS}?sort=authenticated_at", headers=headers)
    return [item["client_name"] for item in response.json()["items"]]


async def test_shows_only_the_program_of_the_user_agent_when_listed(
    client: AsyncClient, client_of: ClientOf, clock: FixedClock, marta: Member
) -> None:
    me = await client_of(marta)
    firefox = "Mozilla/5.0 (Android 15; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0"
    clock.move(timedelta(minutes=1))
    tokens = (await log_in(client, agent=firefox)).json()
    clock.move(timedelta(minutes=1))
    await log_in(client, agent="canary-device 4711")

    assert await listed(client, tokens) == [None, "Firefox on Android", None]
    stored = (await me.get(f"{ME}/data")).json()["tables"]["sessions"]
    assert "133" not in str(stored)
    assert "canary" not in str(stored)


async def test_ends_old_session_when_logging_in_again_with_its_token(
    client: AsyncClient, client_of: ClientOf, clock: FixedClock, password_hash: str
) -> None:
    """Clients do this before an export, which requires a password entered within the last hour."""
    admin = make_member(password_hash=password_hash, role=Role.ADMIN)
    await client_of(admin)
    old = (await log_in(client, username=admin.email.value, agent="curl/8.11.0")).json()
    clock.move(timedelta(minutes=9))

    again = await log_in(
        client,
        username=admin.email.value,
        agent="Python-urllib/3.11",
        refresh_token=old["refresh_token"],
    )

    assert await listed(client, again.json()) == [None, "Python"]
    headers = bearer(old)
    assert (await client.get(ME, headers=headers)).status_code == 401


async def test_returns_401_when_nobody_is_logged_in(client: AsyncClient) -> None:
    for call in (client.get, client.delete):
        assert_problem(await call(SESSIONS), 401, "unauthenticated")
    assert_problem(await client.delete(f"{SESSIONS}/{uuid4()}"), 401, "unauthenticated")


@pytest.mark.parametrize("query", ["sort=id", "limit=0", "cursor=made-up", "member_id=1"])
async def test_returns_422_when_a_parameter_is_not_valid(
    client_of: ClientOf, marta: Member, query: str
) -> None:
    response = await (await client_of(marta)).get(f"{SESSIONS}?{query}")

    assert_problem(response, 422, "validation_failed", pointer=f"/query/{query.partition('=')[0]}")
