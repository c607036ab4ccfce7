from typing import Annotated
from uuid import UUID

from fastapi import Query, Response
from fastapi.responses import StreamingResponse

from app.application import events
from app.application.access import Action
from app.domain.events import (
    EventClosedError,
    EventDescriptionError,
    EventId,
    EventLocationError,
    EventNotDraftError,
    EventNotFoundError,
    EventNotPublishedError,
    EventNotStartedError,
    EventOrganizerError,
    EventTimesError,
    EventTitleError,
)
from app.presentation.http.attachments import CALENDAR_CONTENT
from app.presentation.http.conditions import EntityTagDep, ExpectedVersions, KnownEntityTagDep
from app.presentation.http.dependencies import (
    CalendarEncoderDep,
    ClockDep,
    CurrentActor,
    EventQueriesDep,
    OptionalActor,
    UowDep,
)
from app.presentation.http.idempotency import IdempotentUowDep
from app.presentation.http.pagination import PaginationDep
from app.presentation.http.routing import api_router, operation, raw_operation
from app.presentation.http.schemas.events import (
    EventCreate,
    EventListParams,
    EventPage,
    EventRead,
    EventUpdate,
)

router = api_router("/events", "events")

VALIDATION_ERRORS = (
    EventTitleError,
    EventDescriptionError,
    EventLocationError,
    EventOrganizerError,
    EventTimesError,
)


@router.get("", summary="List events", **operation(Action.READ_PUBLIC_EVENTS))
async def list_events(
    params: Annotated[EventListParams, Query()],
    pagination: PaginationDep,
    queries: EventQueriesDep,
    actor: OptionalActor,
) -> EventPage:
    """The events that you can see, the earliest first; `from` and `to` select a period.

    Everybody sees PUBLIC events, members also MEMBERS events, the board also BOARD events and drafts.
    Cancelled and completed events stay in the list.
    """
    page = await events.list_events(
        params.to_filter(), pagination.request(params, sort=params.sort), actor=actor, queries=queries
    )
    return EventPage.of(page, pagination.next_cursor(page, params))


@router.get(
    ".ics",
    summary="Subscribe to the calendar",
    response_class=StreamingResponse,
    **raw_operation(Action.READ_PUBLIC_EVENTS, content=CALENDAR_CONTENT),
)
async def read_calendar(
    queries: EventQueriesDep, encoder: CalendarEncoderDep, actor: OptionalActor, tag: KnownEntityTagDep
) -> StreamingResponse:
    """The events that you can see as iCalendar (RFC 5545), for calendar programs.

    Without an access token these are the PUBLIC events. Drafts are TENTATIVE, cancelled events CANCELLED.
    SEQUENCE counts the changes. The limit is the 1,000 events that start last.
    """
    calendar = await events.read_calendar(actor=actor, queries=queries, encoder=encoder)
    headers = tag.headers(calendar.version)
    return StreamingResponse(calendar.content, headers=headers, media_type=calendar.media_type)


@router.get("/{id}", summary="Read an event", **operation(Action.READ_PUBLIC_EVENTS, EventNotFoundError))
async def read_event(
    id: UUID, queries: EventQueriesDep, actor: OptionalActor, tag: KnownEntityTagDep
) -> EventRead:
    """One event. The response is 404 for one that you cannot see."""
    event = await events.read_event(EventId(id), actor=actor, queries=queries)
    tag.set(event.version)
    return EventRead.model_validate(event)


@router.post(
    "",
    status_code=201,
    summary="Plan an event",
    **operation(Action.WRITE_EVENTS, *VALIDATION_ERRORS, creates=True),
)
async def create_event(
    *,
    body: EventCreate,
    actor: CurrentActor,
    uow: IdempotentUowDep,
    clock: ClockDep,
    response: Response,
    tag: EntityTagDep,
) -> EventRead:
    """Start an event as a draft that only the board sees."""
    event = await events.create_event(body.to_draft(), actor=actor, uow=uow, clock=clock)
    response.headers["Location"] = f"/api/v1/events/{event.id}"
    tag.set(event.version)
    return EventRead.model_validate(event)


@router.patch(
    "/{id}",
    summary="Edit an event",
    **operation(
        Action.WRITE_EVENTS,
        EventNotFoundError,
        EventClosedError,
        *VALIDATION_ERRORS,
        changes_version=True,
    ),
)
async def edit_event(
    *,
    id: UUID,
    body: EventUpdate,
    actor: CurrentActor,
    versions: ExpectedVersions,
    uow: UowDep,
    clock: ClockDep,
    tag: EntityTagDep,
) -> EventRead:
    """Change the fields that you send (JSON Merge Patch). Cancelled and completed events cannot change."""
    event = await events.edit_event(
        EventId(id), body.to_changes(), versions=versions, actor=actor, uow=uow, clock=clock
    )
    tag.set(event.version)
    return EventRead.model_validate(event)


@router.delete(
    "/{id}",
    status_code=204,
    summary="Remove an event",
    **operation(Action.WRITE_EVENTS, EventNotFoundError, changes_version=True),
)
async def remove_event(
    id: UUID, actor: CurrentActor, versions: ExpectedVersions, uow: UowDep, clock: ClockDep
) -> None:
    """Delete the event, whatever its status. Cancel it instead if people may come: they see that."""
    await events.remove_event(EventId(id), versions=versions, actor=actor, uow=uow, clock=clock)


@router.post(
    "/{id}/publish",
    summary="Publish a draft",
    **operation(Action.WRITE_EVENTS, EventNotFoundError, EventNotDraftError),
)
async def publish_event(
    id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep, tag: EntityTagDep
) -> EventRead:
    """Show a draft to its audience."""
    event = await events.publish_event(EventId(id), actor=actor, uow=uow, clock=clock)
    tag.set(event.version)
    return EventRead.model_validate(event)


@router.post(
    "/{id}/cancel",
    summary="Cancel an event",
    **operation(Action.WRITE_EVENTS, EventNotFoundError, EventNotPublishedError),
)
async def cancel_event(
    id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep, tag: EntityTagDep
) -> EventRead:
    """Cancel a published event. Its audience still sees it, in lists and calendars, as cancelled."""
    event = await events.cancel_event(EventId(id), actor=actor, uow=uow, clock=clock)
    tag.set(event.version)
    return EventRead.model_validate(event)


@router.post(
    "/{id}/complete",
    summary="Complete an event",
    **operation(Action.WRITE_EVENTS, EventNotFoundError, EventNotPublishedError, EventNotStartedError),
)
async def complete_event(
    id: UUID, actor: CurrentActor, uow: UowDep, clock: ClockDep, tag: EntityTagDep
) -> EventRead:
    """Record that a published event took place. It must have started."""
    event = await events.complete_event(EventId(id), actor=actor, uow=uow, clock=clock)
    tag.set(event.version)
    return EventRead.model_validate(event)
