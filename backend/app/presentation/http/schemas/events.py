"""Schemas of events."""

from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from pydantic import MISSING, Field

from app.application.events_queries import EventFilter, EventSort
from app.domain.events import Event, EventAudience, EventChanges, EventDraft, EventStatus
from app.presentation.http.pagination import PageOf, PageParams
from app.presentation.http.schemas.base import Instant, MultilineText, Schema, Text, VersionedView

Line = Annotated[Text, Field(min_length=1, max_length=Event.MAX_LINE_LENGTH)]
Title = Annotated[Line, Field(examples=["Summer cinema"])]
Location = Annotated[Line, Field(examples=["Plaza Mayor"])]
Organizer = Annotated[Line, Field(examples=["Culture group"])]
Description = Annotated[
    MultilineText,
    Field(
        min_length=1,
        max_length=Event.MAX_DESCRIPTION_LENGTH,
        examples=["At nightfall. Bring a chair."],
    ),
]
Start = Annotated[Instant, Field(examples=["2027-07-02T22:00:00+02:00"])]
End = Annotated[Instant, Field(description="After `starts_at`.", examples=["2027-07-03T00:30:00+02:00"])]


class EventCreate(Schema):
    title: Title
    description: Description | None = None
    starts_at: Start
    ends_at: End
    location: Location
    organizer: Organizer
    audience: EventAudience

    def to_draft(self) -> EventDraft:
        return EventDraft(
            title=self.title,
            description=self.description,
            starts_at=self.starts_at,
            ends_at=self.ends_at,
            location=self.location,
            organizer=self.organizer,
            audience=self.audience,
        )


class EventUpdate(Schema):
    """A merge patch (RFC 7396): absent fields stay, null clears the description."""

    title: Title | MISSING = MISSING
    description: Description | MISSING | None = MISSING
    starts_at: Start | MISSING = MISSING
    ends_at: End | MISSING = MISSING
    location: Location | MISSING = MISSING
    organizer: Organizer | MISSING = MISSING
    audience: EventAudience | MISSING = MISSING

    def to_changes(self) -> EventChanges:
        return cast("EventChanges", self.model_dump())


class EventRead(VersionedView):
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


class EventPage(PageOf[EventRead]):
    """A page of events."""


class EventFilterParams(Schema):
    status: EventStatus | None = None
    audience: EventAudience | None = None
    since: Instant | None = Field(
        None, alias="from", description="Only events that end after this.", examples=["2026-12-01T00:00:00Z"]
    )
    until: Instant | None = Field(
        None, alias="to", description="Only events that start before this.", examples=["2027-01-01T00:00:00Z"]
    )

    def to_filter(self) -> EventFilter:
        return EventFilter(status=self.status, audience=self.audience, since=self.since, until=self.until)


class EventListParams(EventFilterParams, PageParams):
    sort: EventSort = Field(EventSort.SOONEST, description="`-` before a name: descending.")
