"""Reads of events: the read model, filter, order and visibility, and the port that reads them."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from app.application.access import Action, Actor, role_is_allowed
from app.application.paging import Page, PageRequest
from app.domain.events import EventAudience, EventId, EventStatus
from app.domain.members.member import Role


@dataclass(frozen=True, slots=True)
class EventView:
    """An event in lists, alone, in exports and in calendars."""

    id: UUID
    title: str
    description: str | None
    starts_at: datetime
    ends_at: datetime
    location: str
    organizer: str
    audience: EventAudience
    status: EventStatus
    created_by: UUID
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class EventFilter:
    """`status` and `audience` must match exactly; the event must overlap the time between the others."""

    status: EventStatus | None = None
    audience: EventAudience | None = None
    since: datetime | None = None
    until: datetime | None = None


class EventSort(StrEnum):
    SOONEST = "starts_at"
    LATEST = "-starts_at"
    TITLE = "title"
    TITLE_DESCENDING = "-title"


EVENT_READERS = {
    EventAudience.PUBLIC: Action.READ_PUBLIC_EVENTS,
    EventAudience.MEMBERS: Action.READ_MEMBERS_EVENTS,
    EventAudience.BOARD: Action.READ_BOARD_EVENTS,
}


@dataclass(frozen=True, slots=True)
class EventVisibility:
    """The events that an actor can see, the same in lists, single reads, exports and calendars."""

    audiences: frozenset[EventAudience]
    drafts: bool

    @property
    def is_public(self) -> bool:
        """True when anonymous callers see the same events."""
        return self == self.of(None)

    @classmethod
    def of(cls, actor: Actor | None) -> "EventVisibility":
        return cls.of_role(None if actor is None else actor.role)

    @classmethod
    def of_role(cls, role: Role | None) -> "EventVisibility":
        """Return the visibility of a role, without a log-in."""
        audiences = (each for each, action in EVENT_READERS.items() if role_is_allowed(role, action))
        return cls(
            audiences=frozenset(audiences),
            drafts=role_is_allowed(role, Action.READ_BOARD_EVENTS),
        )


class LatestEvents(Protocol):
    async def list_latest(self, count: int, *, visible: EventVisibility) -> list[EventView]:
        """Return the `count` events that start last, the very last one first."""
        ...


class EventQueries(LatestEvents, Protocol):
    async def list_events(
        self, *, where: EventFilter, page: PageRequest, visible: EventVisibility
    ) -> Page[EventView]: ...

    async def get_event(self, id: EventId, *, visible: EventVisibility) -> EventView:
        """Raises EventNotFoundError, also for an event that is not visible."""
        ...
