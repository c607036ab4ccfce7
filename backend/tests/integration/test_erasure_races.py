"""Erasures that meet answers and closings: nobody answers twice or waits in a circle, no digest is left."""

import asyncio

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.consultations import close_consultation, create_response
from app.application.consultations_queries import ResponseView
from app.application.members import erase_own_member
from app.domain.consultations.consultation import Consultation
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import UnauthenticatedError
from app.domain.members import EmailAddress, Member, Role
from app.infrastructure.database.responses import erased_respondents
from app.infrastructure.security.address_digests import HmacAddressDigests
from tests.factories import NOW, make_actor, make_answers, make_consultation, make_member
from tests.fakes import FixedClock
from tests.integration.crowd import KEYS, Crowd, all_at_once

MARTA = EmailAddress("marta@pau2.example")
DIGESTS = HmacAddressDigests(KEYS)
GIVEN = "(SELECT 1 FROM ballots UNION ALL SELECT 1 FROM responses) AS given"


class Station(Crowd):
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
        async with self.uow() as uow:
            uow.consultations.add(consultation)
            await uow.commit()
        return consultation

    async def respond(self, consultation: Consultation, member: Member) -> ResponseView:
        actor = make_actor(Role.MEMBER, member_id=member.id)
        answers = make_answers(consultation, 0)
        return await create_response(consultation.id, answers, actor=actor, uow=self.uow(), digests=DIGESTS)

    async def erase(self) -> None:
        actor = make_actor(Role.MEMBER, member_id=self.marta.id)
        await erase_own_member(seen=None, actor=actor, uow=self.uow(), clock=FixedClock(), digests=DIGESTS)

    async def close(self, consultation: Consultation) -> None:
        await close_consultation(consultation.id, actor=make_actor(Role.BOARD_MEMBER), uow=self.uow())


@pytest.fixture
def station(fresh_engine: AsyncEngine) -> Station:
    return Station(fresh_engine)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_answers_once_when_the_erasure_waits_for_the_response(
    *, anonymous: bool, station: Station
) -> None:
    consultation = await station.opened(anonymous=anonymous)
    async with station.uow() as uow:
        await uow.members.get_locked(station.marta.id)
        answering = asyncio.create_task(station.respond(consultation, station.marta))
        await station.waiting(1)
        erasing = asyncio.create_task(station.erase())
        await station.waiting(2)

    await all_at_once(answering, erasing)
    again = station.person()
    await station.add(again)

    with pytest.raises(AlreadyRespondedError):
        await station.respond(consultation, again)
    assert await station.count(GIVEN) == 1
    assert await station.count(erased_respondents) == 1


async def test_answers_once_when_the_response_waits_for_the_erasure(station: Station) -> None:
    consultation = await station.opened(anonymous=True)
    async with station.uow() as uow:
        await uow.members.get_locked(station.marta.id)
        erasing = asyncio.create_task(station.erase())
        await station.waiting(1)
        answering = asyncio.create_task(station.respond(consultation, station.marta))
        await station.waiting(2)

    erased, answered = await all_at_once(erasing, answering)
    again = station.person()
    await station.add(again)

    assert erased is None
    assert isinstance(answered, UnauthenticatedError)
    await station.respond(consultation, again)
    assert await station.count(GIVEN) == 1


@pytest.mark.parametrize("first", ["close", "erase"])
async def test_no_digest_is_left_when_a_closing_meets_an_erasure(first: str, station: Station) -> None:
    """Closing writes participations anew, which looks at members; erasing looks at consultations."""
    consultation = await station.opened(anonymous=True)
    await station.respond(consultation, station.marta)
    async with station.uow() as uow:
        await uow.consultations.get_locked(consultation.id)
        tasks = {}
        for number, name in enumerate([first, {"close": "erase", "erase": "close"}[first]], 1):
            work = station.close(consultation) if name == "close" else station.erase()
            tasks[name] = asyncio.create_task(work)
            await station.waiting(number)

    results = await all_at_once(*tasks.values())

    assert results == [None, None]
    assert await station.count(erased_respondents) == 0
    assert await station.count("members WHERE erased_at IS NOT NULL") == 1
