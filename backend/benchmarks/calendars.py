"""Benchmark of the calendar: all events as iCalendar, against a cursor and string formatting."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import psycopg
from pydantic import SecretStr

from app.application.events_queries import EventFilter, EventVisibility
from app.core.database import open_database
from app.core.settings import Settings
from app.domain.members.member import MemberId
from app.infrastructure.database.exports import SqlAlchemyExportSource
from app.infrastructure.exports.calendar import CalendarEncoder
from benchmarks.data import MEMBER_PREFIX, Data, row_id
from benchmarks.load import UnexpectedResponseError
from benchmarks.requests import RunOptions
from benchmarks.results import Result, Target, ratio

QUERY = b"""
    SELECT id, title, description, starts_at, ends_at, location, organizer, created_at, updated_at, version
    FROM events WHERE status <> 'DRAFT' AND audience = 'PUBLIC' ORDER BY id
"""
EVENT = (
    "BEGIN:VEVENT\r\nSUMMARY:{1}\r\nDTSTART:{3:%Y%m%dT%H%M%SZ}\r\nDTEND:{4:%Y%m%dT%H%M%SZ}\r\n"
    "DTSTAMP:{8:%Y%m%dT%H%M%SZ}\r\nUID:{0}\r\nSEQUENCE:{9}\r\nCLASS:PUBLIC\r\nCONTACT:{6}\r\n"
    "CREATED:{7:%Y%m%dT%H%M%SZ}\r\nDESCRIPTION:{2}\r\nLAST-MODIFIED:{8:%Y%m%dT%H%M%SZ}\r\nLOCATION:{5}\r\n"
    "STATUS:CONFIRMED\r\nEND:VEVENT\r\n"
)
ESCAPED = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})


def calendar(data: Data, options: RunOptions) -> Iterator[Result]:
    """Measure the events per second of the calendar."""
    expected = _baseline(data)[0]
    ours = []
    baseline = []
    for _ in range(options.rounds):
        count, seconds = asyncio.run(_application(data))
        if count != expected:
            raise UnexpectedResponseError(f"the calendar has {count} events instead of {expected}")
        ours.append(count / seconds)
        baseline.append(expected / _baseline(data)[1])
    yield ratio(
        f"iCalendar of {expected:,} events: events per second against a cursor and string formatting",
        ours,
        baseline,
        target=Target(relation=">=", value=0.60),
        baseline_unit="events/s",
    )


async def _application(data: Data) -> tuple[int, float]:
    settings = Settings(database_url=SecretStr(data.url))
    start = time.perf_counter()
    async with open_database(settings) as database:
        table = SqlAlchemyExportSource(database.snapshot).events(
            where=EventFilter(),
            visible=EventVisibility.of(None),
            requested_by=MemberId(row_id(MEMBER_PREFIX, 1)),
        )
        content = b"".join([piece async for piece in CalendarEncoder().encode(table)])
    return content.count(b"BEGIN:VEVENT"), time.perf_counter() - start


def _baseline(data: Data) -> tuple[int, float]:
    start = time.perf_counter()
    pieces = ["BEGIN:VCALENDAR\r\n"]
    with psycopg.connect(data.url) as connection, connection.cursor("events") as cursor:
        cursor.execute(QUERY)
        pieces += [EVENT.format(*map(_value, row)) for row in cursor]
    content = "".join([*pieces, "END:VCALENDAR\r\n"]).encode()
    return content.count(b"BEGIN:VEVENT"), time.perf_counter() - start


def _value(value: object) -> object:
    match value:
        case datetime():
            return value.astimezone(UTC)
        case str():
            return value.translate(ESCAPED)
    return value
