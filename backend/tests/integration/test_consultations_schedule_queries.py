"""Reads show due changes as the worker will record them."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from app.application.consultations import follow_schedule
from app.application.consultations_queries import ConsultationVisibility
from app.core.database import Database
from app.domain.consultations.consultation import ConsultationStatus
from app.domain.members.member import Role
from app.infrastructure.database.consultations_queries import SqlAlchemyConsultationQueries
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.factories import make_actor, make_consultation, make_member, make_question

EVERY = ConsultationVisibility.of(make_actor(Role.BOARD_MEMBER))
DRAFT, OPEN, CLOSED, ARCHIVED = ConsultationStatus


@pytest.mark.parametrize("recorded", [DRAFT, OPEN])
@pytest.mark.parametrize("asked", [True, False])
@pytest.mark.parametrize(
    "plan",
    [
        {},
        {"opens_at": -2},
        {"opens_at": +2},
        {"closes_at": -2},
        {"closes_at": +2},
        {"opens_at": -4, "closes_at": -2},
        {"opens_at": -2, "closes_at": +2},
        {"opens_at": -9, "closes_at": -7},
    ],
)
async def test_reads_are_what_is_recorded_next_when_a_time_has_come(
    *,
    recorded: ConsultationStatus,
    asked: bool,
    plan: Mapping[str, int],
    database: Database,
    uow: SqlAlchemyUnitOfWork,
) -> None:
    """Times are hours from now, stored six hours ago. If the end had passed by then, it stays a draft."""
    now = datetime.now(UTC)
    author = make_member()
    consultation = make_consultation(
        created_by=author.id,
        at=now - timedelta(hours=6),
        questions=[make_question()] if asked else [],
        **{name: now + timedelta(hours=hours) for name, hours in plan.items()},
    )
    consultation.status = recorded
    if recorded is OPEN:
        consultation.opens_at = consultation.opens_at or consultation.created_at
    async with uow:
        uow.members.add(author)
        await uow.flush()
        uow.consultations.add(consultation)
        await uow.commit()
    queries = SqlAlchemyConsultationQueries(database.reads)

    before = await queries.get_consultation(consultation.id, visible=EVERY)
    expected = consultation.status_at(datetime.now(UTC))
    await follow_schedule(uow=uow)
    after = await queries.get_consultation(consultation.id, visible=EVERY)

    assert before.status is after.status is expected
    assert replace(before, ballots_shuffled=after.ballots_shuffled) == after
    assert after.ballots_shuffled is (after.status in {CLOSED, ARCHIVED})
