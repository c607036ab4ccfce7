"""Use cases of events, and the calendar that people subscribe to."""

from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, fields
from hashlib import sha256
from operator import attrgetter

from app.application.access import Action, Actor, authorize
from app.application.audit import record
from app.application.events_queries import EventFilter, EventQueries, EventView, EventVisibility, LatestEvents
from app.application.export_files import Encoder, Row, RowStream
from app.application.optimistic_locking import require_version
from app.application.paging import Page, PageRequest
from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.events import Event, EventChanges, EventDraft, EventId

CALENDAR_SIZE = 1_000
"""The maximum number of events in the calendar, those that start last: years of events of an association."""


@dataclass(frozen=True)
class Calendar:
    """`version` identifies the events and their versions."""

    version: str
    media_type: str
    content: AsyncGenerator[bytes]


async def list_events(
    where: EventFilter, page: PageRequest, *, actor: Actor | None, queries: EventQueries
) -> Page[EventView]:
    authorize(actor, Action.READ_PUBLIC_EVENTS)
    return await queries.list_events(where=where, page=page, visible=EventVisibility.of(actor))


async def read_event(id: EventId, *, actor: Actor | None, queries: EventQueries) -> EventView:
    """Raises EventNotFoundError, also for an event that the actor cannot see."""
    authorize(actor, Action.READ_PUBLIC_EVENTS)
    return await queries.get_event(id, visible=EventVisibility.of(actor))


async def create_event(draft: EventDraft, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Event:
    """Start a draft in the actor's name."""
    authorize(actor, Action.WRITE_EVENTS)
    async with uow:
        event = Event.create(draft, created_by=actor.member_id, at=clock.now())
        uow.events.add(event)
        await uow.commit()
    return event


async def edit_event(
    id: EventId,
    changes: EventChanges,
    *,
    versions: frozenset[int] | None,
    actor: Actor,
    uow: UnitOfWork,
    clock: Clock,
) -> Event:
    """Change a draft or a published event. `versions`: see `require_version`."""
    authorize(actor, Action.WRITE_EVENTS)
    async with uow:
        event = await uow.events.get(id)
        require_version(event, versions)
        event.edit(changes, at=clock.now())
        await uow.commit()
    return event


async def publish_event(id: EventId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Event:
    """Announce a draft to its audience."""
    authorize(actor, Action.WRITE_EVENTS)
    async with uow:
        event = await uow.events.get(id)
        event.publish(at=clock.now())
        await uow.commit()
    return event


async def cancel_event(id: EventId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Event:
    """Cancel a published event. Its audience still sees it."""
    authorize(actor, Action.WRITE_EVENTS)
    async with uow:
        event = await uow.events.get(id)
        event.cancel(at=clock.now())
        await uow.commit()
    return event


async def complete_event(id: EventId, *, actor: Actor, uow: UnitOfWork, clock: Clock) -> Event:
    """Record that a published event took place."""
    authorize(actor, Action.WRITE_EVENTS)
    async with uow:
        event = await uow.events.get(id)
        event.complete(at=clock.now())
        await uow.commit()
    return event


async def remove_event(
    id: EventId, *, versions: frozenset[int] | None, actor: Actor, uow: UnitOfWork, clock: Clock
) -> None:
    """Delete an event permanently, in any status. Only the audit log keeps a trace."""
    authorize(actor, Action.WRITE_EVENTS)
    async with uow:
        event = await uow.events.get(id)
        require_version(event, versions)
        await uow.events.remove(event)
        record(uow, AuditAction.REMOVE_EVENT, actor=actor, subject_id=event.id, at=clock.now())
        await uow.commit()


async def read_calendar(*, actor: Actor | None, queries: LatestEvents, encoder: Encoder) -> Calendar:
    """Return a calendar of the events that the actor sees."""
    authorize(actor, Action.READ_PUBLIC_EVENTS)
    return await make_calendar(visible=EventVisibility.of(actor), queries=queries, encoder=encoder)


async def make_calendar(*, visible: EventVisibility, queries: LatestEvents, encoder: Encoder) -> Calendar:
    """Return a calendar of the events. No database connection is held while it is sent."""
    events = await queries.list_latest(CALENDAR_SIZE, visible=visible)
    known = "".join(f"{event.id} {event.version} " for event in events)
    columns = tuple(field.name for field in fields(EventView))
    table = RowStream(columns, _one_batch([*map(attrgetter(*columns), events)]))
    return Calendar(sha256(known.encode()).hexdigest(), encoder.media_type, encoder.encode(table))


async def _one_batch(rows: Sequence[Row]) -> AsyncGenerator[Sequence[Row]]:
    yield rows
