from datetime import timedelta
from uuid import uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.members.member import Member, Role
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.sessions import sessions
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.factories import NOW, make_member
from tests.plugins.application import ClientFor, ClientOf
from tests.support.http import ME, MEMBERS, follow_pages


async def test_shows_everything_but_the_hash_when_reading_oneself(client_of: ClientOf, marta: Member) -> None:
    response = await (await client_of(marta)).get(ME)

    assert response.status_code == 200
    assert response.headers["ETag"] == '"1"'
    assert response.json() == {
        "id": str(marta.id),
        "email": "marta@pau2.example",
        "full_name": "Marta Ibáñez",
        "phone": "+34600111222",
        "role": "SUPPORTER",
        "is_active": True,
        "language": "en",
        "email_verified_at": "2026-11-22T09:30:00Z",
        "created_at": "2026-11-22T09:30:00Z",
        "updated_at": "2026-11-22T09:30:00Z",
        "version": 1,
    }


async def test_returns_304_when_the_client_has_this_version(client_of: ClientOf, marta: Member) -> None:
    client = await client_of(marta)

    assert (await client.get(ME, headers={"If-None-Match": '"1"'})).status_code == 304
    assert (await client.get(ME, headers={"If-None-Match": '"2"'})).status_code == 200


async def test_changes_only_what_is_sent_when_editing_oneself(client_of: ClientOf, marta: Member) -> None:
    client = await client_of(marta)

    renamed = await client.patch(ME, json={"full_name": "Marta I."}, headers={"If-Match": '"1"'})
    cleared = await client.patch(
        ME,
        content=b'{"phone": null, "language": "es"}',
        headers={"If-Match": '"2"', "Content-Type": "application/merge-patch+json"},
    )

    assert (renamed.json()["full_name"], renamed.json()["phone"]) == ("Marta I.", "+34600111222")
    assert renamed.headers["ETag"] == '"2"'
    assert (cleared.json()["full_name"], cleared.json()["phone"]) == ("Marta I.", None)
    assert (renamed.json()["language"], cleared.json()["language"]) == ("en", "es")
    assert (await client.get(ME)).json() == cleared.json()


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"full_name": None}, "validation_failed", "/body/full_name"),
        ({"full_name": "  "}, "full_name_invalid", "/body/full_name"),
        ({"language": "fr"}, "validation_failed", "/body/language"),
        ({"language": None}, "validation_failed", "/body/language"),
        ({"phone": "600"}, "phone_number_invalid", "/body/phone"),
        ({"email": "other@pau2.example"}, "validation_failed", "/body/email"),
        ({"role": "ADMIN"}, "validation_failed", "/body/role"),
        ({"is_active": False}, "validation_failed", "/body/is_active"),
    ],
)
async def test_returns_422_when_a_change_of_oneself_is_not_valid(
    client_of: ClientOf, marta: Member, change: dict[str, object], code: str, pointer: str
) -> None:
    client = await client_of(marta)

    response = await client.patch(ME, json=change, headers={"If-Match": '"1"'})

    assert_problem(response, 422, code, pointer=pointer)
    assert (await client.get(ME)).headers["ETag"] == '"1"'


async def test_returns_428_or_412_when_version_is_missing_or_stale(
    client_of: ClientOf, marta: Member
) -> None:
    client = await client_of(marta)

    missing = await client.patch(ME, json={"phone": None})
    stale = await client.patch(ME, json={"phone": None}, headers={"If-Match": '"7"'})

    assert_problem(missing, 428, "precondition_required")
    assert_problem(stale, 412, "version_mismatch")


@pytest.mark.parametrize("method", ["GET", "PATCH"])
@pytest.mark.parametrize("path", [ME, f"{MEMBERS}/01890000-0000-7000-8000-000000000000", MEMBERS])
async def test_returns_401_when_nobody_is_logged_in(client: AsyncClient, method: str, path: str) -> None:
    if (method, path) == ("PATCH", MEMBERS):
        method = "GET"
    response = await client.request(method, path, json={} if method == "PATCH" else None)

    assert_problem(response, 401, "unauthenticated")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


async def test_returns_401_when_the_session_is_older_than_30_days(
    client_of: ClientOf, connection: AsyncConnection, marta: Member
) -> None:
    client = await client_of(marta)
    await connection.execute(sessions.update().values(expires_at=NOW))

    assert_problem(await client.get(ME), 401, "unauthenticated")


