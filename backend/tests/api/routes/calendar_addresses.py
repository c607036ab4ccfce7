"""Routes of members' private calendar addresses."""

from app.domain.calendar_addresses import CalendarAddress, CalendarToken
from app.domain.members.member import Member
from tests.api.routes.requests import Call, Request, RequestContext, Routes, route
from tests.factories import NOW
from tests.support.http import API, ME


async def calendar(context: RequestContext) -> Request:
    return {"token": await _calendar_token(context, await context.member())}


async def own_address(context: RequestContext) -> Request:
    if context.caller is not None:
        await _calendar_token(context, context.caller)
    return {}


async def _calendar_token(context: RequestContext, member: Member) -> str:
    token = CalendarToken.new()
    address = CalendarAddress(member_id=member.id, token_digest=token.digest, created_at=NOW)
    async with context.uow as uow:
        await uow.calendar_addresses.replace(address)
        await uow.commit()
    return token.text


ADDRESS = f"{ME}/calendar-address"
ROUTES: Routes = {
    ("GET", ADDRESS): route(2, Call(200, own_address)),
    ("PUT", ADDRESS): route(4, Call(200)),
    ("DELETE", ADDRESS): route(3, Call(204)),
    ("GET", API + "/calendars/{token}/events.ics"): route(2, Call(200, calendar)),
}
