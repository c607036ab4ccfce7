"""Routes that change the email address of a member."""

from app.domain.identifiers import uuid7
from tests.api.routes.requests import Call, Request, RequestContext, Routes, route
from tests.factories import NOW, make_email_change
from tests.support.http import AUTH


async def new_email(_context: RequestContext) -> Request:
    return {"json": {"email": f"moved-{uuid7(NOW)}@pau2.example"}}


async def email_change(context: RequestContext) -> Request:
    change = make_email_change(await context.member())
    async with context.uow as uow:
        await uow.email_changes.replace(change)
        await uow.commit()
    return {"json": {"token": context.email_change_tokens.text(change.id)}}


ROUTES: Routes = {
    ("PUT", f"{AUTH}/email"): route(9, Call(202, new_email)),
    ("POST", f"{AUTH}/email/confirm"): route(20, Call(204, email_change)),
}
