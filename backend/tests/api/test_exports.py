import csv
import json
from datetime import timedelta
from io import StringIO

import pytest
from httpx import AsyncClient
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.members import PhoneNumber, Role
from app.domain.news import ArticleScope
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.exports import MEMBERS, NEWS
from app.infrastructure.database.members import members
from app.infrastructure.database.news import news
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.conftest import ClientFor, ClientOf
from tests.factories import make_article, make_member
from tests.fakes import FixedClock

EXPORTS = "/api/v1/exports"


def table(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(StringIO(text, newline="")))


@pytest.mark.parametrize(
    ("name", "role", "status"),
    [
        ("news", None, 401),
        ("news", Role.SUPPORTER, 403),
        ("news", Role.MEMBER, 403),
        ("news", Role.BOARD_MEMBER, 200),
        ("news", Role.ADMIN, 200),
        ("members", None, 401),
        ("members", Role.SUPPORTER, 403),
        ("members", Role.MEMBER, 403),
        ("members", Role.BOARD_MEMBER, 403),
        ("members", Role.ADMIN, 200),
    ],
)
async def test_exports_and_records_when_and_only_when_the_role_may(
    *,
    name: str,
    role: Role | None,
    status: int,
    client: AsyncClient,
    client_for: ClientFor,
    connection: AsyncConnection,
) -> None:
    caller = client if role is None else await client_for(role)

    answer = await caller.get(f"{EXPORTS}/{name}")

    assert answer.status_code == status
    recorded = (await connection.execute(select(audit_entries.c.action))).scalars().all()
    assert [each for each in recorded if each.endswith(":export")] == (
        [f"{name}:export"] if status == 200 else []
    )


async def test_is_a_file_to_be_saved_when_downloaded(client_for: ClientFor) -> None:
    admin = await client_for(Role.ADMIN)

    as_csv = await admin.get(f"{EXPORTS}/members")
    as_json = await admin.get(f"{EXPORTS}/members?format=json")

    assert as_csv.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert as_csv.headers["Content-Disposition"] == "attachment; filename*=UTF-8''members.csv"
    assert as_json.headers["Content-Type"] == "application/json"
    assert as_json.headers["Content-Disposition"] == "attachment; filename*=UTF-8''members.json"
    for answer in (as_csv, as_json):
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_holds_every_member_and_no_hash_when_members_are_exported(client_of: ClientOf) -> None:
    admin = make_member(role=Role.ADMIN, phone=PhoneNumber.parse("+34600111222"), full_name="=1+1")
    client = await client_of(admin)
    await client_of(make_member(role=Role.MEMBER))

    rows = table((await client.get(f"{EXPORTS}/members")).text)
    items = json.loads((await client.get(f"{EXPORTS}/members?format=json")).text)
    [only] = table((await client.get(f"{EXPORTS}/members?role=MEMBER&is_active=true")).text)

    assert len(rows) == len(items) == 2
    assert only["role"] == "MEMBER"
    row = next(row for row in rows if row["role"] == "ADMIN")
    item = next(item for item in items if item["role"] == "ADMIN")
    assert (row["phone"], row["full_name"]) == ("'+34600111222", "'=1+1")
    assert (item["phone"], item["full_name"]) == ("+34600111222", "=1+1")
    assert item["email"] == str(admin.email)
    assert item["is_active"] is True
    assert admin.password_hash not in f"{rows}{items}"


@pytest.mark.parametrize(("age", "status"), [(timedelta(hours=1), 200), (timedelta(minutes=61), 403)])
async def test_asks_for_the_password_when_it_was_entered_more_than_an_hour_ago(
    age: timedelta, status: int, client_of: ClientOf, clock: FixedClock
) -> None:
    admin = await client_of(make_member(role=Role.ADMIN), at=clock.now() - age)

    answer = await admin.get(f"{EXPORTS}/members")

    assert answer.status_code == status
    if status == 403:
        assert_problem(answer, 403, "reauthentication_required")


async def test_matches_the_list_when_news_are_exported(
    client_of: ClientOf, uow: SqlAlchemyUnitOfWork
) -> None:
    board_member = make_member(role=Role.BOARD_MEMBER)
    client = await client_of(board_member)
    removed = make_article(author_id=board_member.id)
    removed.remove(removed.created_at)
    async with uow:
        uow.news.add(removed)
        for scope in ArticleScope:
            uow.news.add(make_article(author_id=board_member.id, scope=scope, summary="Ünïcode"))
        await uow.commit()

    for query in ("", "scope=INTERNAL", "status=PUBLISHED"):
        exported = json.loads((await client.get(f"{EXPORTS}/news?format=json&{query}")).text)
        listed = (await client.get(f"/api/v1/news?{query}")).json()["items"]
        assert sorted(item["id"] for item in exported) == sorted(item["id"] for item in listed)
    assert "Ünïcode" in (await client.get(f"{EXPORTS}/news")).text


@pytest.mark.parametrize("query", ["format=xls", "sort=title", "limit=3", "format=csv&format=json"])
async def test_returns_422_when_a_parameter_is_not_known(query: str, client_for: ClientFor) -> None:
    admin = await client_for(Role.ADMIN)

    assert_problem(await admin.get(f"{EXPORTS}/news?{query}"), 422, "validation_failed")


@pytest.mark.parametrize(
    ("exported", "source", "left_out"),
    [
        (NEWS, news, {"deleted_at", "version"}),
        (MEMBERS, members, {"password_hash", "version"}),
    ],
)
def test_decides_on_every_column_when_the_schema_grows(
    exported: tuple[object, ...], source: Table, left_out: set[str]
) -> None:
    names = {column.name for column in source.c if column in set(exported)}

    assert names | left_out == set(source.c.keys())
    assert not names & left_out
