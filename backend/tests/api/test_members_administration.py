from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from httpx import AsyncClient
from sqlalchemy import select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.settings import Settings
from app.domain.auth import OneTimePurpose, OneTimeTokenId
from app.domain.members.member import Member, Role
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.members import members
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.security.signed_tokens import HmacOneTimeTokens
from tests.api.problems import assert_problem
from tests.factories import NOW, PASSWORD, make_article, make_member
from tests.plugins.application import ClientOf
from tests.support.http import ANY_VERSION, AUTH, EXPORTS, ME, MEMBERS, TOKEN

INVITATION = {"email": "nueva@pau2.example", "full_name": "Nuria", "role": "BOARD_MEMBER"}


@pytest.fixture
def root() -> Member:
    return make_member(role=Role.ADMIN)


@pytest.fixture
async def admin(client_of: ClientOf, root: Member) -> AsyncClient:
    return await client_of(root)


async def audited(connection: AsyncConnection) -> list[tuple[str, UUID | None, UUID | None]]:
    entries = await connection.execute(select(audit_entries).order_by(audit_entries.c.id))
    return [(entry.action, entry.actor_id, entry.subject_id) for entry in entries]


# Invitations


async def test_logs_in_when_invited_member_has_set_a_password(
    admin: AsyncClient, client: AsyncClient, connection: AsyncConnection, settings: Settings
) -> None:
    response = await admin.post(MEMBERS, json=INVITATION, headers={"Accept-Language": "es"})

    assert response.status_code == 201
    member = response.json()
    assert (member["role"], member["language"], member["email_verified_at"]) == ("BOARD_MEMBER", "es", None)
    assert response.headers["ETag"] == '"1"'
    assert (await admin.get(response.headers["Location"])).json() == member
    query = "SELECT args->>'token_id' FROM procrastinate_jobs"
    token_id = OneTimeTokenId(UUID((await connection.execute(text(query))).scalar_one()))
    token = HmacOneTimeTokens(settings.token_secrets).text(token_id, OneTimePurpose.INVITATION)
    chosen = await client.post(f"{AUTH}/password/reset", json={"token": token, "password": PASSWORD})
    assert chosen.status_code == 204
    form = {"grant_type": "password", "username": INVITATION["email"], "password": PASSWORD}
    assert (await client.post(TOKEN, data=form)).status_code == 200


async def test_invitation_replaces_registration_when_unverified(
    admin: AsyncClient, client: AsyncClient
) -> None:
    registration = {"email": INVITATION["email"], "password": PASSWORD, "full_name": "Eve"}
    await client.post(f"{AUTH}/register", json=registration)

    response = await admin.post(MEMBERS, json=INVITATION)

    assert (response.status_code, response.json()["full_name"]) == (201, "Nuria")
    member = await admin.get(response.headers["Location"])
    assert member.headers["ETag"] == response.headers["ETag"]
    assert member.json()["role"] == "BOARD_MEMBER"


async def test_keeps_invitation_when_a_stranger_registers_the_address(
    admin: AsyncClient, client: AsyncClient, connection: AsyncConnection, settings: Settings
) -> None:
    invited = (await admin.post(MEMBERS, json=INVITATION)).json()
    registration = {"email": INVITATION["email"], "password": "another-umbrella-sings", "full_name": "Eve"}

    response = await client.post(f"{AUTH}/register", json=registration)

    assert response.status_code == 202
    query = "SELECT args->>'token_id' FROM procrastinate_jobs ORDER BY id DESC LIMIT 1"
    token_id = OneTimeTokenId(UUID((await connection.execute(text(query))).scalar_one()))
    tokens = HmacOneTimeTokens(settings.token_secrets)
    mailed = tokens.text(token_id, OneTimePurpose.INVITATION)
    reset = {"token": mailed, "password": PASSWORD}
    assert (await client.post(f"{AUTH}/password/reset", json=reset)).status_code == 204
    form = {"grant_type": "password", "username": INVITATION["email"]}
    owner = await client.post(TOKEN, data=form | {"password": PASSWORD})
    stranger = await client.post(TOKEN, data=form | {"password": registration["password"]})
    assert (owner.status_code, stranger.status_code) == (200, 400)
    member = (await admin.get(f"{MEMBERS}/{invited['id']}")).json()
    assert (member["full_name"], member["role"]) == ("Nuria", "BOARD_MEMBER")


async def test_nobody_logs_in_when_an_invitation_waits(admin: AsyncClient, client: AsyncClient) -> None:
    await admin.post(MEMBERS, json=INVITATION)

    for password in ("", "x"):
        form = {"grant_type": "password", "username": INVITATION["email"], "password": password}
        assert (await client.post(TOKEN, data=form)).status_code == 400


