"""Contract of the repositories of consultations and responses."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from app.application.unit_of_work import UnitOfWork
from app.domain.consultations.answers import Answers
from app.domain.consultations.consultation import Consultation, ConsultationId, ConsultationNotFoundError
from app.domain.consultations.drafts import ConsultationAudience, ConsultationChanges, ResultsVisibility
from app.domain.consultations.questions import OptionId, QuestionId, QuestionKind
from app.domain.consultations.responses import AlreadyRespondedError, Ballot, Participation, Response
from app.domain.members.member import Member, MemberId
from tests.factories import NOW, make_consultation, make_question

LATER = NOW + timedelta(hours=1)
HOUR = timedelta(hours=1)
TEXT = make_question(kind=QuestionKind.OPEN_TEXT, options=[], description="In a word.", required=False)


async def stored(uow: UnitOfWork, author: Member, **overrides: Any) -> Consultation:
    consultation = make_consultation(created_by=author.id, **overrides)
    async with uow:
        uow.consultations.add(consultation)
        await uow.commit()
    return consultation


def facts(consultation: Consultation) -> dict[str, Any]:
    """Return all stored fields, for comparison by value."""
    return {name: value for name, value in vars(consultation).items() if name[0] != "_"} | {
        "questions": [
            (each.id, each.position, each.title, each.description, each.kind, each.required)
            for each in consultation.questions
        ],
        "options": [
            (option.id, option.position, option.text)
            for question in consultation.questions
            for option in question.options
        ],
    }


async def test_returns_the_same_aggregate_when_stored(any_uow: UnitOfWork, author: Member) -> None:
    consultation = await stored(
        any_uow,
        author,
        description="Why.",
        opens_at=NOW,
        closes_at=LATER,
        audience=ConsultationAudience.MEMBERS_AND_SUPPORTERS,
        results_visibility=ResultsVisibility.PRIVATE,
        anonymous=True,
        questions=[make_question(options=["C", "A", "B"]), TEXT, make_question()],
    )

    async with any_uow:
        locked = await any_uow.consultations.get_locked(consultation.id)
    async with any_uow:
        shared = await any_uow.consultations.get_shared(consultation.id)

    assert locked is not consultation
    assert facts(locked) == facts(shared) == facts(consultation)


async def test_keeps_only_the_new_questions_when_they_are_replaced(
    any_uow: UnitOfWork, author: Member
) -> None:
    consultation = await stored(any_uow, author)
    async with any_uow:
        found = await any_uow.consultations.get_locked(consultation.id)
        found.edit(ConsultationChanges(questions=[TEXT, make_question(options=["A", "B", "C"])]), LATER)
        await any_uow.commit()
    replaced = facts(found)

    async with any_uow:
        again = await any_uow.consultations.get_locked(consultation.id)

    assert facts(again) == replaced
    assert again.version == 2
    assert len(replaced["questions"]) == 2


async def test_does_not_change_the_version_when_nothing_changed(any_uow: UnitOfWork, author: Member) -> None:
    consultation = await stored(any_uow, author)
    async with any_uow:
        await any_uow.consultations.get_locked(consultation.id)
        await any_uow.commit()

    async with any_uow:
        assert (await any_uow.consultations.get_locked(consultation.id)).version == 1


async def test_finds_nothing_when_unknown_or_removed(any_uow: UnitOfWork, author: Member) -> None:
    consultation = await stored(any_uow, author)
    async with any_uow:
        await any_uow.consultations.remove(await any_uow.consultations.get_locked(consultation.id))
        await any_uow.commit()

    async with any_uow:
        for unknown in (consultation.id, ConsultationId(uuid4())):
            with pytest.raises(ConsultationNotFoundError):
                await any_uow.consultations.get_locked(unknown)
            with pytest.raises(ConsultationNotFoundError):
                await any_uow.consultations.get_shared(unknown)


async def test_lists_what_is_due_when_its_time_has_come(any_uow: UnitOfWork, author: Member) -> None:
    opening = await stored(any_uow, author, opens_at=LATER)
    closing = make_consultation(created_by=author.id, closes_at=LATER)
    closing.open(NOW)
    waiting = make_consultation(created_by=author.id, opens_at=LATER + HOUR, closes_at=LATER + 2 * HOUR)
    running = make_consultation(created_by=author.id, opens_at=NOW, closes_at=LATER + HOUR)
    running.open(NOW)
    over = make_consultation(created_by=author.id, closes_at=LATER)
    over.open(NOW)
    over.close(LATER)
    async with any_uow:
        for consultation in (closing, waiting, running, over, make_consultation(created_by=author.id)):
            any_uow.consultations.add(consultation)
        await any_uow.commit()

    async with any_uow:
        due = await any_uow.consultations.list_due_locked(LATER)

    assert [each.id for each in due] == sorted([opening.id, closing.id])


async def test_refuses_a_second_response_when_one_is_kept(any_uow: UnitOfWork, author: Member) -> None:
    consultation = await stored(any_uow, author)
    other = await stored(any_uow, author)
    answers = Answers([OptionId(uuid4())], {QuestionId(uuid4()): "x"})

    async def respond(to: Consultation) -> None:
        async with any_uow:
            await any_uow.responses.add(
                Response.create(answers, consultation_id=to.id, member_id=author.id, at=NOW)
            )
            await any_uow.commit()

    await respond(consultation)
    await respond(other)
    with pytest.raises(AlreadyRespondedError):
        await respond(consultation)


async def test_refuses_a_second_ballot_when_the_member_took_part(any_uow: UnitOfWork, author: Member) -> None:
    consultation = await stored(any_uow, author, anonymous=True)

    async def cast() -> None:
        async with any_uow:
            await any_uow.responses.cast(
                Participation(consultation_id=consultation.id, member_id=author.id),
                Ballot.create(Answers(), consultation_id=consultation.id),
            )
            await any_uow.commit()

    await cast()
    with pytest.raises(AlreadyRespondedError):
        await cast()
    async with any_uow:
        await any_uow.responses.shuffle(consultation.id)
        await any_uow.commit()
    with pytest.raises(AlreadyRespondedError):
        await cast()


async def test_keeps_digest_of_erased_member_when_consultation_is_open(
    any_uow: UnitOfWork, author: Member
) -> None:
    one = await stored(any_uow, author)
    other = await stored(any_uow, author)
    async with any_uow:
        for _ in range(2):
            await any_uow.responses.keep_digest(one.id, b"digest")
        await any_uow.responses.keep_digest(other.id, b"digest")
        await any_uow.commit()

    async with any_uow:
        assert await any_uow.responses.has_digest(one.id, [b"newer", b"digest"])
        assert not await any_uow.responses.has_digest(one.id, [b"another"])
        await any_uow.responses.forget_digests(one.id)
        await any_uow.commit()

    async with any_uow:
        assert not await any_uow.responses.has_digest(one.id, [b"digest"])
        assert await any_uow.responses.has_digest(other.id, [b"digest"])


async def test_lists_open_and_answered_when_asked_about_a_member(any_uow: UnitOfWork, author: Member) -> None:
    named, secret, closed, ignored = [
        await stored(any_uow, author, anonymous=anonymous) for anonymous in (False, True, True, False)
    ]
    async with any_uow:
        await any_uow.responses.add(
            Response.create(Answers(), consultation_id=named.id, member_id=author.id, at=NOW)
        )
        for each in (secret, closed):
            await any_uow.responses.cast(
                Participation(consultation_id=each.id, member_id=author.id),
                Ballot.create(Answers(), consultation_id=each.id),
            )
        for each in (named, secret, closed, ignored):
            (await any_uow.consultations.get_locked(each.id)).open(NOW)
        (await any_uow.consultations.get_locked(closed.id)).close(NOW)
        await any_uow.commit()

    async with any_uow:
        await any_uow.consultations.lock_unclosed_shared()
        found = await any_uow.responses.list_unclosed(author.id)
        assert set(found) == {named.id, secret.id}
        assert await any_uow.responses.list_unclosed(MemberId(uuid4())) == []


async def test_time_goes_on_when_asked_within_a_transaction(uow: UnitOfWork) -> None:
    """Deadlines are checked after waiting for a lock, so the start of the transaction would be too early."""
    async with uow:
        first = await uow.now()
        second = await uow.now()

    assert first < second
    assert first.utcoffset() is not None
