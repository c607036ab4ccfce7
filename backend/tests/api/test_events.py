from collections.abc import Awaitable, Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from app.domain.events import Event, EventAudience, EventStatus
from app.domain.members.member import Member, Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_look_the_same, assert_problem
from tests.factories import NOW, make_event
from tests.fakes import FixedClock
from tests.plugins.application import ClientFor
from tests.support.http import EVENTS, follow_pages

DRAFT = {
    "title": "Summer cinema",
    "starts_at": "2026-11-23T20:00:00+01:00",
    "ends_at": "2026-11-23T22:30:00+01:00",
    "location": "Plaza Mayor",
    "organizer": "Culture group",
    "audience": "PUBLIC",
}

Store = Callable[..., Awaitable[Event]]


@pytest.fixture
def stored(uow: SqlAlchemyUnitOfWork, author: Member) -> Store:
    """Store an event with the given status; the other arguments go to `make_event`."""

    async def store(status: EventStatus = EventStatus.PUBLISHED, **overrides: object) -> Event:
        event = make_event(**{"created_by": author.id} | overrides)
        event.status = status
        async with uow:
            uow.events.add(event)
            await uow.commit()
        return event

    return store


EVERYBODY = {None, *Role}
BOARD = {Role.BOARD_MEMBER, Role.ADMIN}
READERS = {
    EventAudience.PUBLIC: EVERYBODY,
    EventAudience.MEMBERS: BOARD | {Role.MEMBER},
    EventAudience.BOARD: BOARD,
}


@pytest.mark.parametrize("role", [None, *Role])
async def test_shows_what_the_role_may_see_when_listing_and_reading(
    role: Role | None, client: AsyncClient, client_for: ClientFor, stored: Store
) -> None:
    reader = client if role is None else await client_for(role)
    expected = set()
    for audience, readers in READERS.items():
        for status in EventStatus:
            event = await stored(status, audience=audience)
            visible = role in (BOARD if status is EventStatus.DRAFT else readers)
            response = await reader.get(f"{EVENTS}/{event.id}")
            assert response.status_code == (200 if visible else 404)
            if visible:
                expected.add(str(event.id))

    listed = (await reader.get(EVENTS)).json()["items"]

    assert {item["id"] for item in listed} == expected


async def test_returns_the_same_404_when_invisible_or_missing(client: AsyncClient, stored: Store) -> None:
    draft = await stored(EventStatus.DRAFT)

    invisible = await client.get(f"{EVENTS}/{draft.id}")
    missing = await client.get(f"{EVENTS}/{uuid4()}")

    assert_look_the_same(invisible, missing)
    assert_problem(missing, 404, "event_not_found")


