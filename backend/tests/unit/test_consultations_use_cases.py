from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from app.application.consultations import (
    archive_consultation,
    close_consultation,
    create_consultation,
    edit_consultation,
    follow_schedule,
    open_consultation,
    remove_consultation,
)
from app.application.consultations_queries import (
    ResponseView,
)
from app.domain.consultations.answers import Answers
from app.domain.consultations.consultation import (
    Consultation,
    ConsultationId,
    ConsultationNotDraftError,
    ConsultationNotFoundError,
    ConsultationNotOpenError,
    ConsultationStatus,
)
from app.domain.consultations.drafts import (
    ConsultationAudience,
    ConsultationChanges,
    ConsultationDraft,
    ResultsVisibility,
)
from app.domain.consultations.responses import AlreadyRespondedError
from app.domain.errors import ForbiddenError, VersionMismatchError
from app.domain.members.member import Role
from tests.factories import NOW, make_actor, make_consultation, make_question
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork
from tests.unit.consultations_respondents import MEMBER, NEIGHBOUR, add_member, submit_response

BOARD_MEMBER = make_actor(Role.BOARD_MEMBER)
HOUR = timedelta(hours=1)


@pytest.fixture
def store() -> InMemoryStore:
    store = InMemoryStore()
    store.members[NEIGHBOUR.id] = NEIGHBOUR
    return store


@pytest.fixture
def uow(store: InMemoryStore, clock: FixedClock) -> InMemoryUnitOfWork:
    return InMemoryUnitOfWork(store, clock)


def stored(store: InMemoryStore, *, is_open: bool = False, **overrides: Any) -> Consultation:
    consultation = make_consultation(**overrides)
    if is_open:
        consultation.open(NOW)
    store.consultations[consultation.id] = consultation
    return consultation