@pytest.mark.parametrize("role", list(Role))
async def test_shows_members_to_board_only_when_listing_and_reading(
    client_for: ClientFor, marta: Member, role: Role
) -> None:
    client = await client_for(role)

    responses = [await client.get(MEMBERS), await client.get(f"{MEMBERS}/{marta.id}")]

    for response in responses:
        if role.at_least(Role.BOARD_MEMBER):
            assert response.status_code == 200
        else:
            assert_problem(response, 403, "forbidden")


async def test_returns_404_when_there_is_no_such_member(client_for: ClientFor) -> None:
    board = await client_for(Role.BOARD_MEMBER)
    admin = await client_for(Role.ADMIN)
    path = f"{MEMBERS}/{uuid4()}"

    assert_problem(await board.get(path), 404, "member_not_found")
    patched = await admin.patch(path, json={"phone": None}, headers={"If-Match": "*"})
    assert_problem(patched, 404, "member_not_found")


@pytest.mark.parametrize("role", list(Role))
async def test_lets_admins_only_edit_others_when_patching(
    client_for: ClientFor, marta: Member, role: Role
) -> None:
    client = await client_for(role)

    response = await client.patch(
        f"{MEMBERS}/{marta.id}", json={"full_name": "M."}, headers={"If-Match": '"1"'}
    )

    if role is Role.ADMIN:
        assert (response.status_code, response.json()["full_name"]) == (200, "M.")
        assert response.headers["ETag"] == '"2"'
    else:
        assert_problem(response, 403, "forbidden")


async def test_is_audited_when_an_admin_edits_a_member(
    client_of: ClientOf, marta: Member, connection: AsyncConnection
) -> None:
    admin = make_member(role=Role.ADMIN)
    client = await client_of(admin)

    await client.patch(f"{MEMBERS}/{marta.id}", json={"phone": None}, headers={"If-Match": "*"})

    entries = (await connection.execute(select(audit_entries))).all()
    assert [(entry.action, entry.actor_id, entry.subject_id) for entry in entries] == [
        ("members:edit", admin.id, marta.id)
    ]


@pytest.fixture
async def crowd(uow: SqlAlchemyUnitOfWork) -> list[Member]:
    """Five members: three share a name, two the time of registration."""
    minutes = [0, 1, 1, 2, 3]
    names = ["Bea", "Ana", "Ana", "Ana", "Carla"]
    found = [
        make_member(full_name=name, at=NOW + timedelta(minutes=minute), role=Role.MEMBER)
        for name, minute in zip(names, minutes, strict=True)
    ]
    found[4].is_active = False
    async with uow:
        for member in found:
            uow.members.add(member)
        await uow.commit()
    return found


@pytest.mark.parametrize("sort", ["created_at", "-created_at", "full_name", "-full_name"])
async def test_shows_everybody_once_and_in_order_when_paging(
    client_for: ClientFor, crowd: list[Member], sort: str
) -> None:
    client = await client_for(Role.ADMIN)
    field = sort.removeprefix("-")
    seen = await follow_pages(client, MEMBERS, limit=2, sort=sort, role="MEMBER")

    keys = [(item[field], item["id"]) for item in seen]
    assert keys == sorted(keys, reverse=sort.startswith("-"))
    assert {item["id"] for item in seen} == {str(member.id) for member in crowd}
    assert len(seen) == len(crowd)


async def test_shows_matching_members_only_when_filtered(client_for: ClientFor, crowd: list[Member]) -> None:
    client = await client_for(Role.ADMIN)

    inactive = (await client.get(MEMBERS, params={"is_active": "false"})).json()["items"]
    admins = (await client.get(MEMBERS, params={"role": "ADMIN"})).json()["items"]

    assert [item["id"] for item in inactive] == [str(crowd[4].id)]
    assert [item["role"] for item in admins] == ["ADMIN"]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("sort=email", "/query/sort"),
        ("role=KING", "/query/role"),
        ("limit=101", "/query/limit"),
        ("limit=0", "/query/limit"),
        ("cursor=made-up", "/query/cursor"),
        ("email=marta", "/query/email"),
        ("role=ADMIN&role=MEMBER", "/query/role"),
    ],
)
async def test_returns_422_when_a_parameter_of_the_list_is_not_valid(
    client_for: ClientFor, query: str, pointer: str
) -> None:
    response = await (await client_for(Role.ADMIN)).get(f"{MEMBERS}?{query}")

    assert_problem(response, 422, "validation_failed", pointer=pointer)
