"""A consultation stays consistent under any sequence of acts of the board, members and the clock."""

from collections.abc import Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.application.consultations import (
    archive_consultation,
    close_consultation,
    create_response,
    edit_consultation,
    follow_schedule,
    open_consultation,
    remove_consultation,
)
from app.domain.consultations.consultation import Consultation, ConsultationStatus
from app.domain.consultations.drafts import ConsultationChanges
from app.domain.errors import ConflictError, NotFoundError
from app.domain.members.member import Role
from tests.examples import EXAMPLES
from tests.factories import make_actor, make_answers, make_consultation, make_member, make_question
from tests.fakes import FixedClock, InMemoryStore, InMemoryUnitOfWork, PlainAddressDigests

DRAFT, OPEN, CLOSED, ARCHIVED = ConsultationStatus
BOARD_MEMBER = make_actor(Role.BOARD_MEMBER)
PEOPLE = [make_member() for _ in range(3)]
MEMBERS = [make_actor(Role.MEMBER, member_id=person.id) for person in PEOPLE]
HOURS = st.none() | st.integers(1, 6)

Result = TypeVar("Result")


def ended(work: Coroutine[Any, Any, Result]) -> Result:
    """Run a coroutine that never waits, which holds for everything on fakes."""
    try:
        work.send(None)
    except StopIteration as end:
        result: Result = end.value
        return result
    raise AssertionError("this waits for something")


def refused(work: Coroutine[Any, Any, object]) -> bool:
    try:
        ended(work)
    except (ConflictError, NotFoundError):
        return True
    return False


