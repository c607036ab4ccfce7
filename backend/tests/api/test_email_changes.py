from datetime import timedelta
from uuid import UUID

import pytest
from httpx import AsyncClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.settings import Settings
from app.domain.email_changes import EmailChangeId
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Member
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from app.infrastructure.security.signed_tokens import HmacEmailChangeTokens
from tests.api.problems import assert_problem
from tests.factories import NOW, make_member
from tests.plugins.application import ClientOf
from tests.support.http import AUTH, ME, log_in

EMAIL = f"{AUTH}/email"
CONFIRM = f"{EMAIL}/confirm"
NEW = {"email": "Moved@PAU2.example"}


@pytest.fixture
async def me(client_of: ClientOf, marta: Member) -> AsyncClient:
    return await client_of(marta)


async def mailed_change_token(connection: AsyncConnection, settings: Settings) -> str:
    """Return the token of the newest mail to a new address."""
    query = """SELECT args->>'change_id' FROM procrastinate_jobs
        WHERE task_name = 'SendEmailChangeToken' ORDER BY id DESC LIMIT 1"""
    change_id = EmailChangeId(UUID((await connection.execute(text(query))).scalar_one()))
    return HmacEmailChangeTokens(settings.token_secrets).text(change_id)


async def test_new_address_logs_in_when_its_token_was_confirmed(
    client: AsyncClient, me: AsyncClient, connection: AsyncConnection, settings: Settings
) -> None:
    response = await me.put(EMAIL, json=NEW)
    assert response.status_code == 202
    assert response.json() == {"detail": "If there is something to do, a mail is on its way."}
    assert (await me.get(ME)).json()["email"] == "marta@pau2.example"

    token = {"token": await mailed_change_token(connection, settings)}
    confirmed = [await client.post(CONFIRM, json=token) for _ in range(2)]

    assert [(each.status_code, each.content) for each in confirmed] == [(204, b"")] * 2
    read = await me.get(ME)
    assert (read.json()["email"], read.headers["ETag"]) == ("moved@pau2.example", '"2"')
    assert (await log_in(client, username="moved@pau2.example")).status_code == 200
    assert (await log_in(client, username="marta@pau2.example")).json()["error"] == "invalid_grant"


async def test_answers_the_same_when_another_member_has_the_address(
    me: AsyncClient, uow: SqlAlchemyUnitOfWork, connection: AsyncConnection
) -> None:
    async with uow:
        uow.members.add(make_member(email=EmailAddress("taken@pau2.example")))
        await uow.commit()

    taken = await me.put(EMAIL, json={"email": "taken@pau2.example"})
    free = await me.put(EMAIL, json={"email": "free@pau2.example"})

    assert (taken.status_code, taken.content) == (free.status_code, free.content)
    jobs = (await connection.scalars(text("SELECT task_name FROM procrastinate_jobs ORDER BY id"))).all()
    assert jobs == ["SendEmailChangeToken", "SendEmailChangeRequestedNotice"] * 2


async def test_returns_409_when_another_member_verified_address_first(
    me: AsyncClient, uow: SqlAlchemyUnitOfWork, connection: AsyncConnection, settings: Settings
) -> None:
    await me.put(EMAIL, json=NEW)
    async with uow:
        uow.members.add(make_member(email=EmailAddress("moved@pau2.example")))
        await uow.commit()

    response = await me.post(CONFIRM, json={"token": await mailed_change_token(connection, settings)})

    assert_problem(response, 409, "email_taken")


async def test_removes_unverified_account_when_address_is_verified(
    me: AsyncClient, uow: SqlAlchemyUnitOfWork, connection: AsyncConnection, settings: Settings
) -> None:
    squatter = make_member(email=EmailAddress("moved@pau2.example"), email_verified_at=None)
    async with uow:
        uow.members.add(squatter)
        await uow.commit()
    await me.put(EMAIL, json=NEW)

    response = await me.post(CONFIRM, json={"token": await mailed_change_token(connection, settings)})

    assert response.status_code == 204
    assert (await me.get(ME)).json()["email"] == "moved@pau2.example"
    async with uow:
        assert await uow.members.find(squatter.id) is None


async def test_other_sessions_end_when_confirmed(
    me: AsyncClient, client_of: ClientOf, marta: Member, connection: AsyncConnection, settings: Settings
) -> None:
    elsewhere = await client_of(marta)
    await me.put(EMAIL, json=NEW)

    await elsewhere.post(CONFIRM, json={"token": await mailed_change_token(connection, settings)})

    assert_problem(await elsewhere.get(ME), 401, "unauthenticated")
    assert (await me.get(ME)).status_code == 200


async def test_returns_403_when_the_password_was_entered_an_hour_ago(
    client_of: ClientOf, marta: Member
) -> None:
    late = await client_of(marta, at=NOW - timedelta(hours=1, seconds=1))

    assert_problem(await late.put(EMAIL, json=NEW), 403, "reauthentication_required")


async def test_returns_401_when_nobody_is_logged_in(client: AsyncClient) -> None:
    assert_problem(await client.put(EMAIL, json=NEW), 401, "unauthenticated")


async def test_returns_422_when_the_address_or_the_token_is_not_valid(me: AsyncClient) -> None:
    address = await me.put(EMAIL, json={"email": "nobody"})
    token = await me.post(CONFIRM, json={"token": "made-up"})

    assert_problem(address, 422, "email_address_invalid", pointer="/body/email")
    assert_problem(token, 422, "one_time_token_invalid", pointer="/body/token")


async def test_returns_429_when_a_member_asked_for_five_mails(me: AsyncClient) -> None:
    for number in range(5):
        assert (await me.put(EMAIL, json={"email": f"m{number}@pau2.example"})).status_code == 202

    response = await me.put(EMAIL, json=NEW)

    assert_problem(response, 429, "too_many_requests")
    assert response.headers["Retry-After"] == "1800"


async def test_shows_the_change_when_own_personal_data_is_read(me: AsyncClient) -> None:
    await me.put(EMAIL, json=NEW)

    (change,) = (await me.get(f"{ME}/data")).json()["tables"]["email_changes"]

    assert (change["old_email"], change["new_email"]) == ("marta@pau2.example", "moved@pau2.example")
    assert change["confirmed_at"] is None
