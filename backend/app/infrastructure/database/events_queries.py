"""Reads of events."""

from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, and_, bindparam, select

from app.application.events_queries import EventFilter, EventView, EventVisibility
from app.application.paging import Page, PageRequest
from app.core.database import Reads
from app.domain.events import EventId, EventNotFoundError, EventStatus
from app.infrastructure.database.events import events
from app.infrastructure.database.keyset import Listing, by_instant, by_text
from app.infrastructure.database.read_models import Statement, columns_of, fetch, fetch_one, given

SORT_KEYS = {"starts_at": by_instant(events.c.starts_at), "title": by_text(events.c.title)}

EVENT = columns_of(events, EventView)


def visible_events(visible: EventVisibility) -> ColumnElement[bool]:
    """The condition of every read of events."""
    conditions: list[ColumnElement[bool]] = [events.c.audience.in_(visible.audiences)]
    if not visible.drafts:
        conditions.append(events.c.status != EventStatus.DRAFT)
    return and_(*conditions)


EVENT_CONDITIONS = {
    "status": events.c.status == bindparam("status"),
    "audience": events.c.audience == bindparam("audience"),
    "since": events.c.ends_at > bindparam("since"),
    "until": events.c.starts_at < bindparam("until"),
}
"""Conditions for the fields of EventFilter."""


def _visible_events(visible: EventVisibility) -> Select[Any]:
    return select(*EVENT).where(visible_events(visible))


_LISTING = Listing(_visible_events, EventView, events.c.id, SORT_KEYS, EVENT_CONDITIONS)


@cache
def _latest(visible: EventVisibility) -> Statement:
    latest_first = (events.c.starts_at.desc(), events.c.id.desc())
    return Statement(
        _visible_events(visible).order_by(*latest_first).limit(bindparam("count", type_=Integer))
    )


@cache
def _event(visible: EventVisibility) -> Statement:
    return Statement(_visible_events(visible).where(events.c.id == bindparam("id")))


class SqlAlchemyEventQueries:
    """`public_reads` serve what everybody may see. Without them `reads` serve everything."""

    def __init__(self, reads: Reads, *, public_reads: Reads | None = None) -> None:
        self._reads = reads
        self._public_reads = public_reads or reads

    def _reads_for(self, visible: EventVisibility) -> Reads:
        return self._public_reads if visible.is_public else self._reads

    async def list_events(
        self, *, where: EventFilter, page: PageRequest, visible: EventVisibility
    ) -> Page[EventView]:
        return await _LISTING.fetch(self._reads_for(visible), page=page, visible=visible, where=given(where))

    async def list_latest(self, count: int, *, visible: EventVisibility) -> list[EventView]:
        return [
            EventView(*row) for row in await fetch(self._reads_for(visible), _latest(visible), count=count)
        ]

    async def get_event(self, id: EventId, *, visible: EventVisibility) -> EventView:
        row = await fetch_one(self._reads_for(visible), _event(visible), id=id)
        if row is None:
            raise EventNotFoundError
        return EventView(*row)
