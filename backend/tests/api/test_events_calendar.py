from datetime import timedelta

import pytest
import vobject
from httpx import AsyncClient

from app.domain.events import Event, EventAudience, EventStatus
from app.domain.members.member import Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.factories import NOW, make_event, make_member
from tests.plugins.application import ClientFor
from tests.support.http import API, EVENTS

CALENDAR = f"{API}/events.ics"


async def store(uow: SqlAlchemyUnitOfWork, *events: Event) -> None:
    planner = make_member()
    async with uow:
        uow.members.add(planner)
        await uow.flush()
        for event in events:
            event.created_by = planner.id
            uow.events.add(event)
        await uow.commit()


def uids(text: str) -> set[str]:
    return {event.uid.value for event in vobject.readOne(text).contents.get("vevent", [])}


@pytest.mark.parametrize("role", [None, *Role])
async def test_holds_what_the_role_sees_in_the_list_when_subscribed(
    role: Role | None, client: AsyncClient, client_for: ClientFor, uow: SqlAlchemyUnitOfWork
) -> None:
    reader = client if role is None else await client_for(role)
    events = [make_event(audience=audience) for audience in EventAudience for _ in EventStatus]
    for event, status in zip(events, [*EventStatus] * 3, strict=True):
        event.status = status
    await store(uow, *events)

    response = await reader.get(CALENDAR)

    assert response.status_code == 200
    assert response.headers["Content-Type"] == "text/calendar; charset=utf-8"
    assert response.headers["Cache-Control"] == "private, no-cache"
    listed = {item["id"] for item in (await reader.get(EVENTS)).json()["items"]}
    assert len(listed) >= 3
    assert uids(response.text) == listed


async def test_keeps_the_event_as_cancelled_when_it_is_called_off(
    client: AsyncClient, client_for: ClientFor, uow: SqlAlchemyUnitOfWork
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    event = make_event()
    await store(uow, event)
    url = f"{EVENTS}/{event.id}"
    await board_member.post(f"{url}/publish")
    before = vobject.readOne((await client.get(CALENDAR)).text).vevent

    await board_member.post(f"{url}/cancel")

    after = vobject.readOne((await client.get(CALENDAR)).text).vevent
    assert (before.status.value, after.status.value) == ("CONFIRMED", "CANCELLED")
    assert before.uid.value == after.uid.value == str(event.id)
    assert (before.sequence.value, after.sequence.value) == ("2", "3")


async def test_returns_304_until_an_event_changes_when_asked_again(
    client: AsyncClient, client_for: ClientFor, uow: SqlAlchemyUnitOfWork
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    event = make_event()
    event.publish(NOW)
    await store(uow, event)
    first = await client.get(CALENDAR)
    known = {"If-None-Match": first.headers["ETag"]}

    same = await client.get(CALENDAR, headers=known)
    assert (same.status_code, same.content) == (304, b"")
    assert same.headers["ETag"] == first.headers["ETag"]
    assert (await board_member.get(CALENDAR, headers=known)).status_code == 304

    await board_member.patch(f"{EVENTS}/{event.id}", json={"title": "New"}, headers={"If-Match": "*"})
    changed = await client.get(CALENDAR, headers=known)
    assert changed.status_code == 200
    assert vobject.readOne(changed.text).vevent.summary.value == "New"

    await board_member.delete(f"{EVENTS}/{event.id}", headers={"If-Match": "*"})
    assert (
        uids((await client.get(CALENDAR, headers={"If-None-Match": changed.headers["ETag"]})).text) == set()
    )


async def test_holds_the_last_thousand_when_there_are_more(
    client: AsyncClient, uow: SqlAlchemyUnitOfWork
) -> None:
    events = []
    for minutes in range(1_002):
        starts_at = NOW + timedelta(minutes=minutes)
        event = make_event(starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))
        event.publish(NOW)
        events.append(event)
    await store(uow, *events)

    assert uids((await client.get(CALENDAR)).text) == {str(event.id) for event in events[2:]}


async def test_returns_401_when_the_token_is_not_valid(client: AsyncClient) -> None:
    response = await client.get(CALENDAR, headers={"Authorization": "Bearer nonsense"})

    assert_problem(response, 401, "unauthenticated")
