from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.settings import Settings
from app.domain.auth import OneTimePurpose
from app.domain.members.member import Member
from app.presentation.http.dependencies import Dependencies
from tests.api.problems import assert_oauth_error, assert_problem
from tests.factories import PASSWORD
from tests.fakes import FakePasswordHasher, FixedClock
from tests.plugins.application import ClientOf
from tests.support.accounts import ADDRESS, NEW_PASSWORD
from tests.support.http import AUTH, ME, bearer, log_in, mailed_token

FORGOT = f"{AUTH}/password/forgot"
RESET = f"{AUTH}/password/reset"
CHANGE = f"{AUTH}/password"
WRONG = "another-umbrella-sings"


@pytest.fixture
def hasher() -> FakePasswordHasher:
    return FakePasswordHasher()


@pytest.fixture
def dependencies(dependencies: Dependencies, hasher: FakePasswordHasher) -> Dependencies:
    return replace(dependencies, hasher=hasher)


@pytest.fixture
def password_hash() -> str:
    return f"hash:{PASSWORD}"


@pytest.mark.usefixtures("marta")
async def test_new_password_works_and_sessions_are_over_when_reset(
    client: AsyncClient, connection: AsyncConnection, settings: Settings
) -> None:
    tokens = (await log_in(client)).json()
    assert (await client.post(FORGOT, json={"email": ADDRESS.value})).status_code == 202
    token = await mailed_token(connection, settings, OneTimePurpose.RECOVERY)

    response = await client.post(RESET, json={"token": token, "password": NEW_PASSWORD})

    assert (response.status_code, response.content) == (204, b"")
    mine = bearer(tokens)
    assert_problem(await client.get(ME, headers=mine), 401, "unauthenticated")
    assert (await log_in(client)).status_code == 400
    assert (await log_in(client, NEW_PASSWORD)).status_code == 200
    again = await client.post(RESET, json={"token": token, "password": NEW_PASSWORD})
    assert_problem(again, 422, "one_time_token_invalid", pointer="/body/token")


@pytest.mark.usefixtures("marta")
async def test_returns_the_same_202_when_anybody_forgot_the_password(
    client: AsyncClient, connection: AsyncConnection
) -> None:
    responses = [
        await client.post(FORGOT, json={"email": email}) for email in (ADDRESS.value, "nobody@pau2.example")
    ]

    known, unknown = responses
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content)
    names = (await connection.scalars(text("SELECT task_name FROM procrastinate_jobs"))).all()
    assert names == ["SendOneTimeToken"] * 2


async def test_returns_422_when_a_reset_is_asked_for_no_address(client: AsyncClient) -> None:
    response = await client.post(FORGOT, json={"email": "nobody"})

    assert_problem(response, 422, "email_address_invalid", pointer="/body/email")


@pytest.mark.parametrize(
    ("password", "code"), [("short", "password_length"), ("marta marta marta", "password_too_common")]
)
async def test_returns_422_when_the_new_password_is_weak(
    *,
    client: AsyncClient,
    connection: AsyncConnection,
    settings: Settings,
    client_of: ClientOf,
    marta: Member,
    password: str,
    code: str,
) -> None:
    me = await client_of(marta)
    await client.post(FORGOT, json={"email": ADDRESS.value})
    token = await mailed_token(connection, settings, OneTimePurpose.RECOVERY)

    by_mail = await client.post(RESET, json={"token": token, "password": password})
    changed = await me.put(CHANGE, json={"current_password": PASSWORD, "password": password})

    for response in (by_mail, changed):
        assert_problem(response, 422, code, pointer="/body/password")


async def test_keeps_this_session_only_when_the_password_is_changed(
    client: AsyncClient, client_of: ClientOf, marta: Member
) -> None:
    here = await client_of(marta)
    there = await client_of(marta)

    response = await here.put(CHANGE, json={"current_password": PASSWORD, "password": NEW_PASSWORD})

    assert (response.status_code, response.content) == (204, b"")
    assert (await here.get(ME)).status_code == 200
    assert_problem(await there.get(ME), 401, "unauthenticated")
    assert (await log_in(client, NEW_PASSWORD)).status_code == 200


