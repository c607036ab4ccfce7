"""Calendars of events (iCalendar, RFC 5545), for subscriptions of calendar programs."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from icalendar import Calendar, Timezone
from icalendar.parser import Contentline

from app.application.export_files import RowStream
from app.domain.events import EventAudience, EventStatus

PRODUCT = "-//PAU 2//Events//EN"
NAME = "PAU 2"
REFRESH_AFTER = timedelta(hours=1)
EVENTS_PER_CHUNK = 100
_CONTENT_LINE: Callable[[str], Any] = Contentline  # the library does not declare its types
MAX_LINE_OCTETS = 74
"""The length from which icalendar folds a line; 75 is the limit (§3.1)."""

STATUS = {
    EventStatus.DRAFT: "TENTATIVE",
    EventStatus.PUBLISHED: "CONFIRMED",
    EventStatus.CANCELLED: "CANCELLED",
    EventStatus.COMPLETED: "CONFIRMED",
}
_ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n"})
"""The escapes of TEXT (§3.3.11)."""
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
        is_empty = True
        async for batch in table.batches:
            for start in range(0, len(batch), EVENTS_PER_CHUNK):
                rows = batch[start : start + EVENTS_PER_CHUNK]
                yield b"".join(_event(dict(zip(table.columns, row, strict=True))) for row in rows)
                is_empty = False
                await asyncio.sleep(0)  # lets other requests run while a long calendar is written
        yield Timezone.from_tzid("UTC").to_ical() + _END if is_empty else _END


def _begin() -> bytes:
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("name", NAME)
    calendar.add("x-wr-calname", NAME)
    calendar.add("refresh-interval", REFRESH_AFTER, parameters={"VALUE": "DURATION"})
    return bytes(calendar.to_ical()).removesuffix(_END)


def _event(event: Mapping[str, Any]) -> bytes:
    return b"".join(map(_folded, _lines(event)))


def _lines(event: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines that icalendar would write, which takes it half a millisecond.

    The organizer is the event's CONTACT: ORGANIZER is for meetings with attendees (§3.8.4.3).
    """
    yield "BEGIN:VEVENT"
    yield f"SUMMARY:{_text(event['title'])}"
    yield f"DTSTART:{_time(event['starts_at'])}"
    yield f"DTEND:{_time(event['ends_at'])}"
    yield f"DTSTAMP:{_time(event['updated_at'])}"
    yield f"UID:{event['id']}"
    yield f"SEQUENCE:{event['version']}"
    yield f"CLASS:{'PUBLIC' if event['audience'] == EventAudience.PUBLIC else 'PRIVATE'}"
    yield f"CONTACT:{_text(event['organizer'])}"
    yield f"CREATED:{_time(event['created_at'])}"
    if event["description"] is not None:
        yield f"DESCRIPTION:{_text(event['description'])}"
    yield f"LAST-MODIFIED:{_time(event['updated_at'])}"
    yield f"LOCATION:{_text(event['location'])}"
    yield f"STATUS:{STATUS[event['status']]}"
    yield "END:VEVENT"


def _text(value: str) -> str:
    return value.translate(_ESCAPES)


def _time(value: datetime) -> str:
    return f"{value.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def _folded(line: str) -> bytes:
    octets = line.encode()
    if len(octets) > MAX_LINE_OCTETS:
        octets = _CONTENT_LINE(line).to_ical()
    return octets + b"\r\n"
