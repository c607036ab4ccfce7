from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.settings import Settings
from app.domain.auth import OneTimePurpose
from app.domain.members.member import Member, Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.presentation.http.dependencies import Dependencies
from tests.api.problems import assert_oauth_error, assert_problem
from tests.factories import PASSWORD
from tests.fakes import FakePasswordHasher, FixedClock
from tests.support.accounts import ADDRESS
from tests.support.http import AUTH, ME, MEMBERS, bearer, log_in, mailed_token, refresh

REGISTRATION = {"email": ADDRESS.value, "password": PASSWORD, "full_name": "Marta Ibáñez"}


@pytest.fixture
def hasher() -> FakePasswordHasher:
    return FakePasswordHasher()


@pytest.fixture
def dependencies(dependencies: Dependencies, hasher: FakePasswordHasher) -> Dependencies:
    return replace(dependencies, hasher=hasher)


@pytest.fixture
def password_hash() -> str:
    return f"hash:{PASSWORD}"


async def jobs(connection: AsyncConnection) -> list[tuple[str, Mapping[str, str]]]:
    query = "SELECT task_name, args FROM procrastinate_jobs ORDER BY id"
    return [(row.task_name, row.args) for row in await connection.execute(text(query))]


async def me(client: AsyncClient, tokens: Mapping[str, Any]) -> Response:
    return await client.get(ME, headers=bearer(tokens))


def assert_invalid_grant(response: Response) -> None:
    assert_oauth_error(response, "invalid_grant")


async def test_account_works_when_registered_verified_and_logged_in(
    client: AsyncClient, connection: AsyncConnection, settings: Settings
) -> None:
    registered = await client.post(f"{AUTH}/register", json=REGISTRATION)
    assert registered.status_code == 202
    assert_invalid_grant(await log_in(client))

    token = await mailed_token(connection, settings, OneTimePurpose.VERIFY_EMAIL)
    verified = await client.post(f"{AUTH}/email/verify", json={"token": token})
    assert (verified.status_code, verified.content) == (204, b"")

    tokens = (await log_in(client)).json()
    member = (await me(client, tokens)).json()
    assert (member["email"], member["full_name"]) == (ADDRESS.value, "Marta Ibáñez")
    assert member["role"] == "SUPPORTER"


async def test_returns_the_same_202_when_the_address_is_known(
    client: AsyncClient,
    connection: AsyncConnection,
    hasher: FakePasswordHasher,
    marta: Member,
) -> None:
    known = await client.post(f"{AUTH}/register", json=REGISTRATION | {"email": "MARTA@pau2.example"})
    unknown = await client.post(f"{AUTH}/register", json=REGISTRATION | {"email": "new@pau2.example"})

    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    assert known.headers.keys() == unknown.headers.keys()
    assert hasher.hashed == 2
    (first, args), (second, _) = await jobs(connection)
    assert (first, second) == ("SendAccountExistsNotice", "SendOneTimeToken")
    assert args["member_id"] == str(marta.id)


async def test_last_registration_owns_account_when_stranger_was_first(
    client: AsyncClient, connection: AsyncConnection, settings: Settings, hasher: FakePasswordHasher
) -> None:
    stranger = {"email": "MARTA@pau2.example", "password": "another-umbrella-sings", "full_name": "Eve"}
    responses = [
        await client.post(f"{AUTH}/register", json=stranger),
        await client.post(f"{AUTH}/register", json=REGISTRATION),
    ]
    assert {(response.status_code, response.content) for response in responses} == {
        (202, responses[0].content)
    }
    assert hasher.hashed == 2
    assert [task for task, _ in await jobs(connection)] == ["SendOneTimeToken"] * 2

    token = await mailed_token(connection, settings, OneTimePurpose.VERIFY_EMAIL)
    assert (await client.post(f"{AUTH}/email/verify", json={"token": token})).status_code == 204

    assert_invalid_grant(await log_in(client, password="another-umbrella-sings"))
    assert (await me(client, (await log_in(client)).json())).json()["full_name"] == "Marta Ibáñez"


async def test_recovers_account_when_client_has_registered_many(
    client: AsyncClient, connection: AsyncConnection, marta: Member
) -> None:
    for number in range(25):
        body = REGISTRATION | {"email": f"neighbour-{number}@pau2.example"}
        assert (await client.post(f"{AUTH}/register", json=body)).status_code == 202
    assert len(await jobs(connection)) == 20

    await client.post(f"{AUTH}/password/forgot", json={"email": marta.email.value})

    assert len(await jobs(connection)) == 21


async def test_finds_the_account_when_the_domain_is_typed_in_unicode(
    client: AsyncClient, connection: AsyncConnection, settings: Settings
) -> None:
    """In IDNA 2008, ß is a separate letter (RFC 5891), so this is not fass.example."""
    await client.post(f"{AUTH}/register", json=REGISTRATION | {"email": "marta@Faß.example"})
    token = await mailed_token(connection, settings, OneTimePurpose.VERIFY_EMAIL)
    await client.post(f"{AUTH}/email/verify", json={"token": token})

    response = await log_in(client, username="marta@faß.example")

    assert (await me(client, response.json())).json()["email"] == "marta@xn--fa-hia.example"
    assert_invalid_grant(await log_in(client, username="marta@fass.example"))