async def test_stores_a_draft_by_the_actor_when_created(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    draft = ConsultationDraft(
        title="Trees",
        description="Where to plant them.",
        opens_at=NOW + HOUR,
        closes_at=NOW + 2 * HOUR,
        audience=ConsultationAudience.MEMBERS,
        results_visibility=ResultsVisibility.PUBLIC,
        anonymous=True,
        questions=[make_question()],
    )

    created = await create_consultation(draft, actor=BOARD_MEMBER, uow=uow, clock=clock)

    kept = store.consultations[created.id]
    assert (kept.status, kept.created_by) == (ConsultationStatus.DRAFT, BOARD_MEMBER.member_id)
    given = {name: value for name, value in vars(draft).items() if name != "questions"}
    assert {name: getattr(kept, name) for name in given} == given
    assert [question.title for question in kept.questions] == ["Shall we plant trees?"]


async def test_counts_versions_and_dates_when_it_goes_through_its_life(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    key = stored(store).id
    for version, verb in enumerate((open_consultation, close_consultation, archive_consultation), 2):
        clock.move(HOUR)
        changed = await verb(key, actor=BOARD_MEMBER, uow=uow)
        assert (changed.version, changed.updated_at) == (version, clock.now())

    assert store.consultations[key].status is ConsultationStatus.ARCHIVED


async def test_stores_and_returns_change_when_version_is_current(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    key = stored(store).id
    clock.move(HOUR)

    edited = await edit_consultation(
        key, {"title": "Shrubs"}, versions=frozenset({1}), actor=BOARD_MEMBER, uow=uow, clock=clock
    )

    kept = store.consultations[key]
    assert (kept.title, kept.updated_at, kept.version) == ("Shrubs", clock.now(), 2)
    assert (edited.id, edited.title) == (key, "Shrubs")


@pytest.mark.parametrize("anonymous", [False, True])
async def test_mixes_the_ballots_when_the_board_closes(
    *, anonymous: bool, store: InMemoryStore, uow: InMemoryUnitOfWork
) -> None:
    consultation = stored(store, is_open=True, anonymous=anonymous)
    for _ in range(6):
        await submit_response(consultation, 1, add_member(store), uow)
    cast = {ballot.id for ballot in store.ballots}

    await close_consultation(consultation.id, actor=BOARD_MEMBER, uow=uow)

    assert not cast & {ballot.id for ballot in store.ballots}
    assert len(store.ballots) == 6 * anonymous


async def test_stores_nothing_when_the_version_is_stale(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    key = stored(store).id
    seen = frozenset({7})

    with pytest.raises(VersionMismatchError):
        await edit_consultation(
            key, ConsultationChanges(title="N"), versions=seen, actor=BOARD_MEMBER, uow=uow, clock=clock
        )
    with pytest.raises(VersionMismatchError):
        await remove_consultation(key, versions=seen, actor=BOARD_MEMBER, uow=uow)

    assert store.consultations[key].title == "Trees in the square"


async def test_removes_when_and_only_when_it_is_a_draft(
    store: InMemoryStore, uow: InMemoryUnitOfWork
) -> None:
    draft = stored(store)
    opened = stored(store, is_open=True)

    await remove_consultation(draft.id, versions=None, actor=BOARD_MEMBER, uow=uow)
    with pytest.raises(ConsultationNotDraftError):
        await remove_consultation(opened.id, versions=None, actor=BOARD_MEMBER, uow=uow)

    assert list(store.consultations) == [opened.id]


async def test_keeps_who_said_what_when_the_consultation_is_named(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    consultation = stored(store, is_open=True)
    clock.move(HOUR)

    view = await submit_response(consultation, 1, MEMBER, uow)

    [response] = store.responses
    assert (response.member_id, response.created_at) == (MEMBER.member_id, clock.now())
    assert response.answers.choices == [consultation.questions[0].options[1].id]
    assert (store.participations, store.ballots) == ([], [])
    assert view == ResponseView.of(consultation, response.answers, clock.now())
    assert view.answers is not None
    assert view.responded_at == clock.now()


async def test_separates_respondents_from_answers_when_anonymous(
    store: InMemoryStore, uow: InMemoryUnitOfWork
) -> None:
    consultation = stored(store, is_open=True, anonymous=True)

    view = await submit_response(consultation, 1, MEMBER, uow)

    [participation] = store.participations
    ballot = store.ballots[-1]
    assert store.responses == []
    assert participation.member_id == MEMBER.member_id
    assert ballot.answers == Answers([consultation.questions[0].options[1].id], {})
    assert view == ResponseView(consultation.id, anonymous=True, responded_at=None, answers=None)


@pytest.mark.parametrize("anonymous", [False, True])
async def test_keeps_the_first_response_when_a_second_comes(
    *, anonymous: bool, store: InMemoryStore, uow: InMemoryUnitOfWork
) -> None:
    consultation = stored(store, is_open=True, anonymous=anonymous)
    await submit_response(consultation, 1, MEMBER, uow)

    with pytest.raises(AlreadyRespondedError):
        await submit_response(consultation, 0, MEMBER, uow)

    kept = [response.answers for response in store.responses]
    kept += [ballot.answers for ballot in store.ballots]
    assert [answers.choices for answers in kept] == [[consultation.questions[0].options[1].id]]


async def test_refuses_when_the_deadline_is_over_though_still_open(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    consultation = stored(store, is_open=True, closes_at=NOW + HOUR)
    clock.move(HOUR)

    with pytest.raises(ConsultationNotOpenError):
        await submit_response(consultation, 1, MEMBER, uow)

    assert store.responses == []


@pytest.mark.parametrize(
    ("role", "is_open", "audience"),
    [
        (Role.SUPPORTER, True, ConsultationAudience.MEMBERS),
        (Role.MEMBER, False, ConsultationAudience.MEMBERS_AND_SUPPORTERS),
    ],
)
async def test_finds_nothing_to_answer_when_it_is_not_visible(
    *,
    role: Role,
    is_open: bool,
    audience: ConsultationAudience,
    store: InMemoryStore,
    uow: InMemoryUnitOfWork,
) -> None:
    consultation = stored(store, is_open=is_open, audience=audience)

    with pytest.raises(ConsultationNotFoundError):
        await submit_response(consultation, 1, make_actor(role), uow)


async def test_opens_and_closes_due_consultations_when_scheduled(
    store: InMemoryStore, uow: InMemoryUnitOfWork, clock: FixedClock
) -> None:
    opening = stored(store, opens_at=NOW + HOUR)
    closing = stored(store, is_open=True, anonymous=True, closes_at=NOW + HOUR)
    waiting = stored(store, opens_at=NOW + 2 * HOUR)
    for _ in range(6):
        await submit_response(closing, 1, add_member(store), uow)
    cast = [ballot.id for ballot in store.ballots]
    clock.move(HOUR)

    await follow_schedule(uow=uow)

    statuses = {key: consultation.status for key, consultation in store.consultations.items()}
    assert statuses == {
        opening.id: ConsultationStatus.OPEN,
        closing.id: ConsultationStatus.CLOSED,
        waiting.id: ConsultationStatus.DRAFT,
    }
    assert len(store.ballots) == 6
    assert not set(cast) & {ballot.id for ballot in store.ballots}
    before = {key: consultation.version for key, consultation in store.consultations.items()}
    await follow_schedule(uow=uow)
    assert {key: consultation.version for key, consultation in store.consultations.items()} == before


@pytest.mark.parametrize(
    "attempt",
    [
        lambda key, ports, clock: edit_consultation(key, {"title": "N"}, versions=None, clock=clock, **ports),
        lambda key, ports, _: remove_consultation(key, versions=None, **ports),
        lambda key, ports, _: open_consultation(key, **ports),
        lambda key, ports, _: close_consultation(key, **ports),
        lambda key, ports, _: archive_consultation(key, **ports),
    ],
)
async def test_opens_no_transaction_when_the_role_does_not_suffice(
    attempt: Callable[[ConsultationId, dict[str, object], FixedClock], Awaitable[object]],
    store: InMemoryStore,
    uow: InMemoryUnitOfWork,
    clock: FixedClock,
) -> None:
    consultation = stored(store)

    with pytest.raises(ForbiddenError):
        await attempt(consultation.id, {"actor": MEMBER, "uow": uow}, clock)

    assert list(store.consultations.values()) == [consultation]
    assert not hasattr(uow, "consultations")
