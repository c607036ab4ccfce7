"""Reads that change nothing. They return frozen read models straight from rows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from app.application.access import Action, Actor, may, role_may
from app.domain.calendar_addresses import CalendarToken
from app.domain.events import EventAudience, EventId, EventStatus
from app.domain.members import EmailAddress, Language, MemberId, PhoneNumber, Role
from app.domain.news import ArticleScope, ArticleStatus

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a page ended: the sort key's value (instants in ISO 8601) and the id."""

    key: str
    id: UUID


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`limit` items after the position, in the order of `sort` (`-` before it: descending)."""

    limit: int
    sort: str
    after: Position | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """`end` is where the next page starts; None on the last page."""

    items: list[Item]
    end: Position | None


@dataclass(frozen=True, slots=True)
class ArticleSummary:
    """An article in a list: without its content, which can be long."""

    id: UUID
    title: str
    summary: str | None
    cover_url: str | None
    status: ArticleStatus
    scope: ArticleScope
    author_id: UUID
    published_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class ArticleView(ArticleSummary):
    content: str


@dataclass(frozen=True, slots=True)
class NewsFilter:
    """Each given field must match exactly; `words` are those that title, summary or content must have."""

    status: ArticleStatus | None = None
    scope: ArticleScope | None = None
    author_id: UUID | None = None
    words: str | None = None


class NewsSort(StrEnum):
    """Drafts have no publication date yet and take the date of their creation for sorting."""

    NEWEST = "-published_at"
    OLDEST = "published_at"
    TITLE = "title"
    TITLE_DESCENDING = "-title"


@dataclass(frozen=True, slots=True)
class NewsVisibility:
    """Which articles somebody can see. Lists, single reads and exports use the same rule."""

    internal: bool
    unpublished: bool

    @classmethod
    def of(cls, actor: Actor | None) -> "NewsVisibility":
        return cls(
            internal=may(actor, Action.READ_INTERNAL_NEWS),
            unpublished=may(actor, Action.READ_UNPUBLISHED_NEWS),
        )


@dataclass(frozen=True, slots=True)
class MemberFilter:
    """Each given field must match exactly; `words` are those that name, address or phone must have."""

    role: Role | None = None
    is_active: bool | None = None
    words: str | None = field(default=None, repr=False)


class MemberSort(StrEnum):
    NEWEST = "-created_at"
    OLDEST = "created_at"
    NAME = "full_name"
    NAME_DESCENDING = "-full_name"


@dataclass(frozen=True, slots=True)
class MemberView:
    """What a member and the board see. The personal values stay out of `repr`."""

    id: UUID
    email: EmailAddress
    full_name: str = field(repr=False)
    phone: PhoneNumber | None
    role: Role
    is_active: bool
    language: Language
    email_verified_at: datetime | None
    created_at: datetime
    updated_at: datetime
    version: int


class MemberQueries(Protocol):
    async def list_members(self, *, where: MemberFilter, page: PageRequest) -> Page[MemberView]: ...

    async def get_member(self, id: MemberId) -> MemberView:
        """Raises MemberNotFoundError."""
        ...


@dataclass(frozen=True, slots=True)
class SessionView:
    """`current`: the session that asks."""

    id: UUID
    client_name: str | None
    authenticated_at: datetime
    rotated_at: datetime
    expires_at: datetime
    current: bool


class SessionSort(StrEnum):
    NEWEST = "-authenticated_at"
    OLDEST = "authenticated_at"


class SessionQueries(Protocol):
    async def list_sessions(self, *, actor: Actor, page: PageRequest) -> Page[SessionView]:
        """The actor's sessions that can still be refreshed."""
        ...


PersonalRows = Mapping[str, list[dict[str, object]]]
"""Table → rows, by column, of what JSON can hold. Instants are in ISO 8601."""


class PersonalDataQueries(Protocol):
    async def read(self, member_id: MemberId) -> PersonalRows:
        """Return all that is stored about the member, as of one instant."""
        ...


class NewsQueries(Protocol):
    async def list_articles(
        self, *, where: NewsFilter, page: PageRequest, visible: NewsVisibility
    ) -> Page[ArticleSummary]: ...

    async def get_article(self, id: UUID, *, visible: NewsVisibility) -> ArticleView:
        """Raises ArticleNotFoundError, also for an article that is not visible."""
        ...


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


@dataclass(frozen=True, slots=True)
class EventVisibility:
    """Which events somebody can see. Lists, single reads, exports and calendars use the same rule."""

    audiences: frozenset[EventAudience]
    drafts: bool

    @classmethod
    def of(cls, actor: Actor | None) -> "EventVisibility":
        return cls.of_role(None if actor is None else actor.role)

    @classmethod
    def of_role(cls, role: Role | None) -> "EventVisibility":
        """The same for somebody whose role is known otherwise than by logging in."""
        return cls(
            audiences=frozenset(each for each, action in EVENT_READERS.items() if role_may(role, action)),
            drafts=role_may(role, Action.READ_BOARD_EVENTS),
        )


EVENT_READERS = {
    EventAudience.PUBLIC: Action.READ_PUBLIC_EVENTS,
    EventAudience.MEMBERS: Action.READ_MEMBERS_EVENTS,
    EventAudience.BOARD: Action.READ_BOARD_EVENTS,
}


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


@dataclass(frozen=True, slots=True)
class CalendarAddressView:
    created_at: datetime


class CalendarAddressQueries(Protocol):
    async def get_address(self, member_id: MemberId) -> CalendarAddressView:
        """Raises CalendarAddressNotFoundError."""
        ...

    async def find_role(self, token: CalendarToken) -> Role | None:
        """Return the role that the owner of this address has now; None for an unknown address and for an
        account that cannot log in."""
        ...


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Each given field must match exactly; `since` is included, `until` is not."""

    action: str | None = None
    actor_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


class AuditSort(StrEnum):
    NEWEST = "-at"
    OLDEST = "at"


@dataclass(frozen=True, slots=True)
class AuditEntryView:
    id: UUID
    at: datetime
    action: str
    actor_id: UUID | None
    subject_id: UUID | None


class AuditQueries(Protocol):
    async def list_entries(self, *, where: AuditFilter, page: PageRequest) -> Page[AuditEntryView]: ...


@dataclass(frozen=True, slots=True)
class Load:
    """`connections_in_use` are this process's; `jobs` is None while the database is away."""

    connections_in_use: int
    jobs: "JobCounts | None"


@dataclass(frozen=True, slots=True)
class JobCounts:
    """`failed`: given up, and kept for the operator to see."""

    waiting: int
    failed: int


class LoadGauge(Protocol):
    async def measure(self) -> Load:
        """Measure within a second, whatever the database does."""
        ...


class Readiness(Protocol):
    async def check(self) -> None:
        """Raises UnavailableError, within a second, unless the database answers and its schema fits."""
        ...
