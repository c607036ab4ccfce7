"""Events: meetings and activities of the association."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar, NewType, Protocol, Self, TypedDict
from uuid import UUID

from app.domain.changes import values_of
from app.domain.errors import ConflictError, NotFoundError, RuleViolationError
from app.domain.identifiers import uuid7
from app.domain.members.member import MemberId
from app.domain.texts import multiline, single_line

EventId = NewType("EventId", UUID)


class EventNotFoundError(NotFoundError):
    code: ClassVar[str] = "event_not_found"
    detail: ClassVar[str] = "There is no such event."


class EventNotDraftError(ConflictError):
    code: ClassVar[str] = "event_not_draft"
    detail: ClassVar[str] = "Only a draft can be published."


class EventNotPublishedError(ConflictError):
    code: ClassVar[str] = "event_not_published"
    detail: ClassVar[str] = "Only a published event can be cancelled or completed."


class EventNotStartedError(ConflictError):
    code: ClassVar[str] = "event_not_started"
    detail: ClassVar[str] = "An event cannot be completed before it has started."


class EventClosedError(ConflictError):
    code: ClassVar[str] = "event_closed"
    detail: ClassVar[str] = "A cancelled or completed event cannot be changed."


class EventTitleError(RuleViolationError):
    code: ClassVar[str] = "event_title_invalid"
    detail: ClassVar[str] = "A title has 1 to 200 characters."
    field: ClassVar[str] = "title"


class EventDescriptionError(RuleViolationError):
    code: ClassVar[str] = "event_description_invalid"
    detail: ClassVar[str] = "A description has 1 to 5,000 characters."
    field: ClassVar[str] = "description"


class EventLocationError(RuleViolationError):
    code: ClassVar[str] = "event_location_invalid"
    detail: ClassVar[str] = "A location has 1 to 200 characters."
    field: ClassVar[str] = "location"


class EventOrganizerError(RuleViolationError):
    code: ClassVar[str] = "event_organizer_invalid"
    detail: ClassVar[str] = "An organizer has 1 to 200 characters."
    field: ClassVar[str] = "organizer"


class EventTimesError(RuleViolationError):
    code: ClassVar[str] = "event_times_invalid"
    detail: ClassVar[str] = "An event ends at least one second after it starts."
    field: ClassVar[str] = "ends_at"


class EventStatus(StrEnum):
    DRAFT = "DRAFT"
    PUBLISHED = "PUBLISHED"
    CANCELLED = "CANCELLED"
    COMPLETED = "COMPLETED"


class EventAudience(StrEnum):
    """The people who see an event once it is published."""

    PUBLIC = "PUBLIC"
    MEMBERS = "MEMBERS"
    BOARD = "BOARD"


@dataclass(frozen=True, kw_only=True)
class EventDraft:
    """The input for a new event. `Event.create` checks it."""

    title: str
    starts_at: datetime
    ends_at: datetime
    location: str
    organizer: str
    audience: EventAudience
    description: str | None = None


class EventChanges(TypedDict, total=False):
    """A merge patch (RFC 7396): an absent key changes nothing, None clears the value."""

    title: str
    description: str | None
    starts_at: datetime
    ends_at: datetime
    location: str
    organizer: str
    audience: EventAudience


@dataclass(eq=False, kw_only=True)
class Event:
    """Something that happens at a place and a time: DRAFT, PUBLISHED, then CANCELLED or COMPLETED.

    A cancelled event stays visible to its audience, who must learn that it does not take place.
    Times are precise to the second, as in calendars (RFC 5545 §3.3.5).
    """

    id: EventId
    title: str
    description: str | None
    starts_at: datetime
    ends_at: datetime
    location: str
    organizer: str
    audience: EventAudience
    status: EventStatus
    created_by: MemberId
    created_at: datetime
    updated_at: datetime
    version: int = 1

    MAX_LINE_LENGTH: ClassVar[int] = 200
    MAX_DESCRIPTION_LENGTH: ClassVar[int] = 5_000

    @classmethod
    def create(cls, draft: EventDraft, *, created_by: MemberId, at: datetime) -> Self:
        """Return a new draft. Raises the RuleViolationErrors of this module."""
        event = cls(
            id=EventId(uuid7(at)),
            title=draft.title,
            description=draft.description,
            starts_at=draft.starts_at,
            ends_at=draft.ends_at,
            location=draft.location,
            organizer=draft.organizer,
            audience=draft.audience,
            status=EventStatus.DRAFT,
            created_by=created_by,
            created_at=at,
            updated_at=at,
        )
        event._check()
        return event

    def edit(self, changes: EventChanges, at: datetime) -> None:
        """Apply the changes. Raises EventClosedError, and the errors of `create`."""
        if self.status in {EventStatus.CANCELLED, EventStatus.COMPLETED}:
            raise EventClosedError
        before = values_of(self, changes)
        self.title = changes.get("title", self.title)
        self.description = changes.get("description", self.description)
        self.starts_at = changes.get("starts_at", self.starts_at)
        self.ends_at = changes.get("ends_at", self.ends_at)
        self.location = changes.get("location", self.location)
        self.organizer = changes.get("organizer", self.organizer)
        self.audience = changes.get("audience", self.audience)
        self._check()
        if values_of(self, changes) != before:
            self.updated_at = at

    def publish(self, at: datetime) -> None:
        """Announce the draft to its audience. Raises EventNotDraftError."""
        if self.status is not EventStatus.DRAFT:
            raise EventNotDraftError
        self.status = EventStatus.PUBLISHED
        self.updated_at = at

    def cancel(self, at: datetime) -> None:
        """Cancel the event. Raises EventNotPublishedError: a draft can be removed instead."""
        self._close(EventStatus.CANCELLED, at)

    def complete(self, at: datetime) -> None:
        """Record that it took place. Raises EventNotPublishedError, EventNotStartedError."""
        if self.status is EventStatus.PUBLISHED and at < self.starts_at:
            raise EventNotStartedError
        self._close(EventStatus.COMPLETED, at)

    def _close(self, status: EventStatus, at: datetime) -> None:
        if self.status is not EventStatus.PUBLISHED:
            raise EventNotPublishedError
        self.status = status
        self.updated_at = at

    def _check(self) -> None:
        self.title = single_line(self.title, self.MAX_LINE_LENGTH, EventTitleError)
        self.location = single_line(self.location, self.MAX_LINE_LENGTH, EventLocationError)
        self.organizer = single_line(self.organizer, self.MAX_LINE_LENGTH, EventOrganizerError)
        if self.description is not None:
            text = self.description.strip()
            self.description = multiline(text, self.MAX_DESCRIPTION_LENGTH, EventDescriptionError)
        self.starts_at = self.starts_at.replace(microsecond=0)
        self.ends_at = self.ends_at.replace(microsecond=0)
        if self.ends_at <= self.starts_at:
            raise EventTimesError


class EventRepository(Protocol):
    """Events as a collection."""

    def add(self, event: Event) -> None: ...

    async def get(self, id: EventId) -> Event:
        """Return the event with this id. Raises EventNotFoundError."""
        ...

    async def remove(self, event: Event) -> None: ...