async def test_returns_201_with_location_and_etag_when_created(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(EVENTS, json=DRAFT | {"description": "Bring a chair.\nAnd a cup."})

    assert response.status_code == 201
    assert response.headers["ETag"] == '"1"'
    body = response.json()
    assert response.headers["Location"] == f"{EVENTS}/{body['id']}"
    assert body["status"] == "DRAFT"
    assert body["description"] == "Bring a chair.\nAnd a cup."
    assert (body["starts_at"], body["ends_at"]) == ("2026-11-23T19:00:00Z", "2026-11-23T21:30:00Z")
    assert (await board_member.get(response.headers["Location"])).json() == body


async def test_changes_only_what_is_sent_when_patched(client_for: ClientFor, stored: Store) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    event = await stored(description="Bring a chair.")
    before = (await board_member.get(f"{EVENTS}/{event.id}")).json()

    response = await board_member.patch(
        f"{EVENTS}/{event.id}",
        content=b'{"title": "New", "description": null, "ends_at": "2026-11-24T00:00:00Z"}',
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )

    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    changed = {"title": "New", "description": None, "ends_at": "2026-11-24T00:00:00Z"}
    assert response.json() == before | changed | {"version": 2}


@pytest.mark.parametrize("field", ["title", "starts_at", "ends_at", "location", "organizer", "audience"])
async def test_returns_422_when_a_required_field_is_cleared(
    field: str, client_for: ClientFor, stored: Store
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    event = await stored()

    response = await board_member.patch(f"{EVENTS}/{event.id}", json={field: None}, headers={"If-Match": "*"})

    assert_problem(response, 422, "validation_failed", pointer=f"/body/{field}")


async def test_returns_428_or_412_when_if_match_is_missing_or_stale(
    client_for: ClientFor, stored: Store
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    url = f"{EVENTS}/{(await stored()).id}"

    assert_problem(await board_member.patch(url, json={"title": "New"}), 428, "precondition_required")
    assert_problem(await board_member.delete(url), 428, "precondition_required")
    stale = {"If-Match": '"9"'}
    edit = await board_member.patch(url, json={"title": "New"}, headers=stale)
    assert_problem(edit, 412, "version_mismatch")
    assert_problem(await board_member.delete(url, headers=stale), 412, "version_mismatch")


async def test_returns_304_when_the_reader_has_the_version(client: AsyncClient, stored: Store) -> None:
    event = await stored()

    response = await client.get(f"{EVENTS}/{event.id}", headers={"If-None-Match": '"1"'})

    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["ETag"] == '"1"'


@pytest.mark.parametrize("status", EventStatus)
async def test_is_gone_for_everybody_when_deleted(
    status: EventStatus, client_for: ClientFor, stored: Store
) -> None:
    admin = await client_for(Role.ADMIN)
    event = await stored(status)
    url = f"{EVENTS}/{event.id}"

    response = await admin.delete(url, headers={"If-Match": '"1"'})

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await admin.get(url), 404, "event_not_found")
    assert (await admin.get(EVENTS)).json()["items"] == []
    for verb in ("publish", "cancel", "complete"):
        assert_problem(await admin.post(f"{url}/{verb}"), 404, "event_not_found")
    for method in ("PATCH", "DELETE"):
        again = await admin.request(method, url, json={"title": "New"}, headers={"If-Match": "*"})
        assert_problem(again, 404, "event_not_found")


async def test_goes_through_its_life_when_published_and_completed(
    client: AsyncClient, client_for: ClientFor, clock: FixedClock
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    url = (await board_member.post(EVENTS, json=DRAFT)).headers["Location"]
    for verb in ("cancel", "complete"):
        assert_problem(await board_member.post(f"{url}/{verb}"), 409, "event_not_published")

    published = await board_member.post(f"{url}/publish")
    assert published.json()["status"] == "PUBLISHED"
    assert published.headers["ETag"] == '"2"'
    assert (await client.get(url)).json() == published.json()
    assert_problem(await board_member.post(f"{url}/publish"), 409, "event_not_draft")
    assert_problem(await board_member.post(f"{url}/complete"), 409, "event_not_started")

    clock.move(timedelta(days=2))
    board_member = await client_for(Role.BOARD_MEMBER)
    completed = await board_member.post(f"{url}/complete")
    assert completed.json()["status"] == "COMPLETED"
    assert_problem(await board_member.post(f"{url}/cancel"), 409, "event_not_published")
    edit = await board_member.patch(url, json={"title": "New"}, headers={"If-Match": "*"})
    assert_problem(edit, 409, "event_closed")
    assert (await client.get(url)).json() == completed.json()


async def test_stays_visible_when_cancelled(
    client: AsyncClient, client_for: ClientFor, stored: Store
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    url = f"{EVENTS}/{(await stored()).id}"

    cancelled = await board_member.post(f"{url}/cancel")

    assert cancelled.json()["status"] == "CANCELLED"
    assert (await client.get(url)).json() == cancelled.json()
    assert_problem(await board_member.post(f"{url}/cancel"), 409, "event_not_published")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"title": "   "}, "event_title_invalid"),
        ({"location": " "}, "event_location_invalid"),
        ({"organizer": " "}, "event_organizer_invalid"),
        ({"description": "\n"}, "event_description_invalid"),
        ({"ends_at": DRAFT["starts_at"]}, "event_times_invalid"),
    ],
)
async def test_returns_422_when_the_domain_refuses_a_value(
    change: dict[str, str], code: str, client_for: ClientFor
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(EVENTS, json=DRAFT | change)

    [field] = change
    assert_problem(response, 422, code, pointer=f"/body/{field}")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("starts_at", "2026-11-23T20:00:00"),
        ("title", "two\nlines"),
        ("audience", "FRIENDS"),
        ("status", "PUBLISHED"),
        ("description", "\u0000"),
    ],
)
async def test_returns_422_when_a_value_has_not_the_form(
    field: str, value: object, client_for: ClientFor
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.post(EVENTS, json=DRAFT | {field: value})

    assert_problem(response, 422, "validation_failed", pointer=f"/body/{field}")


@pytest.mark.parametrize("sort", ["starts_at", "-starts_at", "title", "-title"])
async def test_returns_each_event_once_when_pages_are_followed(
    sort: str, client: AsyncClient, stored: Store
) -> None:
    for number in range(7):
        starts_at = NOW + timedelta(days=number // 2)
        await stored(title=f"N{number % 3}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))

    items = await follow_pages(client, EVENTS, limit=3, sort=sort)

    keys = [(item[sort.removeprefix("-")], item["id"]) for item in items]
    assert len({item["id"] for item in items}) == 7
    assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_lists_the_earliest_first_when_not_asked_otherwise(client: AsyncClient, stored: Store) -> None:
    for days in (3, 1, 2):
        starts_at = NOW + timedelta(days=days)
        await stored(title=f"{days}", starts_at=starts_at, ends_at=starts_at + timedelta(hours=1))

    titles = [item["title"] for item in (await client.get(EVENTS)).json()["items"]]

    assert titles == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, {"before", "during", "after", "long"}),
        ({"from": "2026-12-01T12:00:00Z"}, {"during", "after", "long"}),
        ({"to": "2026-12-01T20:00:00Z"}, {"before", "during", "long"}),
        ({"from": "2026-12-01T12:00:00Z", "to": "2026-12-01T20:00:00Z"}, {"during", "long"}),
        ({"from": "2026-12-01T13:00:00+01:00", "to": "2026-12-01T21:00:00+01:00"}, {"during", "long"}),
        ({"from": "2026-12-01T20:00:00Z", "to": "2026-12-01T12:00:00Z"}, {"long"}),
        ({"from": "2027-12-01T00:00:00Z"}, set()),
    ],
)
async def test_returns_events_that_overlap_when_a_time_is_given(
    params: dict[str, str], found: set[str], client: AsyncClient, stored: Store
) -> None:
    """Both ends are exclusive: an event that ends when the period begins is not in it."""
    noon = NOW.replace(month=12, day=1, hour=12, minute=0)
    hours = {"before": (-2, 0), "during": (1, 2), "after": (8, 9), "long": (-48, 48)}
    for title, (start, end) in hours.items():
        starts_at = noon + timedelta(hours=start)
        ends_at = noon + timedelta(hours=end)
        await stored(title=title, starts_at=starts_at, ends_at=ends_at)

    items = (await client.get(EVENTS, params=params)).json()["items"]

    assert {item["title"] for item in items} == found


