"""Demo data: past and future events."""

from datetime import timedelta
from typing import NamedTuple

from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.events import Event, EventAudience, EventDraft, EventStatus
from app.domain.members.member import Member, MemberId

PUBLIC, MEMBERS, BOARD = EventAudience
DRAFT, PUBLISHED, CANCELLED, COMPLETED = EventStatus


class DemoEvent(NamedTuple):
    """An event: days from now (negative for past ones), hour of the start (UTC), duration in hours."""

    in_days: int
    hour: int
    hours: int
    title: str
    location: str
    organizer: str
    audience: EventAudience
    status: EventStatus


EVENTS = (
    DemoEvent(-300, 18, 2, "Annual assembly", "Civic centre, hall 2", "Board", MEMBERS, COMPLETED),
    DemoEvent(-205, 10, 4, "Spring cleaning", "Riverside park", "Green group", PUBLIC, COMPLETED),
    DemoEvent(-150, 21, 3, "Summer cinema", "Plaza Mayor", "Culture group", PUBLIC, COMPLETED),
    DemoEvent(-143, 21, 3, "Summer cinema", "Plaza Mayor", "Culture group", PUBLIC, CANCELLED),
    DemoEvent(
        -40, 17, 2, "Questions to the councillor", "Library, ground floor", "Board", MEMBERS, COMPLETED
    ),
    DemoEvent(3, 18, 2, "Board meeting", "Association office", "Board", BOARD, PUBLISHED),
    DemoEvent(5, 17, 3, "Help with the lanterns", "Association office", "Culture group", MEMBERS, PUBLISHED),
    DemoEvent(9, 11, 2, "Walk along the old canal", "Mill bridge", "History group", PUBLIC, PUBLISHED),
    DemoEvent(14, 19, 2, "Choir rehearsal, open doors", "School, music room", "Choir", PUBLIC, CANCELLED),
    DemoEvent(20, 10, 10, "Christmas market", "Plaza Mayor", "Culture group", PUBLIC, PUBLISHED),
    DemoEvent(
        43, 17, 3, "Three Kings' chocolate", "Civic centre, hall 1", "Families' group", MEMBERS, PUBLISHED
    ),
    DemoEvent(70, 18, 2, "Annual assembly", "Civic centre, hall 2", "Board", MEMBERS, DRAFT),
)


def add_events(board_member: Member, *, uow: UnitOfWork, clock: Clock) -> None:
    """Add the events, created by a member of the board."""
    for event in EVENTS:
        uow.events.add(_event(event, created_by=board_member.id, clock=clock))


def _event(demo_event: DemoEvent, *, created_by: MemberId, clock: Clock) -> Event:
    now = clock.now()
    starts_at = (now + timedelta(days=demo_event.in_days)).replace(hour=demo_event.hour, minute=0, second=0)
    planned_at = min(now, starts_at) - timedelta(days=20)
    draft = EventDraft(
        title=demo_event.title,
        description="Come as you are, and bring a neighbour.",
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=demo_event.hours),
        location=demo_event.location,
        organizer=demo_event.organizer,
        audience=demo_event.audience,
    )
    event = Event.create(draft, created_by=created_by, at=planned_at)
    if demo_event.status is not DRAFT:
        event.publish(planned_at + timedelta(hours=2))
    if demo_event.status is CANCELLED:
        event.cancel(planned_at + timedelta(days=18))
    if demo_event.status is COMPLETED:
        event.complete(event.ends_at)
    return event
