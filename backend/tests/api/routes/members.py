"""Routes of members and invitations."""

from functools import partial
from typing import Any
from uuid import UUID

from app.domain.identifiers import uuid7
from app.domain.members.member import NO_PASSWORD
from app.infrastructure.database.personal_data import PERSONAL_DATA
from tests.api.routes.requests import (
    WITH_ANY_VERSION,
    Call,
    Prepare,
    Request,
    RequestContext,
    Routes,
    plain,
    route,
)
from tests.factories import NOW
from tests.support.http import EXPORTS, MEMBERS

NEW_NAME: dict[str, Any] = {"json": {"full_name": "New"}, **WITH_ANY_VERSION}
NEW_ROLE: dict[str, Any] = {"json": {"role": "MEMBER"}, **WITH_ANY_VERSION}


def another_member(**request: Any) -> Prepare:
    async def prepare(context: RequestContext) -> Request:
        return {"id": str((await context.member()).id), **request}

    return prepare


def oneself(**request: Any) -> Prepare:
    async def prepare(context: RequestContext) -> Request:
        return {"id": str(context.caller.id if context.caller else UUID(int=0)), **request}

    return prepare


async def inactive_member(context: RequestContext) -> Request:
    return {"id": str((await context.member(is_active=False)).id)}


async def invitation(_context: RequestContext) -> Request:
    return {"json": {"email": f"invited-{uuid7(NOW)}@pau2.example", "full_name": "New Comer"}}


async def invited_member(context: RequestContext, **request: Any) -> Request:
    member = await context.member(password_hash=NO_PASSWORD, email_verified_at=None)
    return {"id": str(member.id), **request}


ROUTES: Routes = {
    ("GET", MEMBERS): route(2, Call(200)),
    ("POST", MEMBERS): route(9, Call(201, invitation)),
    ("GET", MEMBERS + "/{id}"): route(2, Call(200, another_member()), Call(200, oneself())),
    ("PATCH", MEMBERS + "/{id}"): route(
        4, Call(200, another_member(**NEW_NAME)), Call(200, oneself(**NEW_NAME))
    ),
    ("DELETE", MEMBERS + "/{id}"): route(14, Call(204, another_member(**WITH_ANY_VERSION))),
    ("PATCH", MEMBERS + "/{id}/invitation"): route(8, Call(200, partial(invited_member, **NEW_NAME))),
    ("DELETE", MEMBERS + "/{id}/invitation"): route(
        10, Call(204, partial(invited_member, **WITH_ANY_VERSION))
    ),
    ("POST", MEMBERS + "/{id}/invitation/resend"): route(7, Call(204, invited_member)),
    ("PUT", MEMBERS + "/{id}/role"): route(5, Call(200, another_member(**NEW_ROLE))),
    ("POST", MEMBERS + "/{id}/deactivate"): route(7, Call(200, another_member())),
    ("POST", MEMBERS + "/{id}/activate"): route(4, Call(200, inactive_member)),
    ("GET", f"{MEMBERS}/me"): route(2, Call(200)),
    ("PATCH", f"{MEMBERS}/me"): route(4, Call(200, plain(**NEW_NAME))),
    ("DELETE", f"{MEMBERS}/me"): route(14, Call(204, plain(**WITH_ANY_VERSION))),
    ("GET", f"{MEMBERS}/me/data"): route(1 + len(PERSONAL_DATA), Call(200)),
    ("GET", f"{EXPORTS}/members"): route(4, Call(200)),
}
