from collections.abc import AsyncGenerator
from datetime import timedelta

import pytest

from app.application.calendar_addresses import (
    CalendarSources,
    NewCalendarAddress,
    read_secret_calendar,
    renew_calendar_address,
    withdraw_calendar_address,
)
from app.application.events import Calendar
from app.application.events_queries import EventView, EventVisibility
from app.application.export_files import RowStream
from app.application.members import deactivate_member
from app.domain.calendar_addresses import CalendarAddressNotFoundError, CalendarToken
from app.domain.errors import LimitExceededError
from app.domain.events import EventAudience
from app.domain.members.member import Member, Role
from tests.factories import NOW, make_actor, make_member
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork
from tests.fakes.calendar_addresses import InMemoryCalendarAddressQueries

CLIENT = "203.0.113.7"


class RecordingEvents:
    """Records the requested visibility; there are no events."""

    visible: EventVisibility

    async def list_latest(self, count: int, *, visible: EventVisibility) -> list[EventView]:
        self.visible = visible
        return [][:count]


class EmptyEncoder:
    media_type = "text/calendar"

    async def encode(self, table: RowStream) -> AsyncGenerator[bytes]:
        async for _ in table.batches:
            yield b""


class CalendarDriver:
    """Calls the use cases of calendar addresses as their owner and as a calendar program."""

    def __init__(self, clock: FixedClock) -> None:
        self.clock = clock
        self.store = InMemoryStore()
        self.uow = InMemoryUnitOfWork(self.store)
        self.events = RecordingEvents()
        self.marta: Member = make_member(role=Role.MEMBER)
        self.store.members[self.marta.id] = self.marta
        self.actor = make_actor(member_id=self.marta.id)

    async def renew(self) -> NewCalendarAddress:
        return await renew_calendar_address(actor=self.actor, uow=self.uow, clock=self.clock)

    async def read(self, token: CalendarToken, client: str = CLIENT) -> Calendar:
        addresses = InMemoryCalendarAddressQueries(self.store)
        sources = CalendarSources(addresses, self.events, EmptyEncoder())
        return await read_secret_calendar(
            token, client=client, uow=self.uow, clock=self.clock, sources=sources
        )

    async def audiences(self, token: CalendarToken) -> set[EventAudience]:
        await self.read(token)
        return set(self.events.visible.audiences)


@pytest.fixture
def driver(clock: FixedClock) -> CalendarDriver:
    return CalendarDriver(clock)


async def test_shows_what_the_owner_may_see_now_when_the_role_changes(driver: CalendarDriver) -> None:
    address = await driver.renew()
    member = driver.store.members[driver.marta.id]

    seen = [await driver.audiences(address.token)]
    member.role = Role.SUPPORTER
    seen.append(await driver.audiences(address.token))

    assert seen == [{EventAudience.PUBLIC, EventAudience.MEMBERS}, {EventAudience.PUBLIC}]
    assert driver.events.visible == EventVisibility.of(make_actor(Role.SUPPORTER))


async def test_voids_earlier_address_and_audits_when_renewed(driver: CalendarDriver) -> None:
    first = await driver.renew()
    second = await driver.renew()

    with pytest.raises(CalendarAddressNotFoundError):
        await driver.read(first.token)
    await driver.read(second.token)
    assert (first.created_at, len(driver.store.calendar_addresses)) == (NOW, 1)
    entries = [(entry.action, entry.actor_id, entry.subject_id) for entry in driver.store.audit]
    assert entries == [("calendars:renew-address", driver.marta.id, driver.marta.id)] * 2


async def test_address_is_dead_when_withdrawn(driver: CalendarDriver) -> None:
    address = await driver.renew()

    await withdraw_calendar_address(actor=driver.actor, uow=driver.uow, clock=driver.clock)

    with pytest.raises(CalendarAddressNotFoundError):
        await driver.read(address.token)
    assert driver.store.audit[-1].action == "calendars:withdraw-address"


async def test_address_stays_dead_when_an_account_is_closed_and_opened(driver: CalendarDriver) -> None:
    address = await driver.renew()
    admin = make_actor(Role.ADMIN)

    await deactivate_member(driver.marta.id, actor=admin, uow=driver.uow, clock=driver.clock)
    driver.store.members[driver.marta.id].activate(NOW)

    with pytest.raises(CalendarAddressNotFoundError):
        await driver.read(address.token)


async def test_asks_to_wait_when_a_client_tries_many_unknown_addresses(driver: CalendarDriver) -> None:
    """Valid addresses still work, because a server that polls for many people has one network address."""
    address = await driver.renew()
    for _ in range(30):
        with pytest.raises(CalendarAddressNotFoundError):
            await driver.read(CalendarToken.new())
    driver.clock.move(timedelta(minutes=1))

    with pytest.raises(LimitExceededError) as refused:
        await driver.read(CalendarToken.new())

    assert refused.value.retry_after == timedelta(minutes=4)
    await driver.read(address.token)
    with pytest.raises(CalendarAddressNotFoundError):
        await driver.read(CalendarToken.new(), client="198.51.100.7")


def test_tokens_are_long_random_and_out_of_repr_when_made() -> None:
    tokens = {CalendarToken.new() for _ in range(100)}

    assert len(tokens) == 100
    assert all(len(token.text) == 43 and token.text not in repr(token) for token in tokens)
    assert len({token.digest for token in tokens}) == 100
