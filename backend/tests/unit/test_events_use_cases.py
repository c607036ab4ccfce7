from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import timedelta

import pytest

from app.application.access import Actor
from app.application.events import (
    cancel_event,
    complete_event,
    create_event,
    edit_event,
    publish_event,
    read_calendar,
    remove_event,
)
from app.application.events_queries import EventView, EventVisibility
from app.application.export_files import RowStream
from app.domain.errors import ForbiddenError, VersionMismatchError
from app.domain.events import (
    Event,
    EventAudience,
    EventChanges,
    EventDraft,
    EventId,
    EventNotFoundError,
    EventNotStartedError,
    EventStatus,
)
from app.domain.members.member import Role
from tests.factories import NOW, make_actor, make_event
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork

BOARD_MEMBER = make_actor(Role.BOARD_MEMBER)
NEW_DRAFT = EventDraft(
    title="Summer cinema",
    description="Bring a chair.",
    starts_at=NOW,
    ends_at=NOW + timedelta(hours=2),
    location="Plaza Mayor",
    organizer="Culture group",
    audience=EventAudience.MEMBERS,
)


@pytest.fixture
def event(store: InMemoryStore) -> Event:
    event = make_event()
    store.events[event.id] = event
    return event


async def test_stores_a_draft_by_the_actor_when_created(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    created = await create_event(NEW_DRAFT, actor=BOARD_MEMBER, uow=uow, clock=clock)

    stored = store.events[created.id]
    assert stored.status is EventStatus.DRAFT
    assert stored.created_by == BOARD_MEMBER.member_id
    assert stored.created_at == clock.now()
    assert {name: getattr(stored, name) for name in vars(NEW_DRAFT)} == vars(NEW_DRAFT)


async def test_stores_the_next_version_when_edited(
    store: InMemoryStore, uow: InMemoryUnitOfWork, event: Event, clock: FixedClock
) -> None:
    clock.move(timedelta(hours=1))

    edited = await edit_event(
        event.id,
        EventChanges(title="New"),
        versions=frozenset({1}),
        actor=BOARD_MEMBER,
        uow=uow,
        clock=clock,
    )

    assert edited.version == 2
    assert store.events[event.id].title == "New"
    assert store.events[event.id].updated_at == clock.now()


async def test_stores_nothing_when_the_version_is_stale(
    store: InMemoryStore, uow: InMemoryUnitOfWork, event: Event, clock: FixedClock
) -> None:
    seen = frozenset({7})

    with pytest.raises(VersionMismatchError):
        await edit_event(
            event.id, EventChanges(title="New"), versions=seen, actor=BOARD_MEMBER, uow=uow, clock=clock
        )
    with pytest.raises(VersionMismatchError):
        await remove_event(event.id, versions=seen, actor=BOARD_MEMBER, uow=uow, clock=clock)

    assert store.events[event.id].title == event.title
    assert store.audit == []


async def test_stores_the_status_when_published_and_completed(
    store: InMemoryStore, uow: InMemoryUnitOfWork, event: Event, clock: FixedClock
) -> None:
    published = await publish_event(event.id, actor=BOARD_MEMBER, uow=uow, clock=clock)
    assert published.status is store.events[event.id].status is EventStatus.PUBLISHED

    with pytest.raises(EventNotStartedError):
        await complete_event(event.id, actor=BOARD_MEMBER, uow=uow, clock=clock)
    assert store.events[event.id].status is EventStatus.PUBLISHED

    clock.move(timedelta(days=1))
    completed = await complete_event(event.id, actor=BOARD_MEMBER, uow=uow, clock=clock)
    assert completed.status is store.events[event.id].status is EventStatus.COMPLETED


async def test_stores_the_status_when_cancelled(
    store: InMemoryStore, uow: InMemoryUnitOfWork, event: Event, clock: FixedClock
) -> None:
    await publish_event(event.id, actor=BOARD_MEMBER, uow=uow, clock=clock)
    cancelled = await cancel_event(event.id, actor=BOARD_MEMBER, uow=uow, clock=clock)

    assert cancelled.status is store.events[event.id].status is EventStatus.CANCELLED


async def test_leaves_only_an_audit_entry_when_removed(
    store: InMemoryStore, uow: InMemoryUnitOfWork, event: Event, clock: FixedClock
) -> None:
    await remove_event(event.id, versions=None, actor=BOARD_MEMBER, uow=uow, clock=clock)

    assert store.events == {}
    [entry] = store.audit
    assert (entry.action, entry.actor_id, entry.subject_id, entry.at) == (
        "events:remove",
        BOARD_MEMBER.member_id,
        event.id,
        clock.now(),
    )
    with pytest.raises(EventNotFoundError):
        await remove_event(event.id, versions=None, actor=BOARD_MEMBER, uow=uow, clock=clock)


@pytest.mark.parametrize(
    "attempt",
    [
        lambda _, ports: create_event(NEW_DRAFT, **ports),
        lambda key, ports: edit_event(key, EventChanges(title="New"), versions=None, **ports),
        lambda key, ports: publish_event(key, **ports),
        lambda key, ports: cancel_event(key, **ports),
        lambda key, ports: complete_event(key, **ports),
        lambda key, ports: remove_event(key, versions=None, **ports),
    ],
)
async def test_opens_no_transaction_when_the_role_does_not_suffice(
    attempt: Callable[[EventId, dict[str, object]], Awaitable[object]],
    store: InMemoryStore,
    uow: InMemoryUnitOfWork,
    event: Event,
    clock: FixedClock,
) -> None:
    ports = {"actor": make_actor(Role.MEMBER), "uow": uow, "clock": clock}

    with pytest.raises(ForbiddenError):
        await attempt(event.id, ports)

    assert list(store.events.values()) == [event]
    assert not hasattr(uow, "events")


def view(event: Event) -> EventView:
    return EventView(**{name: getattr(event, name) for name in EventView.__slots__})


class RecordingLatestEvents:
    """Returns the same events to everybody, and records the arguments."""

    def __init__(self, events: list[EventView]) -> None:
        self.events = events
        self.asked: list[tuple[int, EventVisibility]] = []

    async def list_latest(self, count: int, *, visible: EventVisibility) -> list[EventView]:
        self.asked.append((count, visible))
        return self.events


class NamingEncoder:
    """Encodes the columns, then the titles."""

    media_type = "text/plain"

    async def encode(self, table: RowStream) -> AsyncGenerator[bytes]:
        yield ",".join(table.columns).encode()
        async for batch in table.batches:
            for row in batch:
                yield str(row[table.columns.index("title")]).encode()


@pytest.mark.parametrize("actor", [None, *map(make_actor, Role)])
async def test_holds_what_the_reader_sees_when_the_calendar_is_read(actor: Actor | None) -> None:
    queries = RecordingLatestEvents([view(make_event(title="A")), view(make_event(title="B"))])

    calendar = await read_calendar(actor=actor, queries=queries, encoder=NamingEncoder())

    assert [chunk async for chunk in calendar.content] == [",".join(EventView.__slots__).encode(), b"A", b"B"]
    assert calendar.media_type == "text/plain"
    assert queries.asked == [(1_000, EventVisibility.of(actor))]


async def test_has_another_version_when_an_event_changes_comes_or_goes() -> None:
    first = make_event()
    second = make_event()
    changed = view(first)
    first.version = 2
    sets: list[list[EventView]] = [[], [changed], [view(first)], [changed, view(second)]]

    versions = [
        (
            await read_calendar(actor=None, queries=RecordingLatestEvents(each), encoder=NamingEncoder())
        ).version
        for each in [*sets, *sets]
    ]

    assert versions[:4] == versions[4:]
    assert len(set(versions)) == 4
