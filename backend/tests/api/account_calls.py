"""Requests about accounts that succeed for whoever may make them."""

from typing import TYPE_CHECKING, Any

from app.domain.calendar_addresses import CalendarAddress, CalendarToken
from app.domain.identifiers import uuid7
from app.domain.members import NO_PASSWORD, Member
from tests.factories import NOW, make_email_change

if TYPE_CHECKING:
    from tests.api.routes import World


async def new_address(_world: "World") -> dict[str, Any]:
    return {"json": {"email": f"moved-{uuid7(NOW)}@pau2.example"}}


async def email_change(world: "World") -> dict[str, Any]:
    change = make_email_change(await world.member())
    async with world.uow as uow:
        await uow.email_changes.replace(change)
        await uow.commit()
    return {"json": {"token": world.email_change_tokens.text(change.id)}}


async def invited(world: "World", **request: Any) -> dict[str, Any]:
    member = await world.member(password_hash=NO_PASSWORD, email_verified_at=None)
    return {"id": str(member.id), **request}


async def calendar(world: "World") -> dict[str, Any]:
    return {"token": await _calendar_token(world, await world.member())}


async def own_calendar_address(world: "World") -> dict[str, Any]:
    if world.caller is not None:
        await _calendar_token(world, world.caller)
    return {}


async def _calendar_token(world: "World", member: Member) -> str:
    token = CalendarToken.new()
    address = CalendarAddress(member_id=member.id, token_digest=token.digest, created_at=NOW)
    async with world.uow as uow:
        await uow.calendar_addresses.replace(address)
        await uow.commit()
    return token.text