class ConsultationMachine(RuleBasedStateMachine):
    """The model: `status` and `answered` are expected, and the rules predict which acts are refused."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FixedClock()
        self.store = InMemoryStore()
        self.store.members |= {person.id: person for person in PEOPLE}
        self.uow = InMemoryUnitOfWork(self.store, self.clock)
        self.status: ConsultationStatus | None = DRAFT
        self.answered: set[int] = set()
        self.asked: Sequence[object] = ()

    @initialize(anonymous=st.booleans(), opens=HOURS, lasts=HOURS)
    def write(self, *, anonymous: bool, opens: int | None, lasts: int | None) -> None:
        start = self.clock.now() + timedelta(hours=opens or 0)
        draft = make_consultation(
            anonymous=anonymous,
            opens_at=start if opens else None,
            closes_at=start + timedelta(hours=lasts) if lasts else None,
        )
        self.id = draft.id
        self.store.consultations[self.id] = draft

    @property
    def kept(self) -> Consultation:
        return self.store.consultations[self.id]

    def over(self) -> bool:
        return self.kept.closes_at is not None and self.kept.closes_at <= self.clock.now()

    @rule(minutes=st.integers(1, 180))
    def wait(self, minutes: int) -> None:
        """Scheduled changes happen on time, whether or not they are recorded."""
        self.clock.move(timedelta(minutes=minutes))
        if self.status is None:
            return
        opens_at: datetime | None = self.kept.opens_at
        if self.status is DRAFT and opens_at is not None and opens_at <= self.clock.now():
            self.status = OPEN
            self.asked = [question.id for question in self.kept.questions]
        if self.status is OPEN and self.over():
            self.status = CLOSED

    @precondition(lambda self: self.status is not None)
    @rule()
    def open(self) -> None:
        allowed = self.status is DRAFT and not self.over()
        act = open_consultation(self.id, actor=BOARD_MEMBER, uow=self.uow)
        assert refused(act) is not allowed
        if allowed:
            self.status = OPEN
            self.asked = [question.id for question in self.kept.questions]

    @precondition(lambda self: self.status is not None)
    @rule()
    def close(self) -> None:
        allowed = self.status is OPEN
        assert refused(close_consultation(self.id, actor=BOARD_MEMBER, uow=self.uow)) is not allowed
        self.status = CLOSED if allowed else self.status

    @precondition(lambda self: self.status is not None)
    @rule()
    def archive(self) -> None:
        allowed = self.status is CLOSED
        assert refused(archive_consultation(self.id, actor=BOARD_MEMBER, uow=self.uow)) is not allowed
        self.status = ARCHIVED if allowed else self.status

    @precondition(lambda self: self.status is not None)
    @rule(number=st.integers(1, 3))
    def ask_something_else(self, number: int) -> None:
        changes = ConsultationChanges(questions=[make_question()] * number)
        assert refused(self._edit(changes)) is not (self.status is DRAFT)

    @precondition(lambda self: self.status is not None)
    @rule(anonymous=st.booleans())
    def switch_anonymity(self, *, anonymous: bool) -> None:
        allowed = self.status is DRAFT or (self.status is not ARCHIVED and anonymous is self.kept.anonymous)
        assert refused(self._edit(ConsultationChanges(anonymous=anonymous))) is not allowed

    @precondition(lambda self: self.status is OPEN)
    @rule(hours=st.integers(1, 3))
    def prolong(self, hours: int) -> None:
        until = self.clock.now() + timedelta(hours=hours)
        assert not refused(self._edit(ConsultationChanges(closes_at=until)))

    @precondition(lambda self: self.status is not None)
    @rule(who=st.integers(0, 2), pick=st.integers(0, 1))
    def answer(self, who: int, pick: int) -> None:
        allowed = self.status is OPEN and not self.over() and who not in self.answered
        answers = make_answers(self.kept, *[pick] * len(self.kept.questions))
        assert (
            refused(
                create_response(
                    self.id, answers, actor=MEMBERS[who], uow=self.uow, digests=PlainAddressDigests()
                )
            )
            is not allowed
        )
        if allowed:
            self.answered.add(who)

    @precondition(lambda self: self.status is not None)
    @rule()
    def follow_schedule(self) -> None:
        ended(follow_schedule(uow=self.uow))
        assert self.kept.status is self.status

    @precondition(lambda self: self.status is not None)
    @rule(sure=st.sampled_from([True, False, False, False]))
    def remove(self, *, sure: bool) -> None:
        if self.status is DRAFT and not sure:
            return  # most sequences should be longer
        act = remove_consultation(self.id, versions=None, actor=BOARD_MEMBER, uow=self.uow)
        assert refused(act) is not (self.status is DRAFT)
        self.status = None if self.status is DRAFT else self.status

    @invariant()
    def status_is_as_expected(self) -> None:
        found = [each.status_at(self.clock.now()) for each in self.store.consultations.values()]
        assert found == ([] if self.status is None else [self.status])

    @invariant()
    def everybody_answered_at_most_once_and_nothing_is_lost(self) -> None:
        who = [response.member_id for response in self.store.responses]
        who += [participation.member_id for participation in self.store.participations]
        assert sorted(who) == sorted(MEMBERS[number].member_id for number in self.answered)

    @invariant()
    def people_and_answers_are_apart_when_anonymous(self) -> None:
        if self.status in {None, DRAFT}:
            assert self.answered == set()
        elif self.kept.anonymous:
            assert self.store.responses == []
            assert len(self.store.ballots) == len(self.store.participations)
        else:
            assert self.store.ballots == []

    @invariant()
    def questions_stay_when_it_was_opened(self) -> None:
        if self.status not in {None, DRAFT}:
            assert [question.id for question in self.kept.questions] == self.asked
            assert self.kept.opens_at is not None
            assert self.kept.opens_at <= self.clock.now()

    def _edit(self, changes: ConsultationChanges) -> Coroutine[Any, Any, Consultation]:
        return edit_consultation(
            self.id, changes, versions=None, actor=BOARD_MEMBER, uow=self.uow, clock=self.clock
        )


TestConsultationMachine = ConsultationMachine.TestCase
TestConsultationMachine.settings = settings(max_examples=EXAMPLES.machines, stateful_step_count=30)
