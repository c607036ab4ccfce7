"""The event reads: Core rows on AUTOCOMMIT connections, no identity map."""

from sqlalchemy import ColumnElement, and_, select

from app.application.queries import EventFilter, EventView, EventVisibility, Page, PageRequest
from app.core.database import Connections
from app.domain.events import EventId, EventNotFoundError, EventStatus
from app.infrastructure.database.events import events
from app.infrastructure.database.keyset import by_instant, by_text, fetch_page
from app.infrastructure.database.read_models import columns_of

SORT_KEYS = {"starts_at": by_instant(events.c.starts_at), "title": by_text(events.c.title)}

EVENT = columns_of(events, EventView)


def visible_events(visible: EventVisibility) -> ColumnElement[bool]:
    """The condition that every read of events carries."""
    conditions: list[ColumnElement[bool]] = [events.c.audience.in_(visible.audiences)]
    if not visible.drafts:
        conditions.append(events.c.status != EventStatus.DRAFT)
    return and_(*conditions)


def matching_events(where: EventFilter) -> list[ColumnElement[bool]]:
    wanted = {events.c.status: where.status, events.c.audience: where.audience}
    conditions = [column == value for column, value in wanted.items() if value is not None]
    if where.since is not None:
        conditions.append(events.c.ends_at > where.since)
    if where.until is not None:
        conditions.append(events.c.starts_at < where.until)
    return conditions


class SqlAlchemyEventQueries:
    def __init__(self, reads: Connections) -> None:
        self._reads = reads

    async def list_events(
        self, *, where: EventFilter, page: PageRequest, visible: EventVisibility
    ) -> Page[EventView]:
        query = select(*EVENT).where(visible_events(visible), *matching_events(where))
        async with self._reads() as connection:
            return await fetch_page(connection, query, EventView, id=events.c.id, keys=SORT_KEYS, page=page)

    async def list_latest(self, count: int, *, visible: EventVisibility) -> list[EventView]:
        latest_first = (events.c.starts_at.desc(), events.c.id.desc())
        query = select(*EVENT).where(visible_events(visible)).order_by(*latest_first).limit(count)
        async with self._reads() as connection:
            return [EventView(*row) for row in await connection.execute(query)]

    async def get_event(self, id: EventId, *, visible: EventVisibility) -> EventView:
        query = select(*EVENT).where(events.c.id == id, visible_events(visible))
        async with self._reads() as connection:
            row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise EventNotFoundError
        return EventView(*row)
