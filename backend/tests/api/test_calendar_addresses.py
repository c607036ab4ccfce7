from urllib.parse import urlsplit

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.events import Event, EventAudience, EventStatus
from app.domain.members.member import Member, Role
from app.infrastructure.database.calendar_addresses import calendar_addresses
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.factories import make_event, make_member
from tests.plugins.application import ClientFor, ClientOf
from tests.support.http import ANY_VERSION, API, ME, MEMBERS

ADDRESS = f"{ME}/calendar-address"
UNKNOWN = f"{API}/calendars/made-up/events.ics"


@pytest.fixture
def holder() -> Member:
    return make_member(role=Role.MEMBER)


@pytest.fixture
async def me(client_of: ClientOf, holder: Member) -> AsyncClient:
    return await client_of(holder)


@pytest.fixture
async def announced(uow: SqlAlchemyUnitOfWork) -> dict[EventAudience, Event]:
    """A published event for each audience."""
    planner = make_member()
    events = {audience: make_event(audience=audience, created_by=planner.id) for audience in EventAudience}
    async with uow:
        uow.members.add(planner)
        await uow.flush()
        for event in events.values():
            event.status = EventStatus.PUBLISHED
            uow.events.add(event)
        await uow.commit()
    return events


async def renewed(client: AsyncClient) -> str:
    """Create an address and return its path."""
    return urlsplit(str((await client.put(ADDRESS)).json()["url"])).path


@pytest.mark.parametrize("role", Role)
async def test_shows_what_the_owner_sees_when_nobody_is_logged_in(
    role: Role, client: AsyncClient, client_for: ClientFor, announced: dict[EventAudience, Event]
) -> None:
    owner = await client_for(role)
    response = await client.get(await renewed(owner))

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "private, no-cache"
    assert response.content == (await owner.get(f"{API}/events.ics")).content
    shown = {audience for audience, event in announced.items() if str(event.id) in response.text}
    assert (EventAudience.MEMBERS in shown) is role.at_least(Role.MEMBER)


async def test_shows_less_on_next_request_when_role_is_lowered(
    client: AsyncClient,
    client_for: ClientFor,
    me: AsyncClient,
    holder: Member,
    announced: dict[EventAudience, Event],
) -> None:
    path = await renewed(me)
    admin = await client_for(Role.ADMIN)
    before = await client.get(path)

    await admin.put(f"{MEMBERS}/{holder.id}/role", json={"role": "SUPPORTER"}, headers=ANY_VERSION)
    after = await client.get(path, headers={"If-None-Match": before.headers["ETag"]})

    secret = str(announced[EventAudience.MEMBERS].id)
    assert (secret in before.text, after.status_code, secret in after.text) == (True, 200, False)


async def test_returns_304_when_nothing_changed(
    client: AsyncClient, me: AsyncClient, announced: dict[EventAudience, Event]
) -> None:
    assert announced
    path = await renewed(me)
    etag = (await client.get(path)).headers["ETag"]

    assert (await client.get(path, headers={"If-None-Match": etag})).status_code == 304


async def test_is_shown_once_and_stored_as_a_digest_when_made(
    me: AsyncClient, connection: AsyncConnection
) -> None:
    assert_problem(await me.get(ADDRESS), 404, "calendar_address_not_found")

    response = await me.put(ADDRESS)

    made = response.json()
    assert (response.status_code, response.headers["Cache-Control"]) == (200, "no-store")
    assert made["url"].startswith("http://test/api/v1/calendars/")
    assert (await me.get(ADDRESS)).json() == {"created_at": made["created_at"]}
    token = made["url"].split("/")[-2]
    stored = (await connection.execute(select(calendar_addresses))).one()
    assert token not in str(stored)
    assert token.encode() not in stored.token_digest
    data = await me.get(f"{ME}/data")
    [row] = data.json()["tables"]["calendar_addresses"]
    assert row.keys() == {"member_id", "created_at"}


@pytest.mark.parametrize("how", ["renewed", "withdrawn", "closed", "closed and opened", "erased"])
async def test_returns_404_when_the_address_is_dead(
    how: str, client: AsyncClient, client_for: ClientFor, me: AsyncClient, holder: Member
) -> None:
    path = await renewed(me)
    admin = await client_for(Role.ADMIN)
    assert (await client.get(path)).status_code == 200

    member = f"{MEMBERS}/{holder.id}"
    if how == "renewed":
        await me.put(ADDRESS)
    elif how == "withdrawn":
        assert (await me.delete(ADDRESS)).status_code == 204
    elif how == "erased":
        await me.delete(ME, headers=ANY_VERSION)
    else:
        await admin.post(f"{member}/deactivate")
    if how == "closed and opened":
        await admin.post(f"{member}/activate")

    dead = await client.get(path)
    unknown = await client.get(UNKNOWN)
    assert_problem(dead, 404, "calendar_address_not_found")
    assert dead.json()["detail"] == unknown.json()["detail"]


async def test_returns_429_but_serves_valid_addresses_when_guessing(
    client: AsyncClient, me: AsyncClient
) -> None:
    path = await renewed(me)
    for _ in range(30):
        assert_problem(await client.get(UNKNOWN), 404, "calendar_address_not_found")

    response = await client.get(UNKNOWN)

    assert_problem(response, 429, "too_many_requests")
    assert response.headers["Retry-After"] == "300"
    assert (await client.get(path)).status_code == 200


async def test_log_knows_the_route_only_when_an_address_is_read(
    client: AsyncClient, me: AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    path = await renewed(me)
    caplog.clear()

    for address in (path, UNKNOWN, f"{path}x"):
        await client.get(address)

    ours = [str(record.msg) for record in caplog.records if record.name.startswith("app.")]
    assert sum(API + "/calendars/{token}/events.ics" in line for line in ours) == 2
    assert sum("unmatched" in line for line in ours) == 1
    assert not [line for line in ours if path.split("/")[-2] in line or "made-up" in line]


async def test_returns_422_when_the_token_is_too_long(client: AsyncClient) -> None:
    response = await client.get(f"{API}/calendars/{'x' * 65}/events.ics")

    assert_problem(response, 422, "validation_failed", pointer="/path/token")


async def test_returns_401_when_nobody_is_logged_in(client: AsyncClient) -> None:
    for method in ("GET", "PUT", "DELETE"):
        assert_problem(await client.request(method, ADDRESS), 401, "unauthenticated")
