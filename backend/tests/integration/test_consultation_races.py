"""Answers and closings that meet: several connections, real commits."""

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
    ConsultationChanges,
    ConsultationNotDraftError,
    ConsultationNotOpenError,
    ConsultationStatus,
)
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import DomainError
from app.domain.members import Role
from app.infrastructure.database.consultations import questions
from app.infrastructure.database.responses import ballots, participations, responses
from tests.factories import make_actor, make_answers, make_consultation, make_member
from tests.fakes import PlainAddressDigests
from tests.integration.crowd import AT_ONCE, Crowd, all_at_once

BOARD_MEMBER = make_actor(Role.BOARD_MEMBER)


class Polls(Crowd):
    def __init__(self, engine: AsyncEngine) -> None:
        super().__init__(engine)
        self.members = [make_member(role=Role.MEMBER) for _ in range(AT_ONCE)]

    async def store(self, *, is_open: bool = True, **overrides: Any) -> Consultation:
        async with self.uow() as uow:
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
            consultation.id, answers, actor=self.actor(place), uow=self.uow(), digests=PlainAddressDigests()
        )

    async def close(self, consultation: Consultation) -> Consultation:
        return await close_consultation(consultation.id, actor=BOARD_MEMBER, uow=self.uow())

    async def status(self, consultation: Consultation) -> ConsultationStatus:
        async with self.uow() as uow:
            return (await uow.consultations.get_shared(consultation.id)).status


@pytest.fixture
def polls(fresh_engine: AsyncEngine) -> Polls:
    return Polls(fresh_engine)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_one_counts_when_a_member_answers_several_times_at_once(
    *, anonymous: bool, polls: Polls
) -> None:
    consultation = await polls.store(anonymous=anonymous)

    results = await all_at_once(*(polls.respond(consultation, 0) for _ in range(AT_ONCE)))

    assert sum(isinstance(result, ResponseView) for result in results) == 1
    assert sum(isinstance(result, AlreadyRespondedError) for result in results) == AT_ONCE - 1
    assert await polls.count(responses) == (0 if anonymous else 1)
    assert await polls.count(participations) == await polls.count(ballots) == int(anonymous)


async def test_all_count_when_different_members_answer_at_once(polls: Polls) -> None:
    """They share the lock on the consultation, so none of them waits for another."""
    consultation = await polls.store(anonymous=True)

    results = await all_at_once(*(polls.respond(consultation, place) for place in range(AT_ONCE)))

    assert all(isinstance(result, ResponseView) for result in results), results
    assert await polls.count(ballots) == AT_ONCE


async def test_closing_waits_and_the_answer_counts_when_it_holds_the_consultation(polls: Polls) -> None:
    consultation = await polls.store()
    async with polls.uow() as uow:
        await uow.consultations.get_shared(consultation.id)
        closing = asyncio.create_task(polls.close(consultation))
        _, waiting = await asyncio.wait([closing], timeout=0.3)
        assert waiting == {closing}
        assert isinstance(await polls.respond(consultation, 1), ResponseView)

    assert (await closing).status is ConsultationStatus.CLOSED
    assert await polls.count(responses) == 1


async def test_answer_waits_and_is_refused_when_the_closing_came_first(polls: Polls) -> None:
    consultation = await polls.store(anonymous=True)
    async with polls.uow() as uow:
        held = await uow.consultations.get_locked(consultation.id)
        answering = asyncio.create_task(polls.respond(consultation, 0))
        _, waiting = await asyncio.wait([answering], timeout=0.3)
        held.close(await uow.now())
        await uow.commit()

    assert waiting == {answering}
    with pytest.raises(ConsultationNotOpenError):
        await answering
    assert await polls.count(participations) == await polls.count(ballots) == 0


async def test_nothing_is_lost_or_added_when_answers_meet_a_closing(polls: Polls) -> None:
    consultation = await polls.store(anonymous=True)

    *results, _ = await all_at_once(
        *(polls.respond(consultation, place) for place in range(AT_ONCE)), polls.close(consultation)
    )

    counted = sum(isinstance(result, ResponseView) for result in results)
    assert counted + sum(isinstance(result, ConsultationNotOpenError) for result in results) == AT_ONCE
    assert await polls.count(ballots) == await polls.count(participations) == counted
    assert await polls.status(consultation) is ConsultationStatus.CLOSED


async def test_deadline_is_read_after_the_lock_when_an_answer_had_to_wait(polls: Polls) -> None:
    """It came in time, but gets its turn too late: no answer is taken after the deadline."""
    consultation = await polls.store(closes_at=datetime.now(UTC) + timedelta(seconds=0.4))
    async with polls.uow() as uow:
        await uow.consultations.get_locked(consultation.id)
        answering = asyncio.create_task(polls.respond(consultation, 0))
        await asyncio.wait([answering], timeout=0.6)

    with pytest.raises(ConsultationNotOpenError):
        await answering


async def test_one_wins_when_it_is_opened_at_once(polls: Polls) -> None:
    consultation = await polls.store(is_open=False)

    results = await all_at_once(
        *(open_consultation(consultation.id, actor=BOARD_MEMBER, uow=polls.uow()) for _ in range(AT_ONCE))
    )

    assert sum(isinstance(result, Consultation) for result in results) == 1
    assert sum(isinstance(result, ConsultationNotDraftError) for result in results) == AT_ONCE - 1


async def test_nobody_answers_other_questions_when_an_edit_meets_the_opening(polls: Polls) -> None:
    """Whoever comes second sees what the first did: an open consultation keeps its questions."""
    consultation = await polls.store(is_open=False)
    changes = ConsultationChanges(questions=[])

    edited, opened, removed = await all_at_once(
        edit_consultation(
            consultation.id,
            changes,
            seen=frozenset({1}),
            actor=BOARD_MEMBER,
            uow=polls.uow(),
            clock=SystemClock(),
        ),
        open_consultation(consultation.id, actor=BOARD_MEMBER, uow=polls.uow()),
        remove_consultation(consultation.id, seen=frozenset({1}), actor=BOARD_MEMBER, uow=polls.uow()),
    )

    outcomes = [edited, opened, removed]
    assert sum(isinstance(outcome, DomainError) for outcome in outcomes) == 2, outcomes
    if isinstance(opened, Consultation):
        assert await polls.count(questions) == 1


async def test_closes_once_when_two_workers_follow_the_schedule(polls: Polls) -> None:
    due = datetime.now(UTC) - timedelta(seconds=1)
    closing = await polls.store(anonymous=True, closes_at=due)
    opening = await polls.store(is_open=False, opens_at=due)

    results = await all_at_once(*(follow_schedule(uow=polls.uow()) for _ in range(3)))

    assert results == [None] * 3
    assert await polls.status(closing) is ConsultationStatus.CLOSED
    assert await polls.status(opening) is ConsultationStatus.OPEN
    async with polls.uow() as uow:
        assert (await uow.consultations.get_shared(closing.id)).version == 2
