"""Routes of registrations and passwords."""

from functools import partial

from app.domain.auth import OneTimePurpose, OneTimeToken
from app.domain.identifiers import uuid7
from tests.api.routes.requests import Call, Request, RequestContext, Routes, plain, route
from tests.factories import NOW, PASSWORD
from tests.support.http import AUTH

NEW_PASSWORD = "seven herons at dawn"


async def registration(_context: RequestContext) -> Request:
    form = {"email": f"newcomer-{uuid7(NOW)}@pau2.example", "password": PASSWORD, "full_name": "New Comer"}
    return {"json": form}


async def unverified_email(context: RequestContext) -> Request:
    return {"json": {"email": (await context.member(email_verified_at=None)).email.value}}


async def one_time_token(context: RequestContext, purpose: OneTimePurpose, **body: str) -> Request:
    member = await context.member(email_verified_at=None)
    token = OneTimeToken.issue(member_id=member.id, purpose=purpose, at=NOW)
    async with context.uow as uow:
        await uow.one_time_tokens.replace(token)
        await uow.commit()
    return {"json": {"token": context.one_time_tokens.text(token.id, purpose), **body}}


verification = partial(one_time_token, purpose=OneTimePurpose.VERIFY_EMAIL)
password_reset = partial(one_time_token, purpose=OneTimePurpose.RECOVERY, password=NEW_PASSWORD)
password_change = plain(json={"current_password": PASSWORD, "password": NEW_PASSWORD})

ROUTES: Routes = {
    ("POST", f"{AUTH}/register"): route(6, Call(202, registration)),
    ("POST", f"{AUTH}/email/verify"): route(6, Call(204, verification)),
    ("POST", f"{AUTH}/email/resend"): route(4, Call(202, unverified_email)),
    ("POST", f"{AUTH}/password/forgot"): route(4, Call(202, unverified_email)),
    ("POST", f"{AUTH}/password/reset"): route(13, Call(204, password_reset)),
    ("PUT", f"{AUTH}/password"): route(11, Call(204, password_change)),
}
