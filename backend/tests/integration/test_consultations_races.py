"""Concurrent responses and closings, with several connections and real commits."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from app.application.access import Actor
from app.application.consultations import (
    close_consultation,
    create_response,
    edit_consultation,
    follow_schedule,
    open_consultation,
    remove_consultation,
)
from app.application.consultations_queries import ResponseView
from app.core.clock import SystemClock
from app.domain.consultations.consultation import (
    Consultation,
    ConsultationNotDraftError,
    ConsultationNotOpenError,
    ConsultationStatus,
)
from app.domain.consultations.drafts import ConsultationChanges
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import DomainError
from app.domain.members.member import Role
from app.infrastructure.database.consultations import questions
from app.infrastructure.database.responses import ballots, participations, responses
from tests.factories import make_actor, make_answers, make_consultation, make_member
from tests.fakes import PlainAddressDigests
from tests.support.concurrency import CONCURRENCY, ConcurrentClients, gather_results

BOARD_MEMBER = make_actor(Role.BOARD_MEMBER)


class ConsultationDriver(ConcurrentClients):
    """Members who answer consultations, and the board, who opens and closes them."""

    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.members = [make_member(role=Role.MEMBER) for _ in range(CONCURRENCY)]

    async def store(self, *, is_open: bool = True, **overrides: Any) -> Consultation:
        async with self.new_uow() as uow:
            if await uow.members.find(self.members[0].id) is None:
                for member in self.members:
                    uow.members.add(member)
                await uow.flush()
            consultation = make_consultation(created_by=self.members[0].id, **overrides)
            if is_open:
                consultation.open(consultation.created_at)
            uow.consultations.add(consultation)
            await uow.commit()
        return consultation

    def actor(self, place: int) -> Actor:
        return make_actor(Role.MEMBER, member_id=self.members[place].id)

    async def respond(self, consultation: Consultation, place: int) -> ResponseView:
        answers = make_answers(consultation, 0)
        return await create_response(
            consultation.id,
            answers,
            actor=self.actor(place),
            uow=self.new_uow(),
            digests=PlainAddressDigests(),
        )

    async def close(self, consultation: Consultation) -> Consultation:
        return await close_consultation(consultation.id, actor=BOARD_MEMBER, uow=self.new_uow())

    async def status(self, consultation: Consultation) -> ConsultationStatus:
        async with self.new_uow() as uow:
            return (await uow.consultations.get_shared(consultation.id)).status


@pytest.fixture
def driver(fresh_engine: AsyncEngine) -> ConsultationDriver:
    return ConsultationDriver(fresh_engine)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_one_counts_when_a_member_answers_several_times_at_once(
    *, anonymous: bool, driver: ConsultationDriver
) -> None:
    consultation = await driver.store(anonymous=anonymous)

    results = await gather_results(*(driver.respond(consultation, 0) for _ in range(CONCURRENCY)))

    assert sum(isinstance(result, ResponseView) for result in results) == 1
    assert sum(isinstance(result, AlreadyRespondedError) for result in results) == CONCURRENCY - 1
    assert await driver.count(responses) == (0 if anonymous else 1)
    assert await driver.count(participations) == await driver.count(ballots) == int(anonymous)


async def test_all_count_when_different_members_answer_at_once(driver: ConsultationDriver) -> None:
    """Respondents take a shared lock on the consultation, so they do not wait for each other."""
    consultation = await driver.store(anonymous=True)

    results = await gather_results(*(driver.respond(consultation, place) for place in range(CONCURRENCY)))

    assert all(isinstance(result, ResponseView) for result in results), results
    assert await driver.count(ballots) == CONCURRENCY


async def test_closing_waits_when_a_response_has_locked_consultation(driver: ConsultationDriver) -> None:
    consultation = await driver.store()
    async with driver.new_uow() as uow:
        await uow.consultations.get_shared(consultation.id)
        closing = asyncio.create_task(driver.close(consultation))
        _, waiting = await asyncio.wait([closing], timeout=0.3)
        assert waiting == {closing}
        assert isinstance(await driver.respond(consultation, 1), ResponseView)

    assert (await closing).status is ConsultationStatus.CLOSED
    assert await driver.count(responses) == 1


async def test_answer_waits_and_is_refused_when_the_closing_came_first(driver: ConsultationDriver) -> None:
    consultation = await driver.store(anonymous=True)
    async with driver.new_uow() as uow:
        held = await uow.consultations.get_locked(consultation.id)
        answering = asyncio.create_task(driver.respond(consultation, 0))
        _, waiting = await asyncio.wait([answering], timeout=0.3)
        held.close(await uow.now())
        await uow.commit()

    assert waiting == {answering}
    with pytest.raises(ConsultationNotOpenError):
        await answering
    assert await driver.count(participations) == await driver.count(ballots) == 0


async def test_nothing_is_lost_or_added_when_answers_meet_a_closing(driver: ConsultationDriver) -> None:
    consultation = await driver.store(anonymous=True)

    *results, _ = await gather_results(
        *(driver.respond(consultation, place) for place in range(CONCURRENCY)), driver.close(consultation)
    )

    counted = sum(isinstance(result, ResponseView) for result in results)
    assert counted + sum(isinstance(result, ConsultationNotOpenError) for result in results) == CONCURRENCY
    assert await driver.count(ballots) == await driver.count(participations) == counted
    assert await driver.status(consultation) is ConsultationStatus.CLOSED


async def test_checks_deadline_after_the_lock_when_response_waited(driver: ConsultationDriver) -> None:
    """The response arrives in time but gets the lock too late, so it is refused."""
    consultation = await driver.store(closes_at=datetime.now(UTC) + timedelta(seconds=0.4))
    async with driver.new_uow() as uow:
        await uow.consultations.get_locked(consultation.id)
        answering = asyncio.create_task(driver.respond(consultation, 0))
        await asyncio.wait([answering], timeout=0.6)

    with pytest.raises(ConsultationNotOpenError):
        await answering


async def test_one_wins_when_it_is_opened_at_once(driver: ConsultationDriver) -> None:
    consultation = await driver.store(is_open=False)

    results = await gather_results(
        *(
            open_consultation(consultation.id, actor=BOARD_MEMBER, uow=driver.new_uow())
            for _ in range(CONCURRENCY)
        )
    )

    assert sum(isinstance(result, Consultation) for result in results) == 1
    assert sum(isinstance(result, ConsultationNotDraftError) for result in results) == CONCURRENCY - 1


async def test_nobody_answers_edited_questions_when_edit_meets_opening(driver: ConsultationDriver) -> None:
    """The second sees the result of the first: an open consultation keeps its questions."""
    consultation = await driver.store(is_open=False)
    changes = ConsultationChanges(questions=[])

    edited, opened, removed = await gather_results(
        edit_consultation(
            consultation.id,
            changes,
            versions=frozenset({1}),
            actor=BOARD_MEMBER,
            uow=driver.new_uow(),
            clock=SystemClock(),
        ),
        open_consultation(consultation.id, actor=BOARD_MEMBER, uow=driver.new_uow()),
        remove_consultation(
            consultation.id, versions=frozenset({1}), actor=BOARD_MEMBER, uow=driver.new_uow()
        ),
    )

    outcomes = [edited, opened, removed]
    assert sum(isinstance(outcome, DomainError) for outcome in outcomes) == 2, outcomes
    if isinstance(opened, Consultation):
        assert await driver.count(questions) == 1


async def test_closes_once_when_two_workers_follow_the_schedule(driver: ConsultationDriver) -> None:
    due = datetime.now(UTC) - timedelta(seconds=1)
    closing = await driver.store(anonymous=True, closes_at=due)
    opening = await driver.store(is_open=False, opens_at=due)

    results = await gather_results(*(follow_schedule(uow=driver.new_uow()) for _ in range(3)))

    assert results == [None] * 3
    assert await driver.status(closing) is ConsultationStatus.CLOSED
    assert await driver.status(opening) is ConsultationStatus.OPEN
    async with driver.new_uow() as uow:
        assert (await uow.consultations.get_shared(closing.id)).version == 2