async def test_returns_409_when_the_invited_address_has_an_account(admin: AsyncClient, marta: Member) -> None:
    response = await admin.post(MEMBERS, json=INVITATION | {"email": marta.email.value.upper()})

    assert_problem(response, 409, "email_taken")


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"email": "nobody"}, "email_address_invalid", "/body/email"),
        ({"full_name": " "}, "full_name_invalid", "/body/full_name"),
        ({"phone": "1"}, "phone_number_invalid", "/body/phone"),
        ({"role": "KING"}, "validation_failed", "/body/role"),
        ({"password": PASSWORD}, "validation_failed", "/body/password"),
    ],
)
async def test_returns_422_when_a_value_of_an_invitation_is_not_valid(
    admin: AsyncClient, change: dict[str, str], code: str, pointer: str
) -> None:
    response = await admin.post(MEMBERS, json=INVITATION | change)

    assert_problem(response, 422, code, pointer=pointer)


# Roles and activation


async def test_role_counts_from_the_next_request_on_when_set(
    admin: AsyncClient, client_of: ClientOf, root: Member, marta: Member, connection: AsyncConnection
) -> None:
    me = await client_of(marta)
    assert_problem(await me.get(MEMBERS), 403, "forbidden")

    response = await admin.put(
        f"{MEMBERS}/{marta.id}/role", json={"role": "BOARD_MEMBER"}, headers={"If-Match": '"1"'}
    )

    assert (response.status_code, response.json()["role"]) == (200, "BOARD_MEMBER")
    assert response.headers["ETag"] == '"2"'
    assert (await me.get(MEMBERS)).status_code == 200
    assert await audited(connection) == [("members:set-role", root.id, marta.id)]


async def test_returns_428_412_and_422_when_a_role_is_set_without_care(
    admin: AsyncClient, marta: Member
) -> None:
    path = f"{MEMBERS}/{marta.id}/role"

    missing = await admin.put(path, json={"role": "ADMIN"})
    stale = await admin.put(path, json={"role": "ADMIN"}, headers={"If-Match": '"7"'})
    unknown = await admin.put(path, json={"role": "KING"}, headers=ANY_VERSION)

    assert_problem(missing, 428, "precondition_required")
    assert_problem(stale, 412, "version_mismatch")
    assert_problem(unknown, 422, "validation_failed", pointer="/body/role")


async def test_returns_409_when_the_last_admin_would_leave(admin: AsyncClient, root: Member) -> None:
    responses = [
        await admin.put(f"{MEMBERS}/{root.id}/role", json={"role": "MEMBER"}, headers=ANY_VERSION),
        await admin.post(f"{MEMBERS}/{root.id}/deactivate"),
        await admin.delete(ME, headers=ANY_VERSION),
    ]

    for response in responses:
        assert_problem(response, 409, "last_admin")
    assert (await admin.get(ME)).json()["role"] == "ADMIN"


async def test_closes_account_at_once_and_reopens_when_admin_asks(
    admin: AsyncClient, client_of: ClientOf, root: Member, marta: Member, connection: AsyncConnection
) -> None:
    me = await client_of(marta)

    closed = await admin.post(f"{MEMBERS}/{marta.id}/deactivate")
    assert_problem(await me.get(ME), 401, "unauthenticated")
    closed_again = await admin.post(f"{MEMBERS}/{marta.id}/deactivate")
    opened = await admin.post(f"{MEMBERS}/{marta.id}/activate")
    opened_again = await admin.post(f"{MEMBERS}/{marta.id}/activate")

    assert (closed.json()["is_active"], opened.json()["is_active"]) == (False, True)
    assert (closed.headers["ETag"], opened.headers["ETag"]) == ('"2"', '"3"')
    assert_problem(closed_again, 409, "member_inactive")
    assert_problem(opened_again, 409, "member_active")
    assert_problem(await me.get(ME), 401, "unauthenticated")
    assert set(await audited(connection)) == {
        ("members:deactivate", root.id, marta.id),
        ("members:activate", root.id, marta.id),
    }


async def test_returns_404_when_there_is_no_such_member(admin: AsyncClient) -> None:
    path = f"{MEMBERS}/{uuid4()}"

    responses = [
        await admin.put(f"{path}/role", json={"role": "ADMIN"}, headers=ANY_VERSION),
        await admin.post(f"{path}/deactivate"),
        await admin.post(f"{path}/activate"),
    ]

    for response in responses:
        assert_problem(response, 404, "member_not_found")


# Erasure by an admin


async def test_leaves_no_personal_data_when_admin_erases_a_member(
    *, admin: AsyncClient, client_of: ClientOf, root: Member, marta: Member, connection: AsyncConnection
) -> None:
    me = await client_of(marta)

    response = await admin.delete(f"{MEMBERS}/{marta.id}", headers={"If-Match": '"1"'})

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await me.get(ME), 401, "unauthenticated")
    assert_problem(await admin.get(f"{MEMBERS}/{marta.id}"), 404, "member_not_found")
    again = await admin.delete(f"{MEMBERS}/{marta.id}", headers=ANY_VERSION)
    assert_problem(again, 404, "member_not_found")
    rows = (await connection.execute(select(members).where(members.c.id == marta.id))).all()
    assert len(rows) == 1
    assert "anary" not in str(rows)
    assert await audited(connection) == [("members:erase", root.id, marta.id)]