async def test_queue_holds_ids_only_when_people_register(
    client: AsyncClient, connection: AsyncConnection, settings: Settings
) -> None:
    await client.post(f"{AUTH}/register", json=REGISTRATION)

    ((_, args),) = await jobs(connection)
    assert args.keys() == {"token_id"}
    assert await mailed_token(connection, settings, OneTimePurpose.VERIFY_EMAIL) not in str(args)


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"email": "marta"}, "email_address_invalid", "/body/email"),
        ({"password": "too short"}, "password_length", "/body/password"),
        ({"password": "passwordpassword"}, "password_too_common", "/body/password"),
        ({"full_name": "   "}, "full_name_invalid", "/body/full_name"),
        ({"full_name": "\u200b"}, "full_name_invalid", "/body/full_name"),
        ({"full_name": "WIN 500 EUR http://casino.example"}, "full_name_invalid", "/body/full_name"),
        ({"full_name": "Marta\u2028Soler"}, "validation_failed", "/body/full_name"),
        ({"email": "marta@☃.example"}, "email_address_invalid", "/body/email"),
        ({"phone": "600111222"}, "phone_number_invalid", "/body/phone"),
        ({"full_name": ""}, "validation_failed", "/body/full_name"),
        ({"full_name": "a\u0000b"}, "validation_failed", "/body/full_name"),
        ({"role": "ADMIN"}, "validation_failed", "/body/role"),
        ({"email": None}, "validation_failed", "/body/email"),
    ],
)
async def test_returns_422_when_a_registration_value_is_invalid(
    client: AsyncClient, change: dict[str, Any], code: str, pointer: str
) -> None:
    response = await client.post(f"{AUTH}/register", json=REGISTRATION | change)

    assert_problem(response, 422, code, pointer=pointer)
    assert PASSWORD not in response.text


async def test_returns_422_when_verification_token_is_used_or_forged(
    client: AsyncClient, connection: AsyncConnection, settings: Settings
) -> None:
    await client.post(f"{AUTH}/register", json=REGISTRATION)
    token = await mailed_token(connection, settings, OneTimePurpose.VERIFY_EMAIL)
    await client.post(f"{AUTH}/email/verify", json={"token": token})

    for refused in (token, "made-up"):
        response = await client.post(f"{AUTH}/email/verify", json={"token": refused})
        assert_problem(response, 422, "one_time_token_invalid", pointer="/body/token")


async def test_returns_the_same_202_when_asked_to_resend_to_anybody(
    client: AsyncClient, connection: AsyncConnection, settings: Settings, marta: Member
) -> None:
    await client.post(f"{AUTH}/register", json=REGISTRATION | {"email": "new@pau2.example"})
    older = await mailed_token(connection, settings, OneTimePurpose.VERIFY_EMAIL)

    responses = [
        await client.post(f"{AUTH}/email/resend", json={"email": email})
        for email in (marta.email.value, "nobody@pau2.example", "new@pau2.example")
    ]

    assert {(response.status_code, response.content) for response in responses} == {
        (202, responses[0].content)
    }
    assert [task for task, _ in await jobs(connection)] == ["SendOneTimeToken"] * 4
    newer = await mailed_token(connection, settings, OneTimePurpose.VERIFY_EMAIL)
    refused = await client.post(f"{AUTH}/email/verify", json={"token": older})
    accepted = await client.post(f"{AUTH}/email/verify", json={"token": newer})
    assert (refused.status_code, accepted.status_code) == (422, 204)


async def test_returns_422_when_asked_to_resend_to_no_address(client: AsyncClient) -> None:
    response = await client.post(f"{AUTH}/email/resend", json={"email": "nobody"})

    assert_problem(response, 422, "email_address_invalid", pointer="/body/email")


async def test_forbids_caching_of_tokens_when_logging_in(client: AsyncClient, marta: Member) -> None:
    response = await log_in(client, scope="anything", client_id="swagger")

    assert response.status_code == 200
    assert (response.headers["Cache-Control"], response.headers["Pragma"]) == ("no-store", "no-cache")
    tokens = response.json()
    assert tokens.keys() == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 600)
    assert (await me(client, tokens)).json()["id"] == str(marta.id)


