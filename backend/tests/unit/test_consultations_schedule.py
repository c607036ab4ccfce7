"""Effects of the schedule on a consultation, whenever a worker records them."""

from datetime import timedelta
from typing import Any

import pytest

from app.application.consultations import (
    archive_consultation,
    edit_consultation,
    follow_schedule,
)
from app.domain.consultations.consultation import Consultation, ConsultationStatus
from app.domain.members.member import Role
from tests.factories import NOW, make_actor, make_consultation
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork
from tests.unit.consultations_respondents import add_member, submit_response

BOARD_MEMBER = make_actor(Role.BOARD_MEMBER)
MEMBER = make_actor(Role.MEMBER)
HOUR = timedelta(hours=1)


@pytest.fixture
def store() -> InMemoryStore:
    return InMemoryStore()


@pytest.fixture
def uow(store: InMemoryStore, clock: FixedClock) -> InMemoryUnitOfWork:
    return InMemoryUnitOfWork(store, clock)


def stored(store: InMemoryStore, *, is_open: bool = False, **overrides: Any) -> Consultation:
    consultation = make_consultation(**overrides)
    if is_open:
        consultation.open(NOW)
    store.consultations[consultation.id] = consultation
    return consultation


@pytest.mark.parametrize("recorded", [False, True])
async def test_counts_same_version_when_due_change_is_recorded_or_not(
    *, recorded: bool, store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    """Opening and closing were due, so readers have seen versions 2 and 3, and an edit makes version 4."""
    key = stored(store, opens_at=NOW + HOUR, closes_at=NOW + 2 * HOUR).id
    clock.move(3 * HOUR)
    if recorded:
        await follow_schedule(uow=uow)

    edited = await edit_consultation(
        key, {"title": "Shrubs"}, versions=frozenset({3}), actor=BOARD_MEMBER, uow=uow, clock=clock
    )

    assert (edited.status, edited.version) == (ConsultationStatus.CLOSED, 4)


async def test_opens_at_once_when_a_draft_is_planned_for_the_past(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    key = stored(store).id

    edited = await edit_consultation(
        key, {"opens_at": NOW}, versions=None, actor=BOARD_MEMBER, uow=uow, clock=clock
    )

    assert (edited.status, edited.version) == (ConsultationStatus.OPEN, 2)


async def test_shuffles_ballots_when_archived_after_the_deadline(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    consultation = stored(store, is_open=True, anonymous=True, closes_at=NOW + HOUR)
    for _ in range(6):
        await submit_response(consultation, 1, add_member(store), uow)
    cast = {ballot.id for ballot in store.ballots}
    clock.move(HOUR)

    await archive_consultation(consultation.id, actor=BOARD_MEMBER, uow=uow)

    assert store.consultations[consultation.id].status is ConsultationStatus.ARCHIVED
    assert len(store.ballots) == 6
    assert not cast & {ballot.id for ballot in store.ballots}


async def test_takes_answers_when_the_opening_is_due_and_not_recorded(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    """Responses take a shared lock on the consultation, so they cannot record its opening."""
    consultation = stored(store, opens_at=NOW + HOUR)
    clock.move(HOUR)

    await submit_response(consultation, 1, add_member(store), uow)

    assert len(store.responses) == 1
    assert store.consultations[consultation.id].status is ConsultationStatus.DRAFT
