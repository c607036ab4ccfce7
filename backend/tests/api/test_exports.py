import codecs
import csv
import json
from datetime import datetime, timedelta
from io import BytesIO, StringIO

import pytest
import vobject
from httpx import AsyncClient
from python_calamine import CalamineWorkbook
from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.events import EventAudience, EventStatus
from app.domain.members.contact_details import PhoneNumber
from app.domain.members.member import Role
from app.domain.news import ArticleScope
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.events import events
from app.infrastructure.database.events_queries import EVENT
from app.infrastructure.database.exports import MEMBERS, NEWS
from app.infrastructure.database.members import members
from app.infrastructure.database.news import news
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.factories import make_article, make_event, make_member
from tests.fakes import FixedClock
from tests.plugins.application import ClientFor, ClientOf
from tests.support.http import API, EVENTS, EXPORTS


@pytest.mark.parametrize("name", ["news", "events", "members"])
async def test_neither_runs_nor_audits_export_when_method_is_head(
    name: str, client_for: ClientFor, connection: AsyncConnection
) -> None:
    """RFC 9110 §9.3.2: the headers of a GET, without any content."""
    admin = await client_for(Role.ADMIN)

    head = await admin.head(f"{EXPORTS}/{name}")
    refused = await (await client_for(Role.MEMBER)).head(f"{EXPORTS}/{name}")
    entries = (await connection.execute(select(audit_entries.c.action))).all()
    full = await admin.get(f"{EXPORTS}/{name}")

    assert (head.status_code, head.content, refused.status_code) == (200, b"", 403)
    for header in ("Content-Type", "Content-Disposition", "Cache-Control"):
        assert head.headers[header] == full.headers[header]
    assert entries == []


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
        ("events", None, 401),
        ("events", Role.SUPPORTER, 403),
        ("events", Role.MEMBER, 403),
        ("events", Role.BOARD_MEMBER, 200),
        ("events", Role.ADMIN, 200),
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

    response = await caller.get(f"{EXPORTS}/{name}")

    assert response.status_code == status
    recorded = (await connection.execute(select(audit_entries.c.action))).scalars().all()
    assert [each for each in recorded if each.endswith(":export")] == (
        [f"{name}:export"] if status == 200 else []
    )


MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "ics": "text/calendar; charset=utf-8",
}


async def test_is_a_file_to_be_saved_when_downloaded(client_for: ClientFor) -> None:
    admin = await client_for(Role.ADMIN)

    for extension, media_type in MEDIA_TYPES.items():
        response = await admin.get(f"{EXPORTS}/events?format={extension}")
        assert response.headers["Content-Type"] == media_type
        assert response.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''events.{extension}"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["X-Content-Type-Options"] == "nosniff"


async def test_contains_members_without_hashes_when_exported(client_of: ClientOf) -> None:
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
    assert (row["phone"], row["full_name"]) == ("+34600111222", "'=1+1")
    assert (item["phone"], item["full_name"]) == ("+34600111222", "=1+1")
    assert item["email"] == str(admin.email)
    assert item["is_active"] is True
    assert admin.password_hash not in f"{rows}{items}"


@pytest.mark.parametrize(("age", "status"), [(timedelta(hours=1), 200), (timedelta(minutes=61), 403)])
async def test_requires_password_when_last_entered_over_an_hour_ago(
    age: timedelta, status: int, client_of: ClientOf, clock: FixedClock
) -> None:
    admin = await client_of(make_member(role=Role.ADMIN), at=clock.now() - age)

    response = await admin.get(f"{EXPORTS}/members")

    assert response.status_code == status
    if status == 403:
        assert_problem(response, 403, "reauthentication_required")


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
            article = make_article(author_id=board_member.id, scope=scope, summary="Ünïcode")
            published = make_article(author_id=board_member.id, scope=scope)
            published.publish(published.created_at)
            uow.news.add(article)
            uow.news.add(published)
        await uow.commit()

    for query, number in (("", 4), ("scope=INTERNAL", 2), ("status=PUBLISHED", 2)):
        exported = json.loads((await client.get(f"{EXPORTS}/news?format=json&{query}")).text)
        listed = (await client.get(f"{API}/news?{query}")).json()["items"]
        assert sorted(item["id"] for item in exported) == sorted(item["id"] for item in listed)
        assert len(listed) == number
    assert "Ünïcode" in (await client.get(f"{EXPORTS}/news")).text