async def test_returns_422_when_the_current_password_is_wrong(client_of: ClientOf, marta: Member) -> None:
    me = await client_of(marta)

    response = await me.put(CHANGE, json={"current_password": WRONG, "password": NEW_PASSWORD})

    assert_problem(response, 422, "current_password_wrong", pointer="/body/current_password")


async def test_returns_429_with_the_time_to_wait_after_ten_failures(
    client: AsyncClient, client_of: ClientOf, clock: FixedClock, marta: Member
) -> None:
    me = await client_of(marta)
    for _ in range(10):
        assert (await log_in(client, WRONG)).status_code == 400
    clock.move(timedelta(seconds=59.5))

    refused = await log_in(client)
    changed = await me.put(CHANGE, json={"current_password": PASSWORD, "password": NEW_PASSWORD})

    for response in (refused, changed):
        assert_problem(response, 429, "too_many_attempts")
        assert response.headers["Retry-After"] == "241"
    clock.move(timedelta(seconds=241))
    assert (await log_in(client)).status_code == 200


def reached_from(app: FastAPI, address: str) -> AsyncClient:
    transport = ASGITransport(app, raise_app_exceptions=False, client=(address, 1234))
    return AsyncClient(transport=transport, base_url="http://test")


async def failures(client: AsyncClient, forwarded: list[str]) -> int:
    """Fail to log in to one account after another, and return the last response."""
    status = 0
    for number, address in enumerate(forwarded):
        form = {"grant_type": "password", "username": f"n{number}@pau2.example", "password": WRONG}
        response = await client.post(f"{AUTH}/token", data=form, headers={"X-Forwarded-For": address})
        status = response.status_code
    return status


async def test_returns_429_when_client_behind_proxy_fails_often(app: FastAPI) -> None:
    async with reached_from(app, "10.1.2.3") as proxy:
        forged = [f"198.51.100.{number}, 203.0.113.7" for number in range(11)]
        assert await failures(proxy, forged) == 429
        assert await failures(proxy, [f"203.0.113.{number}" for number in range(20, 31)]) == 400


async def test_ignores_forwarded_address_when_proxy_is_not_trusted(app: FastAPI) -> None:
    async with reached_from(app, "198.51.100.7") as client:
        assert await failures(client, [f"203.0.113.{number}" for number in range(11)]) == 429


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("token", "grant_type=password&username=a&username=b&password=x"),
        ("token", "grant_type=password&username=a&password=x&password=x"),
        ("revoke", "token=a&token=b"),
        ("revoke", "token=a&unknown=1&unknown=2"),
    ],
)
async def test_returns_400_when_an_oauth_parameter_is_given_twice(
    client: AsyncClient, path: str, form: str
) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    response = await client.post(f"{AUTH}/{path}", content=form, headers=headers)

    assert_oauth_error(response, "invalid_request")
    (error,) = response.json()["errors"]
    assert error["code"] == "repeated"
    assert error["pointer"] in {"/body/username", "/body/password", "/body/token", "/body/unknown"}


async def test_mails_in_language_of_browser_when_registering(
    client: AsyncClient, connection: AsyncConnection
) -> None:
    body = {"email": ADDRESS.value, "password": PASSWORD, "full_name": "Marta"}

    await client.post(f"{AUTH}/register", json=body, headers={"Accept-Language": "es-ES,es;q=0.9"})

    assert (await connection.scalars(text("SELECT language FROM members"))).all() == ["es"]


@pytest.mark.parametrize("path", [FORGOT, f"{AUTH}/email/resend"])
async def test_sends_no_more_mails_when_one_client_asks_for_many(
    path: str, app: FastAPI, connection: AsyncConnection
) -> None:
    for address, mails in [("203.0.113.7", 5), ("203.0.113.8", 10)]:
        async with reached_from(app, address) as client:
            emails = [f"n{number}-{mails}@pau2.example" for number in range(7)]
            responses = [await client.post(path, json={"email": email}) for email in emails]

        assert {(response.status_code, response.content) for response in responses} == {
            (202, responses[0].content)
        }
        assert await connection.scalar(text("SELECT count(*) FROM procrastinate_jobs")) == mails
