"""Use cases of secret calendar addresses: renew, withdraw, and read by calendar programs."""

from dataclasses import dataclass
from datetime import datetime

from app.application.access import Action, Actor, authorize
from app.application.audit import record
from app.application.calendar_addresses_queries import CalendarAddressQueries, CalendarAddressView
from app.application.events import Calendar, make_calendar
from app.application.events_queries import EventVisibility, LatestEvents
from app.application.export_files import Encoder
from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditAction
from app.domain.calendar_addresses import CalendarAddress, CalendarAddressNotFoundError, CalendarToken
from app.domain.errors import LimitExceededError
from app.domain.rate_limits import CALENDAR_LIMIT, client_key


@dataclass(frozen=True, slots=True)
class NewCalendarAddress:
    """A new address. The token is shown only once."""

    token: CalendarToken
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarSources:
    """The ports that a subscribed calendar needs."""

    addresses: CalendarAddressQueries
    events: LatestEvents
    encoder: Encoder


async def renew_calendar_address(*, actor: Actor, uow: UnitOfWork, clock: Clock) -> NewCalendarAddress:
    """Create an address. The earlier one stops working."""
    authorize(actor, Action.RENEW_CALENDAR_ADDRESS)
    token = CalendarToken.new()
    now = clock.now()
    async with uow:
        member = await uow.members.get_locked(actor.member_id)
        address = CalendarAddress(member_id=member.id, token_digest=token.digest, created_at=now)
        await uow.calendar_addresses.replace(address)
        record(uow, AuditAction.RENEW_CALENDAR_ADDRESS, actor=actor, subject_id=actor.member_id, at=now)
        await uow.commit()
    return NewCalendarAddress(token, now)


async def withdraw_calendar_address(*, actor: Actor, uow: UnitOfWork, clock: Clock) -> None:
    """Delete the address, if there is one."""
    authorize(actor, Action.WITHDRAW_CALENDAR_ADDRESS)
    async with uow:
        await uow.calendar_addresses.remove(actor.member_id)
        record(
            uow,
            AuditAction.WITHDRAW_CALENDAR_ADDRESS,
            actor=actor,
            subject_id=actor.member_id,
            at=clock.now(),
        )
        await uow.commit()


async def read_calendar_address(*, actor: Actor, queries: CalendarAddressQueries) -> CalendarAddressView:
    """Raises CalendarAddressNotFoundError."""
    authorize(actor, Action.READ_CALENDAR_ADDRESS)
    return await queries.get_address(actor.member_id)


async def read_secret_calendar(
    token: CalendarToken, *, client: str, uow: UnitOfWork, clock: Clock, sources: CalendarSources
) -> Calendar:
    """Return a calendar of the events that the owner of the address may see now.

    `client` is the network address of the request. Only unknown tokens count against its limit, since
    programs that poll for many people share an address, and one invalid link must not block the others.
    Raises CalendarAddressNotFoundError, LimitExceededError.
    """
    authorize(None, Action.READ_SUBSCRIBED_CALENDAR)
    now = clock.now()
    role = await sources.addresses.find_role(token)
    if role is None:
        await _count_unknown(client, uow=uow, at=now)
        raise CalendarAddressNotFoundError
    visible = EventVisibility.of_role(role)
    return await make_calendar(visible=visible, queries=sources.events, encoder=sources.encoder)


async def _count_unknown(client: str, *, uow: UnitOfWork, at: datetime) -> None:
    """Raises LimitExceededError."""
    key = client_key(client, kind="calendar client")
    async with uow:
        [count] = await uow.rate_limits.hit([key], at=at, limit=CALENDAR_LIMIT)
        await uow.commit()
    if count.hits > CALENDAR_LIMIT.hits:
        raise LimitExceededError(count.window_ends_at - at)