@pytest.mark.parametrize("case", ["unknown", "malformed", "wrong", "unverified", "inactive"])
async def test_returns_the_same_400_after_one_hash_when_a_login_fails(
    client: AsyncClient,
    hasher: FakePasswordHasher,
    uow: SqlAlchemyUnitOfWork,
    marta: Member,
    case: str,
) -> None:
    async with uow:
        member = await uow.members.get(marta.id)
        member.is_active = case != "inactive"
        member.email_verified_at = None if case == "unverified" else member.email_verified_at
        await uow.commit()
    overrides = {
        "unknown": {"username": "nobody@pau2.example"},
        "malformed": {"username": "nobody"},
        "wrong": {"password": "another-umbrella-sings"},
    }

    response = await log_in(client, **overrides.get(case, {}))

    assert_invalid_grant(response)
    assert response.json()["detail"] == "The credentials are wrong, expired or revoked."
    assert hasher.verified == 1


@pytest.mark.parametrize(
    ("form", "error", "pointer"),
    [
        ({}, "invalid_request", "/body/grant_type"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type", "/body/grant_type"),
        ({"grant_type": "password", "username": ADDRESS.value}, "invalid_request", "/body"),
        ({"grant_type": "refresh_token", "password": PASSWORD}, "invalid_request", "/body"),
        ({"grant_type": ["password", "password"]}, "invalid_request", "/body/grant_type"),
    ],
)
async def test_returns_400_when_the_grant_is_unknown_or_incomplete(
    client: AsyncClient, form: dict[str, str], error: str, pointer: str
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.post(f"{AUTH}/token", data=form, headers=headers)

    assert_oauth_error(response, error, pointer=pointer)
    assert PASSWORD not in response.text


async def test_returns_415_when_tokens_are_asked_for_in_json(client: AsyncClient) -> None:
    response = await client.post(f"{AUTH}/token", json={"grant_type": "password"})

    assert_problem(response, 415, "unsupported_media_type")


async def test_revokes_whole_family_when_oldest_token_is_replayed(
    client: AsyncClient, connection: AsyncConnection, marta: Member
) -> None:
    first = (await log_in(client)).json()
    second = (await refresh(client, first["refresh_token"])).json()
    third = (await refresh(client, second["refresh_token"])).json()
    assert (await me(client, third)).status_code == 200

    assert_invalid_grant(await refresh(client, first["refresh_token"]))

    for tokens in (first, second, third):
        assert_invalid_grant(await refresh(client, tokens["refresh_token"]))
        assert_problem(await me(client, tokens), 401, "unauthenticated")
    query = text("SELECT revoked_at IS NOT NULL FROM sessions WHERE member_id = :id")
    assert (await connection.scalars(query, {"id": marta.id})).all() == [True]


@pytest.mark.usefixtures("marta")
async def test_returns_the_same_successor_when_the_answer_was_lost(
    client: AsyncClient, clock: FixedClock
) -> None:
    first = (await log_in(client)).json()

    responses = [await refresh(client, first["refresh_token"])]
    clock.move(timedelta(days=1))
    responses.append(await refresh(client, first["refresh_token"]))

    tokens = {response.json()["refresh_token"] for response in responses}
    assert len(tokens) == 1
    assert (await refresh(client, tokens.pop())).status_code == 200


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
@pytest.mark.usefixtures("marta")
async def test_session_is_over_at_once_when_a_token_is_revoked(client: AsyncClient, kind: str) -> None:
    tokens = (await log_in(client)).json()

    form = {"token": tokens[kind], "token_type_hint": kind}
    response = await client.post(f"{AUTH}/revoke", data=form)

    assert (response.status_code, response.content) == (200, b"")
    assert_problem(await me(client, tokens), 401, "unauthenticated")
    assert_invalid_grant(await refresh(client, tokens["refresh_token"]))


async def test_returns_200_when_the_revoked_token_is_unknown(client: AsyncClient) -> None:
    response = await client.post(f"{AUTH}/revoke", data={"token": "made-up"})

    assert response.status_code == 200


async def test_returns_400_when_no_token_is_given_to_revoke(client: AsyncClient) -> None:
    """RFC 7009 §2.2.1."""
    response = await client.post(f"{AUTH}/revoke", data={"other": "x"})

    assert_oauth_error(response, "invalid_request", pointer="/body/token")


@pytest.mark.parametrize("change", ["is_active", "role"])
async def test_uses_current_member_when_token_is_older_than_a_change(
    client: AsyncClient, uow: SqlAlchemyUnitOfWork, marta: Member, change: str
) -> None:
    tokens = (await log_in(client)).json()
    async with uow:
        member = await uow.members.get(marta.id)
        member.is_active = change != "is_active"
        member.role = Role.ADMIN
        await uow.commit()

    response = await client.get(MEMBERS, headers=bearer(tokens))

    assert response.status_code == (401 if change == "is_active" else 200)


@pytest.mark.usefixtures("marta")
async def test_stores_no_token_or_password_when_people_log_in(
    client: AsyncClient, connection: AsyncConnection
) -> None:
    first = (await log_in(client)).json()
    second = (await refresh(client, first["refresh_token"])).json()

    rows = await connection.execute(text("SELECT s::text, a::text FROM sessions s, audit_entries a"))
    stored = str(rows.all())

    for secret in (first["refresh_token"], second["refresh_token"], PASSWORD, ADDRESS.value):
        assert secret not in stored
