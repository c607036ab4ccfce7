from collections.abc import AsyncGenerator, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import icalendar
import pytest
import vobject
from hypothesis import given
from hypothesis import strategies as st

from app.application.events_queries import EventView
from app.application.export_files import Row, RowStream
from app.domain.events import Event, EventAudience, EventStatus
from app.infrastructure.exports.calendar import CalendarEncoder
from tests.factories import NOW, make_event

COLUMNS = tuple(field.name for field in fields(EventView))


async def written(events: Sequence[Event]) -> str:
    async def each() -> AsyncGenerator[Sequence[Row]]:
        for event in events:
            yield [tuple(getattr(event, name) for name in COLUMNS)]

    return b"".join([piece async for piece in CalendarEncoder().encode(RowStream(COLUMNS, each()))]).decode()


def read(text: str) -> vobject.base.Component:
    """Parse the calendar with another library than the one that writes it."""
    calendar: vobject.base.Component = vobject.readOne(text)
    return calendar


async def test_says_everything_when_an_event_is_written() -> None:
    event = make_event(
        title="Cinema; for all, really\\",
        description="Line one\nLine two: ñ, ü & 😀",
        location="Plaza Mayor, 1",
        organizer="Culture; group",
    )
    event.publish(NOW + timedelta(hours=1))
    event.version = 2

    found = read(await written([event])).vevent

    assert {name: found.contents[name][0].value for name in found.contents} == {
        "uid": str(event.id),
        "dtstamp": NOW + timedelta(hours=1),
        "created": NOW,
        "last-modified": NOW + timedelta(hours=1),
        "sequence": "2",
        "status": "CONFIRMED",
        "class": "PUBLIC",
        "dtstart": event.starts_at,
        "dtend": event.ends_at,
        "summary": "Cinema; for all, really\\",
        "description": "Line one\nLine two: ñ, ü & 😀",
        "location": "Plaza Mayor, 1",
        "contact": "Culture; group",
    }


@given(text=st.text("a ñ😀\\;,\n", max_size=200), has_description=st.booleans())
async def test_is_what_icalendar_would_write(text: str, has_description: bool) -> None:
    """Escapes, folds and the order of lines are the library's."""
    event = make_event()
    event.title = event.location = text
    event.description = text if has_description else None
    expected = icalendar.Event()
    expected.add("uid", str(event.id))
    expected.add("dtstamp", event.updated_at)
    expected.add("created", event.created_at)
    expected.add("last-modified", event.updated_at)
    expected.add("sequence", event.version)
    expected.add("status", "TENTATIVE")
    expected.add("class", "PUBLIC" if event.audience is EventAudience.PUBLIC else "PRIVATE")
    expected.add("dtstart", event.starts_at)
    expected.add("dtend", event.ends_at)
    expected.add("summary", text)
    expected.add("location", text)
    expected.add("contact", event.organizer)
    if has_description:
        expected.add("description", text)

    assert expected.to_ical().decode() in await written([event])


@pytest.mark.parametrize(
    ("status", "written_as"),
    [
        (EventStatus.DRAFT, "TENTATIVE"),
        (EventStatus.PUBLISHED, "CONFIRMED"),
        (EventStatus.CANCELLED, "CANCELLED"),
        (EventStatus.COMPLETED, "CONFIRMED"),
    ],
)
async def test_has_its_status_when_written(status: EventStatus, written_as: str) -> None:
    event = make_event()
    event.status = status

    assert read(await written([event])).vevent.status.value == written_as


@pytest.mark.parametrize("audience", EventAudience)
async def test_is_private_when_not_for_everybody(audience: EventAudience) -> None:
    found = read(await written([make_event(audience=audience)])).vevent

    assert found.contents["class"][0].value == ("PUBLIC" if audience is EventAudience.PUBLIC else "PRIVATE")


async def test_is_in_utc_when_written() -> None:
    text = await written([make_event(starts_at=datetime(2026, 7, 1, 20, 15, tzinfo=UTC))])

    assert "DTSTART:20260701T201500Z\r\n" in text
    assert "TZID" not in text


async def test_is_in_utc_when_the_events_are_in_another_zone() -> None:
    """RFC 5545 §3.2.19: a TZID requires a VTIMEZONE, and UTC avoids both."""
    starts_at = datetime(2026, 7, 1, 20, 15, tzinfo=ZoneInfo("Europe/Madrid"))

    text = await written([make_event(starts_at=starts_at)])

    assert "DTSTART:20260701T181500Z\r\n" in text
    assert "TZID" not in text


async def test_follows_rfc_5545_when_written() -> None:
    """§3.1 (lines of 75 octets, CRLF), §3.6 (required properties), RFC 7986 §5.7 (refresh)."""
    events = [make_event(title="ñ😀" * 80, description="x\n" * 500), make_event()]

    text = await written(events)

    lines = text.split("\r\n")
    assert lines.pop() == ""
    assert all(len(line.encode()) <= 75 and "\n" not in line for line in lines)
    assert lines[0] == "BEGIN:VCALENDAR"
    assert lines[-1] == "END:VCALENDAR"
    assert {"VERSION:2.0", "PRODID:-//PAU 2//Events//EN"} <= set(lines)
    assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H" in lines
    assert not [line for line in lines if line.startswith(("METHOD", "ORGANIZER"))]
    assert [each.uid.value for each in read(text).vevent_list] == [str(event.id) for event in events]


async def test_is_the_same_text_when_nothing_changed() -> None:
    event = make_event()

    assert await written([event]) == await written([event])
    before = await written([event])
    event.title = "New"
    event.version = 2
    assert await written([event]) != before


async def test_has_no_events_but_a_component_when_there_are_none() -> None:
    found = read(await written([]))

    assert "vevent" not in found.contents
    assert [component.name for component in found.components()] == ["VTIMEZONE"]


async def test_has_no_end_when_cut_short() -> None:
    async def failing() -> AsyncGenerator[Sequence[Row]]:
        event = make_event()
        yield [tuple(getattr(event, name) for name in COLUMNS)]
        raise ConnectionError

    pieces = CalendarEncoder().encode(RowStream(COLUMNS, failing()))
    sent = await anext(pieces) + await anext(pieces)
    with pytest.raises(ConnectionError):
        await anext(pieces)

    assert sent.endswith(b"END:VEVENT\r\n")
    assert b"END:VCALENDAR" not in sent