async def test_returns_only_matches_when_filtered(client_for: ClientFor, stored: Store) -> None:
    admin = await client_for(Role.ADMIN)
    draft = await stored(EventStatus.DRAFT)
    board = await stored(audience=EventAudience.BOARD)

    async def ids(**params: str) -> list[str]:
        return [item["id"] for item in (await admin.get(EVENTS, params=params)).json()["items"]]

    assert await ids(status="DRAFT") == [str(draft.id)]
    assert await ids(audience="BOARD") == [str(board.id)]
    assert await ids(status="DRAFT", audience="BOARD") == []


async def test_returns_422_when_a_cursor_is_used_with_another_time(
    client: AsyncClient, stored: Store
) -> None:
    for _ in range(2):
        await stored()
    cursor = (await client.get(f"{EVENTS}?limit=1")).json()["next_cursor"]

    response = await client.get(EVENTS, params={"cursor": cursor, "from": "2026-01-01T00:00:00Z"})

    assert_problem(response, 422, "validation_failed", pointer="/query/cursor")


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("sort=location", "/query/sort"),
        ("status=SECRET", "/query/status"),
        ("audience=ALL", "/query/audience"),
        ("from=2026-12-01", "/query/from"),
        ("to=2026-12-01T00:00:00+01:00", "/query/to"),
        ("since=2026-12-01T00:00:00Z", "/query/since"),
        ("colour=red", "/query/colour"),
    ],
)
async def test_returns_422_when_a_parameter_is_not_known_or_not_valid(
    query: str, pointer: str, client: AsyncClient
) -> None:
    """An unencoded plus sign arrives as a space."""
    assert_problem(await client.get(f"{EVENTS}?{query}"), 422, "validation_failed", pointer=pointer)


@pytest.mark.parametrize(
    ("role", "status", "code"),
    [
        (None, 401, "unauthenticated"),
        (Role.SUPPORTER, 403, "forbidden"),
        (Role.MEMBER, 403, "forbidden"),
    ],
)
async def test_refuses_every_change_when_the_role_does_not_suffice(
    *, role: Role | None, status: int, code: str, client: AsyncClient, client_for: ClientFor, stored: Store
) -> None:
    caller = client if role is None else await client_for(role)
    url = f"{EVENTS}/{(await stored()).id}"
    seen = {"If-Match": "*"}

    responses: list[Response] = [
        await caller.post(EVENTS, json=DRAFT),
        await caller.patch(url, json={"title": "New"}, headers=seen),
        await caller.delete(url, headers=seen),
        await caller.post(f"{url}/publish"),
        await caller.post(f"{url}/cancel"),
        await caller.post(f"{url}/complete"),
    ]

    for response in responses:
        assert_problem(response, status, code)
    assert (await client.get(url)).headers["ETag"] == '"1"'
