from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient

from app.domain.audit import AuditAction, AuditEntry
from app.domain.members.member import MemberId, Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.factories import NOW, make_member
from tests.plugins.application import ClientFor, ClientOf
from tests.support.http import API, EXPORTS, MEMBERS

AUDIT_LOG = f"{API}/audit-log"
SOMEBODY = MemberId(UUID(int=11))
THING = UUID(int=12)


@pytest.fixture
async def admin(client_for: ClientFor) -> AsyncClient:
    return await client_for(Role.ADMIN)


@pytest.fixture
async def entries(uow: SqlAlchemyUnitOfWork) -> Sequence[AuditEntry]:
    """Seven entries, one per day, oldest first."""
    entries = [
        AuditEntry.create(
            action=AuditAction.LOG_IN if day % 2 else AuditAction.EDIT_MEMBER,
            at=NOW - timedelta(days=6 - day),
            actor_id=SOMEBODY if day < 3 else None,
            subject_id=THING if day == 0 else None,
        )
        for day in range(7)
    ]
    async with uow:
        for entry in entries:
            uow.audit.add(entry)
        await uow.commit()
    return entries


async def ids(client: AsyncClient, **params: object) -> list[str]:
    response = await client.get(AUDIT_LOG, params={key: str(value) for key, value in params.items()})
    assert response.status_code == 200, response.text
    return [item["id"] for item in response.json()["items"]]


async def test_returns_every_field_when_listed(admin: AsyncClient, entries: Sequence[AuditEntry]) -> None:
    response = await admin.get(AUDIT_LOG, params={"sort": "at", "limit": 1})

    assert response.json()["items"] == [
        {
            "id": str(entries[0].id),
            "at": "2026-11-16T09:30:00Z",
            "action": "members:edit",
            "actor_id": str(SOMEBODY),
            "subject_id": str(THING),
        }
    ]


async def test_returns_each_entry_once_in_order_when_paginated(
    admin: AsyncClient, entries: Sequence[AuditEntry]
) -> None:
    for sort, expected in (("at", entries), ("-at", entries[::-1])):
        found: list[str] = []
        url = f"{AUDIT_LOG}?limit=3&sort={sort}"
        for _ in range(3):
            response = await admin.get(url)
            found += [item["id"] for item in response.json()["items"]]
            url = response.headers.get("Link", "<>;").partition(">")[0].strip("<")
        assert url == ""
        assert found == [str(entry.id) for entry in expected]


async def test_returns_only_matches_when_filtered(admin: AsyncClient, entries: Sequence[AuditEntry]) -> None:
    def expected(*numbers: int) -> list[str]:
        return [str(entries[number].id) for number in numbers]

    start = (NOW - timedelta(days=4)).isoformat()
    end = (NOW - timedelta(days=2)).isoformat()
    assert await ids(admin, action="auth:log-in") == expected(5, 3, 1)
    assert await ids(admin, actor_id=SOMEBODY) == expected(2, 1, 0)
    assert await ids(admin, actor_id=SOMEBODY, action="auth:log-in") == expected(1)
    assert await ids(admin, **{"from": start}) == expected(6, 5, 4, 3, 2)
    assert await ids(admin, to=end) == expected(3, 2, 1, 0)
    assert await ids(admin, **{"from": start}, to=end) == expected(3, 2)
    assert await ids(admin, action="auth:log") == []


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("from=yesterday", "/query/from"),
        ("from=1700000000", "/query/from"),
        ("to=2026-11-22T09:30:00", "/query/to"),
        ("since=2026-11-22T09:30:00Z", "/query/since"),
        ("actor_id=7", "/query/actor_id"),
        ("action=%00", "/query/action"),
        ("sort=action", "/query/sort"),
        ("cursor=nonsense", "/query/cursor"),
    ],
)
async def test_returns_422_when_a_parameter_is_not_known_or_not_valid(
    query: str, pointer: str, admin: AsyncClient
) -> None:
    response = await admin.get(f"{AUDIT_LOG}?{query}")

    assert_problem(response, 422, "validation_failed", pointer=pointer)


async def test_returns_422_when_a_cursor_is_used_with_another_filter(
    admin: AsyncClient, entries: Sequence[AuditEntry]
) -> None:
    assert len(entries) == 7
    cursor = (await admin.get(AUDIT_LOG, params={"limit": 1})).json()["next_cursor"]

    response = await admin.get(AUDIT_LOG, params={"cursor": cursor, "from": NOW.isoformat()})

    assert_problem(response, 422, "validation_failed", pointer="/query/cursor")


async def test_returns_401_or_403_when_the_reader_is_no_admin(
    client: AsyncClient, client_for: ClientFor
) -> None:
    assert_problem(await client.get(AUDIT_LOG), 401, "unauthenticated")
    for role in (Role.SUPPORTER, Role.MEMBER, Role.BOARD_MEMBER):
        assert_problem(await (await client_for(role)).get(AUDIT_LOG), 403, "forbidden")


async def test_shows_who_edited_whom_and_who_exported_when_it_happened(client_of: ClientOf) -> None:
    admin = make_member(role=Role.ADMIN)
    client = await client_of(admin)
    other = make_member()
    await client_of(other)
    await client.patch(f"{MEMBERS}/{other.id}", json={"full_name": "New"}, headers={"If-Match": "*"})
    await client.get(f"{EXPORTS}/members")
    await client.get(f"{EXPORTS}/news")

    items = (await client.get(AUDIT_LOG, params={"actor_id": str(admin.id)})).json()["items"]

    assert {(item["action"], item["subject_id"]) for item in items} == {
        ("members:edit", str(other.id)),
        ("members:export", None),
        ("news:export", None),
    }
