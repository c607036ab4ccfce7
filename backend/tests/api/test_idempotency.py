"""`Idempotency-Key`: the same request gets the same response, and has one effect."""

from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.members.member import Role
from app.infrastructure.database.idempotency import idempotency_records
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.factories import make_member
from tests.plugins.application import ClientFor, ClientOf
from tests.support.http import ME, NEWS

DRAFT = {"title": "The garden opens again", "content": "From **Monday**.", "scope": "PUBLIC"}
KEY = {"Idempotency-Key": "5a7d6e4e-3f1c-4b43-9d8e-0b9f8e1f2a3c"}


@pytest.fixture
async def author(client_for: ClientFor) -> AsyncClient:
    return await client_for(Role.BOARD_MEMBER)


async def titles(client: AsyncClient) -> list[str]:
    return [item["title"] for item in (await client.get(NEWS)).json()["items"]]


def shown(response: Response) -> tuple[int, bytes, dict[str, str]]:
    """Return the response without the headers that differ in every request."""
    headers = {name: value for name, value in response.headers.items() if name != "x-request-id"}
    return response.status_code, response.content, headers


async def test_returns_the_first_answer_when_the_request_comes_again(author: AsyncClient) -> None:
    first = await author.post(NEWS, json=DRAFT, headers=KEY)
    await author.patch(first.headers["Location"], json={"title": "Changed"}, headers={"If-Match": "*"})

    again = await author.post(NEWS, json=DRAFT, headers=KEY)

    assert first.status_code == 201
    assert first.headers["ETag"] == '"1"'
    assert shown(again) == shown(first)
    assert await titles(author) == ["Changed"]


async def test_creates_twice_when_there_is_no_key_or_another_one(author: AsyncClient) -> None:
    for headers in ({}, {}, KEY, {"Idempotency-Key": str(uuid4())}):
        assert (await author.post(NEWS, json=DRAFT, headers=headers)).status_code == 201

    assert len(await titles(author)) == 4


async def test_returns_422_when_the_key_comes_with_another_body(author: AsyncClient) -> None:
    await author.post(NEWS, json=DRAFT, headers=KEY)

    response = await author.post(NEWS, json=DRAFT | {"title": "Other"}, headers=KEY)

    assert_problem(response, 422, "idempotency_key_reused", pointer="/header/idempotency-key")
    assert await titles(author) == [DRAFT["title"]]


async def test_gives_nobody_the_answer_of_another_when_keys_are_equal(
    author: AsyncClient, client_for: ClientFor
) -> None:
    other = await client_for(Role.BOARD_MEMBER)

    first = await author.post(NEWS, json=DRAFT, headers=KEY)
    second = await other.post(NEWS, json=DRAFT, headers=KEY)

    assert second.status_code == 201
    assert second.json()["id"] != first.json()["id"]


async def test_returns_403_when_the_role_was_lost_in_the_meantime(
    client_of: ClientOf, uow: SqlAlchemyUnitOfWork
) -> None:
    member = make_member(role=Role.BOARD_MEMBER)
    client = await client_of(member)
    await client.post(NEWS, json=DRAFT, headers=KEY)
    async with uow:
        (await uow.members.get(member.id)).role = Role.MEMBER
        await uow.commit()

    assert_problem(await client.post(NEWS, json=DRAFT, headers=KEY), 403, "forbidden")


async def test_keeps_no_refusal_when_the_first_try_failed(author: AsyncClient) -> None:
    for refused in ({"title": " "}, {"title": ""}):
        response = await author.post(NEWS, json=DRAFT | refused, headers=KEY)
        assert response.status_code == 422

    assert (await author.post(NEWS, json=DRAFT, headers=KEY)).status_code == 201


@pytest.mark.parametrize("key", [b"", b"two words", b"x" * 256, "ñandú".encode()])
async def test_returns_422_when_the_key_is_not_printable_ascii(key: bytes, author: AsyncClient) -> None:
    response = await author.post(NEWS, json=DRAFT, headers=[(b"Idempotency-Key", key)])

    assert_problem(response, 422, "validation_failed", pointer="/header/idempotency-key")


async def test_returns_401_when_nobody_is_logged_in(client: AsyncClient) -> None:
    assert_problem(await client.post(NEWS, json=DRAFT, headers=KEY), 401, "unauthenticated")


async def test_is_shown_to_its_owner_and_goes_with_them_when_erased(
    author: AsyncClient, connection: AsyncConnection
) -> None:
    await author.post(NEWS, json=DRAFT, headers=KEY)

    data = (await author.get(f"{ME}/data")).json()
    [row] = data["tables"]["idempotency_records"]
    assert row.keys() == {"member_id", "status", "headers", "created_at"}

    erased = await author.delete(ME, headers={"If-Match": "*"})
    assert erased.status_code == 204
    assert (await connection.execute(select(idempotency_records))).all() == []
