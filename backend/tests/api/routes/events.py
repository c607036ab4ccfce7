"""Routes of events."""

from datetime import timedelta
from typing import Any

from app.application.access import Action
from app.domain.events import EventAudience, EventStatus
from tests.api.routes.requests import (
    WITH_ANY_VERSION,
    WITH_KEY,
    Call,
    Prepare,
    Request,
    RequestContext,
    Routes,
    plain,
    route,
)
from tests.factories import NOW, make_event, make_member
from tests.support.http import API, EVENTS, EXPORTS

DRAFT = EventStatus.DRAFT
PUBLISHED = EventStatus.PUBLISHED
EVENT: dict[str, Any] = {
    "json": {
        "title": "Title",
        "starts_at": "2026-12-05T18:00:00Z",
        "ends_at": "2026-12-05T20:00:00Z",
        "location": "Location",
        "organizer": "Organizer",
        "audience": "PUBLIC",
    }
}
NEW_TITLE: dict[str, Any] = {"json": {"title": "New"}, **WITH_ANY_VERSION}


def event(status: EventStatus, audience: EventAudience = EventAudience.PUBLIC, **request: Any) -> Prepare:
    """Store an event of another author. It began an hour ago, so that it can be completed."""

    async def prepare(context: RequestContext) -> Request:
        author = make_member()
        starts_at = NOW - timedelta(hours=1)
        event = make_event(
            created_by=author.id,
            audience=audience,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(hours=3),
        )
        event.status = status
        async with context.uow as uow:
            uow.members.add(author)
            await uow.flush()
            uow.events.add(event)
            await uow.commit()
        return {"id": str(event.id), **request}

    return prepare


ROUTES: Routes = {
    ("GET", EVENTS): route(2, Call(200)),
    ("GET", f"{API}/events.ics"): route(2, Call(200)),
    ("POST", EVENTS): route(5, Call(201, plain(**EVENT)), Call(201, plain(**EVENT, **WITH_KEY))),
    ("GET", EVENTS + "/{id}"): route(
        2,
        Call(200, event(PUBLISHED)),
        Call(200, event(PUBLISHED, EventAudience.MEMBERS), visible=Action.READ_MEMBERS_EVENTS),
        Call(200, event(PUBLISHED, EventAudience.BOARD), visible=Action.READ_BOARD_EVENTS),
        Call(200, event(DRAFT), visible=Action.READ_BOARD_EVENTS),
    ),
    ("PATCH", EVENTS + "/{id}"): route(3, Call(200, event(DRAFT, **NEW_TITLE))),
    ("DELETE", EVENTS + "/{id}"): route(4, Call(204, event(PUBLISHED, **WITH_ANY_VERSION))),
    ("POST", EVENTS + "/{id}/publish"): route(3, Call(200, event(DRAFT))),
    ("POST", EVENTS + "/{id}/cancel"): route(3, Call(200, event(PUBLISHED))),
    ("POST", EVENTS + "/{id}/complete"): route(3, Call(200, event(PUBLISHED))),
    ("GET", f"{EXPORTS}/events"): route(4, Call(200)),
}
