import csv
from collections.abc import Awaitable, Callable
from io import StringIO
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from app.application.consultations import close_consultation, create_response
from app.domain.consultations.consultation import Consultation
from app.domain.consultations.questions import QuestionKind
from app.domain.members.member import Member, Role
from app.infrastructure.database.audit import audit_entries
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.factories import NOW, make_actor, make_answers, make_consultation, make_member, make_question
from tests.fakes import PlainAddressDigests
from tests.plugins.application import ClientFor
from tests.support.http import EXPORTS

MULTIPLE = make_question(kind=QuestionKind.MULTIPLE_CHOICE, options=["A", "B", "C"])
TEXT = make_question(kind=QuestionKind.OPEN_TEXT, options=[], required=False)

Picks = tuple[Any, ...]
Vote = Callable[..., Awaitable[tuple[Consultation, list[Member]]]]


def url(consultation: Consultation) -> str:
    return f"{EXPORTS}/consultations/{consultation.id}/responses"


@pytest.fixture
def vote(uow: SqlAlchemyUnitOfWork) -> Vote:
    """Open a consultation and let as many members answer it as there are picks."""

    async def hold(*picks: Picks, **overrides: Any) -> tuple[Consultation, list[Member]]:
        people = [make_member(role=Role.MEMBER) for _ in picks]
        async with uow:
            for person in people:
                uow.members.add(person)
            await uow.flush()
            consultation = make_consultation(created_by=people[0].id, **overrides)
            consultation.open(NOW)
            uow.consultations.add(consultation)
            await uow.commit()
        for person, answers in zip(people, picks, strict=True):
            actor = make_actor(Role.MEMBER, member_id=person.id)
            await create_response(
                consultation.id,
                make_answers(consultation, *answers),
                actor=actor,
                uow=uow,
                digests=PlainAddressDigests(),
            )
        return consultation, people

    return hold


async def test_holds_one_row_an_answer_when_names_are_known(client_for: ClientFor, vote: Vote) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    consultation, people = await vote(([2, 0], "=1+1"), (1, None), questions=[MULTIPLE, TEXT])
    await vote((0,))

    as_json = (await board_member.get(f"{url(consultation)}?format=json")).json()
    as_csv = await board_member.get(url(consultation))

    choice, text = consultation.questions
    assert [(row["member_id"], row["question_id"], row["answer"]) for row in as_json] == [
        (str(people[0].id), str(choice.id), "A"),
        (str(people[0].id), str(choice.id), "C"),
        (str(people[0].id), str(text.id), "=1+1"),
        (str(people[1].id), str(choice.id), "B"),
    ]
    assert as_csv.headers["Content-Disposition"] == "attachment; filename*=UTF-8''responses.csv"
    rows = list(csv.DictReader(StringIO(as_csv.text, newline="")))
    assert list(rows[0]) == ["response_id", "member_id", "responded_at", "question_id", "question", "answer"]
    assert rows[2]["answer"] == "'=1+1"


async def test_holds_what_the_results_tell_when_anonymous(
    client_for: ClientFor, vote: Vote, uow: SqlAlchemyUnitOfWork
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    picks = [(0, f"w{number}") for number in range(6)] + [(1, None)] * 5 + [(2, None)]
    consultation, people = await vote(
        *picks, anonymous=True, questions=[make_question(options=["A", "B", "C"]), TEXT]
    )
    assert_problem(await board_member.get(url(consultation)), 409, "consultation_not_closed")
    await close_consultation(consultation.id, actor=make_actor(Role.ADMIN), uow=uow)

    response = await board_member.get(f"{url(consultation)}?format=json")

    told = [(row["answer"], row["count"]) for row in response.json()]
    assert told == [("A", 6), ("B", None), ("C", None), *[(f"w{number}", 1) for number in range(6)]]
    assert set(response.json()[0]) == {"question_id", "question", "answer", "count"}
    assert not any(str(person.id) in response.text for person in people)


async def test_records_which_consultation_when_exported(
    client_for: ClientFor, vote: Vote, connection: AsyncConnection
) -> None:
    admin = await client_for(Role.ADMIN)
    consultation, _ = await vote((0,))

    await admin.get(url(consultation))

    recorded = select(audit_entries.c.action, audit_entries.c.subject_id)
    assert ("responses:export", consultation.id) in (await connection.execute(recorded)).all()


async def test_returns_404_when_there_is_no_such_consultation(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    response = await board_member.get(f"{EXPORTS}/consultations/{uuid4()}/responses")

    assert_problem(response, 404, "consultation_not_found")
