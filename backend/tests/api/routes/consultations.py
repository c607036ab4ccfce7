"""Routes of consultations, responses to them and their results."""

from typing import Any

from app.application.access import Action
from app.domain.consultations.consultation import ConsultationStatus
from app.domain.consultations.drafts import ConsultationAudience
from app.domain.consultations.responses import Response
from tests.api.consultations import answers_to, store_consultation
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
from tests.factories import NOW, make_answers
from tests.support.http import API, CONSULTATIONS

DRAFT = ConsultationStatus.DRAFT
OPEN = ConsultationStatus.OPEN
CLOSED = ConsultationStatus.CLOSED
ARCHIVED = ConsultationStatus.ARCHIVED
FOR_ALL = ConsultationAudience.MEMBERS_AND_SUPPORTERS
CHOICE = {"title": "Where?", "kind": "SINGLE_CHOICE", "required": True, "options": ["Park", "School"]}
CONSULTATION: dict[str, Any] = {"json": {"title": "Title", "audience": "MEMBERS", "questions": [CHOICE]}}
NEW_TITLE: dict[str, Any] = {"json": {"title": "New"}, **WITH_ANY_VERSION}


def consultation(status: ConsultationStatus, request: Request | None = None, **overrides: Any) -> Prepare:
    """Store a consultation of another author."""

    async def prepare(context: RequestContext) -> Request:
        stored = await store_consultation(context.uow, status, **overrides)
        return {"id": str(stored.id), **(request or {})}

    return prepare


def answering(**overrides: Any) -> Prepare:
    """Store an open consultation, and answer it."""

    async def prepare(context: RequestContext) -> Request:
        stored = await store_consultation(context.uow, OPEN, **overrides)
        return {"id": str(stored.id), "json": answers_to(stored, 0)}

    return prepare


async def answered(context: RequestContext) -> Request:
    """Store an open consultation that the caller has answered."""
    stored = await store_consultation(context.uow, OPEN, audience=FOR_ALL)
    if context.caller is not None:
        answers = stored.check_answers(make_answers(stored, 0), NOW)
        response = Response.create(answers, consultation_id=stored.id, member_id=context.caller.id, at=NOW)
        async with context.uow as uow:
            await uow.responses.add(response)
            await uow.commit()
    return {"id": str(stored.id)}


ROUTES: Routes = {
    ("GET", CONSULTATIONS): route(2, Call(200)),
    ("POST", CONSULTATIONS): route(
        7, Call(201, plain(**CONSULTATION)), Call(201, plain(**CONSULTATION, **WITH_KEY))
    ),
    ("GET", CONSULTATIONS + "/{id}"): route(
        2,
        Call(200, consultation(OPEN, audience=FOR_ALL)),
        Call(200, consultation(OPEN), visible=Action.READ_MEMBERS_CONSULTATIONS),
        Call(200, consultation(DRAFT, audience=FOR_ALL), visible=Action.READ_EVERY_CONSULTATION),
        Call(200, consultation(ARCHIVED, audience=FOR_ALL), visible=Action.READ_EVERY_CONSULTATION),
    ),
    ("PATCH", CONSULTATIONS + "/{id}"): route(7, Call(200, consultation(DRAFT, NEW_TITLE))),
    ("DELETE", CONSULTATIONS + "/{id}"): route(7, Call(204, consultation(DRAFT, WITH_ANY_VERSION))),
    ("POST", CONSULTATIONS + "/{id}/open"): route(6, Call(200, consultation(DRAFT))),
    ("POST", CONSULTATIONS + "/{id}/close"): route(9, Call(200, consultation(OPEN, anonymous=True))),
    ("POST", CONSULTATIONS + "/{id}/archive"): route(6, Call(200, consultation(CLOSED))),
    ("POST", CONSULTATIONS + "/{id}/responses"): route(
        12,
        Call(201, answering(audience=FOR_ALL)),
        Call(201, answering(audience=FOR_ALL, anonymous=True)),
        Call(201, answering(), visible=Action.READ_MEMBERS_CONSULTATIONS),
    ),
    ("GET", CONSULTATIONS + "/{id}/responses/mine"): route(2, Call(200, answered)),
    ("GET", CONSULTATIONS + "/{id}/results"): route(
        3,
        Call(200, consultation(CLOSED, audience=FOR_ALL)),
        Call(200, consultation(CLOSED), visible=Action.READ_MEMBERS_CONSULTATIONS),
    ),
    ("GET", API + "/exports/consultations/{id}/responses"): route(5, Call(200, consultation(CLOSED))),
}