async def test_matches_the_list_when_events_are_exported(
    client_of: ClientOf, uow: SqlAlchemyUnitOfWork
) -> None:
    board_member = make_member(role=Role.BOARD_MEMBER)
    client = await client_of(board_member)
    async with uow:
        for status in EventStatus:
            for audience in EventAudience:
                event = make_event(created_by=board_member.id, audience=audience)
                event.status = status
                uow.events.add(event)
        await uow.commit()

    for query in ("", "audience=BOARD", "status=DRAFT", "from=2026-11-24T00:00:00Z"):
        listed = (await client.get(f"{EVENTS}?{query}")).json()["items"]
        ids = sorted(item["id"] for item in listed)
        as_json = json.loads((await client.get(f"{EXPORTS}/events?format=json&{query}")).text)
        as_csv = table((await client.get(f"{EXPORTS}/events?{query}")).text)
        as_calendar = (await client.get(f"{EXPORTS}/events?format=ics&{query}")).text
        assert sorted(item["id"] for item in as_json) == sorted(row["id"] for row in as_csv) == ids
        found = vobject.readOne(as_calendar).contents.get("vevent", [])
        assert sorted(each.uid.value for each in found) == ids


@pytest.mark.parametrize("name", ["news", "events", "members"])
async def test_holds_the_same_as_json_when_exported_as_a_workbook(
    name: str, client_of: ClientOf, uow: SqlAlchemyUnitOfWork
) -> None:
    admin = make_member(role=Role.ADMIN, full_name="=1+1", phone=PhoneNumber.parse("+34600111222"))
    client = await client_of(admin)
    async with uow:
        uow.news.add(make_article(author_id=admin.id, title="=HYPERLINK(1)", summary="@x"))
        uow.events.add(make_event(created_by=admin.id, title="-1", description="+1\n_x0041_"))
        await uow.commit()

    items = json.loads((await client.get(f"{EXPORTS}/{name}?format=json")).text)
    response = await client.get(f"{EXPORTS}/{name}?format=xlsx")

    workbook = CalamineWorkbook.from_filelike(BytesIO(response.content))
    header, *rows = workbook.get_sheet_by_name(name.capitalize()).to_python()
    assert header == list(items[0])
    assert [[in_seconds(cell) for cell in row] for row in rows] == [
        [as_cell(column, value) for column, value in item.items()] for item in items
    ]


def as_cell(column: str, value: object) -> object:
    """Return the value as a cell shows it: local time, in winter one hour ahead of UTC."""
    if column.endswith("_at") and value is not None:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None) + timedelta(hours=1)
    return "" if value is None else value


def in_seconds(cell: object) -> object:
    return cell.replace(microsecond=0) if isinstance(cell, datetime) else cell


async def test_is_csv_for_spreadsheets_when_that_dialect_is_asked_for(client_of: ClientOf) -> None:
    admin = await client_of(make_member(role=Role.ADMIN, full_name="Marta Ibáñez"))

    response = await admin.get(f"{EXPORTS}/members?dialect=excel")

    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["Content-Disposition"] == "attachment; filename*=UTF-8''members.csv"
    [row] = csv.DictReader(StringIO(response.content.decode("utf-8-sig"), newline=""), delimiter=";")
    assert response.content.startswith(codecs.BOM_UTF8)
    assert (row["full_name"], row["is_active"]) == ("Marta Ibáñez", "yes")
    assert row["created_at"] == "2026-11-22 10:30:00"


@pytest.mark.parametrize("name", ["news", "members"])
async def test_returns_422_when_a_table_is_asked_for_as_a_calendar(name: str, client_for: ClientFor) -> None:
    admin = await client_for(Role.ADMIN)

    response = await admin.get(f"{EXPORTS}/{name}?format=ics")

    assert_problem(response, 422, "validation_failed", pointer="/query/format")


@pytest.mark.parametrize("query", ["format=xls", "sort=title", "limit=3", "format=csv&format=json"])
async def test_returns_422_when_a_parameter_is_not_known(query: str, client_for: ClientFor) -> None:
    admin = await client_for(Role.ADMIN)

    assert_problem(await admin.get(f"{EXPORTS}/news?{query}"), 422, "validation_failed")


@pytest.mark.parametrize(
    ("exported", "source", "left_out"),
    [
        (NEWS, news, {"deleted_at", "version"}),
        (EVENT, events, set()),
        (MEMBERS, members, {"password_hash", "erased_at", "version"}),
    ],
)
def test_decides_on_every_column_when_the_schema_grows(
    exported: tuple[object, ...], source: Table, left_out: set[str]
) -> None:
    names = {column.name for column in source.c if column in set(exported)}

    assert names | left_out == set(source.c.keys())
    assert not names & left_out
