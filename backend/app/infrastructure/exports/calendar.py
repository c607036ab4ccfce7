"""Calendars of events (iCalendar, RFC 5545), for subscriptions of calendar programs."""

import asyncio
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from icalendar import Calendar, Event, Timezone

from app.application.export_files import Row, RowStream
from app.domain.events import EventAudience, EventStatus

PRODUCT = "-//PAU 2//Events//EN"
NAME = "PAU 2"
REFRESH_AFTER = timedelta(hours=1)
MAX_CACHED_EVENTS = 2_000
"""Writing an event takes half a millisecond, and most are requested again unchanged."""

STATUS = {
    EventStatus.DRAFT: "TENTATIVE",
    EventStatus.PUBLISHED: "CONFIRMED",
    EventStatus.CANCELLED: "CANCELLED",
    EventStatus.COMPLETED: "CONFIRMED",
}
_END = b"END:VCALENDAR\r\n"


class CalendarEncoder:
    """One VEVENT for each row. There is no METHOD, since these events are not invitations.

    Times are in UTC, which needs no VTIMEZONE, and programs show them in the reader's zone. A calendar
    without events has a VTIMEZONE, since a component is required (§3.6). DTSTAMP is LAST-MODIFIED
    (§3.8.7.2), so the same events give the same bytes. A file without END:VCALENDAR is truncated.
    """

    media_type = "text/calendar; charset=utf-8"

    async def encode(self, table: RowStream) -> AsyncGenerator[bytes]:
        yield _begin()
        count = 0
        async for batch in table.batches:
            for row in batch:
                count += 1
                yield _event(table.columns, tuple(row))
                await asyncio.sleep(0)  # lets other requests run while a long calendar is written
        yield _END if count else Timezone.from_tzid("UTC").to_ical() + _END


def _begin() -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", REFRESH_AFTER, parameters={"VALUE": "DURATION"})
    return bytes(calendar.to_ical()).removesuffix(_END)


@lru_cache(MAX_CACHED_EVENTS)
def _event(columns: tuple[str, ...], row: Row) -> bytes:
    """Write one event. The organizer is its CONTACT: ORGANIZER is for meetings with attendees (§3.8.4.3)."""
    given: dict[str, Any] = dict(zip(columns, map(_in_utc, row), strict=True))
    event = Event()
    event.add("uid", str(given["id"]))
    event.add("dtstamp", given["updated_at"])
    event.add("created", given["created_at"])
    event.add("last-modified", given["updated_at"])
    event.add("sequence", given["version"])
    event.add("status", STATUS[given["status"]])
    event.add("class", "PUBLIC" if given["audience"] == EventAudience.PUBLIC else "PRIVATE")
    event.add("dtstart", given["starts_at"])
    event.add("dtend", given["ends_at"])
    event.add("summary", given["title"])
    event.add("location", given["location"])
    event.add("contact", given["organizer"])
    if given["description"] is not None:
        event.add("description", given["description"])
    return bytes(event.to_ical())


def _in_utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
