"""A member's secret calendar address: made, renewed, withdrawn, read by calendar programs."""

from dataclasses import dataclass
from datetime import datetime

from app.application.access import Action, Actor, authorize
from app.application.calendar_addresses_queries import CalendarAddressQueries, CalendarAddressView
from app.application.events import Calendar, make_calendar
from app.application.events_queries import EventVisibility, LatestEvents
from app.application.export_files import Encoder
from app.application.ports import Clock
from app.application.unit_of_work import UnitOfWork
from app.domain.audit import AuditEntry
from app.domain.calendar_addresses import CalendarAddress, CalendarAddressNotFoundError, CalendarToken
from app.domain.errors import LimitExceededError
from app.domain.login_attempts import CALENDARS, client_key


@dataclass(frozen=True, slots=True)
class NewCalendarAddress:
    """The only time that the token is shown."""

    token: CalendarToken
    created_at: datetime


@dataclass(frozen=True, slots=True)
class CalendarSources:
    """What a subscribed calendar is made from."""

    addresses: CalendarAddressQueries
    events: LatestEvents
    encoder: Encoder


async def renew_calendar_address(*, actor: Actor, uow: UnitOfWork, clock: Clock) -> NewCalendarAddress:
    """Make an address. The earlier one stops working."""
    authorize(actor, Action.RENEW_CALENDAR_ADDRESS)
    token, now = CalendarToken.new(), clock.now()
    async with uow:
        member = await uow.members.get_locked(actor.member_id)
        address = CalendarAddress(member_id=member.id, token_digest=token.digest, created_at=now)
        await uow.calendar_addresses.replace(address)
        uow.audit.add(_entry(Action.RENEW_CALENDAR_ADDRESS, actor, clock))
        await uow.commit()
    return NewCalendarAddress(token, now)


async def withdraw_calendar_address(*, actor: Actor, uow: UnitOfWork, clock: Clock) -> None:
    """Make the address stop working, if there is one."""
    authorize(actor, Action.WITHDRAW_CALENDAR_ADDRESS)
    async with uow:
        await uow.calendar_addresses.remove(actor.member_id)
        uow.audit.add(_entry(Action.WITHDRAW_CALENDAR_ADDRESS, actor, clock))
        await uow.commit()


async def read_calendar_address(*, actor: Actor, queries: CalendarAddressQueries) -> CalendarAddressView:
    """Raises CalendarAddressNotFoundError."""
    authorize(actor, Action.READ_CALENDAR_ADDRESS)
    return await queries.get_address(actor.member_id)


async def read_secret_calendar(
    token: CalendarToken, *, client: str, uow: UnitOfWork, clock: Clock, sources: CalendarSources
) -> Calendar:
    """Put the events that the owner of the address may see now into one calendar.

    `client` is the network address that asks. Only unknown tokens count against it and are refused beyond
    the limit: programs that poll for many people share an address, and one dead link must not stop the rest.
    Raises CalendarAddressNotFoundError, LimitExceededError.
    """
    authorize(None, Action.READ_SUBSCRIBED_CALENDAR)
    role = await sources.addresses.find_role(token)
    if role is None:
        await _count_unknown(client, uow=uow, clock=clock)
        raise CalendarAddressNotFoundError
    visible = EventVisibility.of_role(role)
    return await make_calendar(visible=visible, queries=sources.events, encoder=sources.encoder)


async def _count_unknown(client: str, *, uow: UnitOfWork, clock: Clock) -> None:
    """Raises LimitExceededError."""
    key = client_key(client, what_for="calendar client")
    async with uow:
        [count] = await uow.login_attempts.add(1, [key], at=clock.now(), limit=CALENDARS)
        await uow.commit()
    if count.attempts > CALENDARS.attempts:
        raise LimitExceededError(count.window_ends_at - clock.now())


def _entry(action: Action, actor: Actor, clock: Clock) -> AuditEntry:
    return AuditEntry.create(
        action=action, at=clock.now(), actor_id=actor.member_id, subject_id=actor.member_id
    )