async def test_last_admin_stays_when_erased_by_id(admin: AsyncClient, root: Member) -> None:
    assert_problem(await admin.delete(f"{MEMBERS}/{root.id}", headers=ANY_VERSION), 409, "last_admin")


async def test_requires_password_and_version_when_erasing_a_member(
    admin: AsyncClient, client_of: ClientOf, root: Member, marta: Member
) -> None:
    late = await client_of(root, at=NOW - timedelta(hours=1, seconds=1))
    path = f"{MEMBERS}/{marta.id}"

    assert_problem(await late.delete(path, headers=ANY_VERSION), 403, "reauthentication_required")
    assert_problem(await admin.delete(path), 428, "precondition_required")
    assert_problem(await admin.delete(path, headers={"If-Match": '"7"'}), 412, "version_mismatch")
    assert (await admin.get(path)).status_code == 200


# One's own data


async def test_nobody_sees_an_erased_member_when_looking_anywhere(
    admin: AsyncClient, client_of: ClientOf, marta: Member, connection: AsyncConnection
) -> None:
    me = await client_of(marta)

    response = await me.delete(ME, headers={"If-Match": '"1"'})

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await me.get(ME), 401, "unauthenticated")
    assert_problem(await admin.get(f"{MEMBERS}/{marta.id}"), 404, "member_not_found")
    assert_problem(await admin.post(f"{MEMBERS}/{marta.id}/activate"), 404, "member_not_found")
    listed = (await admin.get(MEMBERS)).json()["items"]
    assert str(marta.id) not in {item["id"] for item in listed}
    assert str(marta.id) not in (await admin.get(f"{EXPORTS}/members?format=csv")).text
    rows = (await connection.execute(select(members).where(members.c.id == marta.id))).all()
    assert len(rows) == 1
    assert "anary" not in str(rows)
    assert "600111222" not in str(rows)


async def test_address_is_free_again_when_its_member_was_erased(
    admin: AsyncClient, client_of: ClientOf, marta: Member
) -> None:
    address = marta.email.value
    await (await client_of(marta)).delete(ME, headers=ANY_VERSION)

    assert (await admin.post(MEMBERS, json=INVITATION | {"email": address})).status_code == 201


async def test_requires_password_and_version_when_erasing_oneself(client_of: ClientOf, marta: Member) -> None:
    late = await client_of(marta, at=NOW - timedelta(hours=1, seconds=1))
    me = await client_of(marta)

    refused = await late.delete(ME, headers=ANY_VERSION)
    assert_problem(refused, 403, "reauthentication_required")
    assert 'error="insufficient_user_authentication", max_age="3600"' in refused.headers["WWW-Authenticate"]
    assert_problem(await me.delete(ME), 428, "precondition_required")
    assert_problem(await me.delete(ME, headers={"If-Match": '"7"'}), 412, "version_mismatch")
    assert (await me.get(ME)).status_code == 200


async def test_shows_every_row_about_oneself_but_no_secret_when_asked(
    client_of: ClientOf, uow: SqlAlchemyUnitOfWork, marta: Member
) -> None:
    me = await client_of(marta)
    async with uow:
        uow.news.add(make_article(author_id=marta.id, title="Mine"))
        stranger = make_member(full_name="Stranger")
        uow.members.add(stranger)
        await uow.flush()
        uow.news.add(make_article(author_id=stranger.id, title="Not mine"))
        await uow.commit()
    await me.patch(ME, json={"full_name": "Marta C."}, headers=ANY_VERSION)

    response = await me.get(f"{ME}/data")

    assert response.status_code == 200
    tables = response.json()["tables"]
    (row,) = tables["members"]
    assert (row["email"], row["full_name"], row["phone"]) == (marta.email.value, "Marta C.", "+34600111222")
    assert row["created_at"] == "2026-11-22T09:30:00+00:00"
    assert [article["title"] for article in tables["news"]] == ["Mine"]
    assert [entry["action"] for entry in tables["audit_entries"]] == ["members:edit-own"]
    (session,) = tables["sessions"]
    assert session["member_id"] == str(marta.id)
    assert tables["one_time_tokens"] == []
    assert "password_hash" not in row
    assert "token_digest" not in session
    assert "argon2" not in response.text


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_returns_401_when_nobody_is_logged_in(client: AsyncClient, method: str) -> None:
    path = f"{ME}/data" if method == "GET" else ME

    assert_problem(await client.request(method, path, headers=ANY_VERSION), 401, "unauthenticated")
