"""Routes of tokens and sessions."""

from functools import partial

from app.domain.auth import Password
from app.domain.members.member import Member
from app.infrastructure.security.passwords import Argon2PasswordHasher
from tests.api.routes.requests import Call, Request, RequestContext, Routes, route
from tests.factories import PASSWORD, make_session
from tests.support.http import API, AUTH, SESSIONS, TOKEN


async def credentials(context: RequestContext) -> Request:
    password_hash = await Argon2PasswordHasher().hash(Password.typed(PASSWORD))
    member = await context.member(password_hash=password_hash)
    form = {"grant_type": "password", "username": member.email.value, "password": PASSWORD}
    return {"data": form}


async def refresh_token(context: RequestContext, name: str, **form: str) -> Request:
    member = await context.member()
    session = make_session(member)
    token = context.session_tokens.refresh.first(session.id)
    session.token_digest = token.digest
    async with context.uow as uow:
        uow.sessions.add(session)
        await uow.commit()
    return {"data": {name: token.text, **form}}


async def own_session(context: RequestContext) -> Request:
    return await _session_of(context.caller or await context.member(), context)


async def session_of_another(context: RequestContext) -> Request:
    return await _session_of(await context.member(), context)


async def _session_of(member: Member, context: RequestContext) -> Request:
    session = make_session(member)
    async with context.uow as uow:
        if await uow.members.find(member.id):
            uow.sessions.add(session)
        await uow.commit()
    return {"id": str(session.id)}


refresh = partial(refresh_token, name="refresh_token", grant_type="refresh_token")
revocation = partial(refresh_token, name="token")

ROUTES: Routes = {
    ("POST", TOKEN): route(9, Call(200, credentials), Call(200, refresh)),
    ("POST", f"{AUTH}/revoke"): route(4, Call(200, revocation)),
    ("GET", SESSIONS): route(2, Call(200)),
    ("DELETE", SESSIONS): route(4, Call(204)),
    ("DELETE", API + "/auth/sessions/{id}"): route(4, Call(204, own_session), Call(404, session_of_another)),
}
