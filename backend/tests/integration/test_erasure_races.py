"""Concurrent erasures, responses and closings: no second response, no deadlock, no digest left."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.consultations import close_consultation, create_response
from app.application.consultations_queries import ResponseView
from app.application.members import erase_own_member
from app.domain.consultations.consultation import Consultation
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import UnauthenticatedError
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Member, Role
from app.infrastructure.database.responses import erased_respondents
from app.infrastructure.security.address_digests import HmacAddressDigests
from tests.factories import NOW, make_actor, make_answers, make_consultation, make_member
from tests.fakes import FixedClock
from tests.support.accounts import KEYS
from tests.support.concurrency import ConcurrentClients, gather_results

MARTA = EmailAddress("marta@pau2.example")
DIGESTS = HmacAddressDigests(KEYS)
GIVEN = "(SELECT 1 FROM ballots UNION ALL SELECT 1 FROM responses) AS given"


class ErasureDriver(ConcurrentClients):
    """Marta, who answers a consultation and has her account erased."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.author = make_member(role=Role.BOARD_MEMBER)
        self.marta = self.person()

    @staticmethod
    def person() -> Member:
        return make_member(email=MARTA, role=Role.MEMBER)

    async def opened(self, *, anonymous: bool) -> Consultation:
        await self.add(self.author, self.marta)
        consultation = make_consultation(created_by=self.author.id, anonymous=anonymous)
        consultation.open(NOW)
        async with self.new_uow() as uow:
            uow.consultations.add(consultation)
            await uow.commit()
        return consultation

    async def respond(self, consultation: Consultation, member: Member) -> ResponseView:
        actor = make_actor(Role.MEMBER, member_id=member.id)
        answers = make_answers(consultation, 0)
        return await create_response(
            consultation.id, answers, actor=actor, uow=self.new_uow(), digests=DIGESTS
        )

    async def erase(self) -> None:
        actor = make_actor(Role.MEMBER, member_id=self.marta.id)
        await erase_own_member(
            versions=None, actor=actor, uow=self.new_uow(), clock=FixedClock(), digests=DIGESTS
        )

    async def close(self, consultation: Consultation) -> None:
        await close_consultation(consultation.id, actor=make_actor(Role.BOARD_MEMBER), uow=self.new_uow())


@pytest.fixture
def driver(fresh_engine: AsyncEngine) -> ErasureDriver:
    return ErasureDriver(fresh_engine)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_answers_once_when_the_erasure_waits_for_the_response(
    *, anonymous: bool, driver: ErasureDriver
) -> None:
    consultation = await driver.opened(anonymous=anonymous)
    async with driver.new_uow() as uow:
        await uow.members.get_locked(driver.marta.id)
        answering = asyncio.create_task(driver.respond(consultation, driver.marta))
        await driver.wait_until_blocked(1)
        erasing = asyncio.create_task(driver.erase())
        await driver.wait_until_blocked(2)

    await gather_results(answering, erasing)
    again = driver.person()
    await driver.add(again)

    with pytest.raises(AlreadyRespondedError):
        await driver.respond(consultation, again)
    assert await driver.count(GIVEN) == 1
    assert await driver.count(erased_respondents) == 1


async def test_answers_once_when_the_response_waits_for_the_erasure(driver: ErasureDriver) -> None:
    consultation = await driver.opened(anonymous=True)
    async with driver.new_uow() as uow:
        await uow.members.get_locked(driver.marta.id)
        erasing = asyncio.create_task(driver.erase())
        await driver.wait_until_blocked(1)
        answering = asyncio.create_task(driver.respond(consultation, driver.marta))
        await driver.wait_until_blocked(2)

    erased, answered = await gather_results(erasing, answering)
    again = driver.person()
    await driver.add(again)

    assert erased is None
    assert isinstance(answered, UnauthenticatedError)
    await driver.respond(consultation, again)
    assert await driver.count(GIVEN) == 1


@pytest.mark.parametrize("first", ["close", "erase"])
async def test_no_digest_is_left_when_a_closing_meets_an_erasure(first: str, driver: ErasureDriver) -> None:
    """Closing rewrites participations, which locks members; erasing locks consultations."""
    consultation = await driver.opened(anonymous=True)
    await driver.respond(consultation, driver.marta)
    async with driver.new_uow() as uow:
        await uow.consultations.get_locked(consultation.id)
        tasks = {}
        for number, name in enumerate([first, {"close": "erase", "erase": "close"}[first]], 1):
            work = driver.close(consultation) if name == "close" else driver.erase()
            tasks[name] = asyncio.create_task(work)
            await driver.wait_until_blocked(number)

    results = await gather_results(*tasks.values())

    assert results == [None, None]
    assert await driver.count(erased_respondents) == 0
    assert await driver.count("members WHERE erased_at IS NOT NULL") == 1
