from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import Text, cast, inspect, select, table
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.consultations.consultation import ConsultationStatus
from app.domain.consultations.drafts import ResultsVisibility
from app.domain.consultations.questions import QuestionKind
from app.domain.members.contact_details import EmailAddress
from app.domain.members.member import Role
from app.infrastructure.database.responses import erased_respondents
from tests.api.consultations import StoreConsultation, answers_to
from tests.api.problems import assert_problem
from tests.factories import make_member, make_question
from tests.plugins.application import ClientFor, ClientOf
from tests.support.http import CONSULTATIONS, ME


async def test_stores_response_when_consultation_is_not_anonymous(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    member = await client_for(Role.MEMBER)
    text = make_question(kind=QuestionKind.OPEN_TEXT, options=[], required=False)
    consultation = await store_consultation(questions=[make_question(), text, text])
    url = f"{CONSULTATIONS}/{consultation.id}/responses"
    assert_problem(await member.get(f"{url}/mine"), 404, "response_not_found")

    response = await member.post(url, json=answers_to(consultation, 1, None, " Shade. "))

    assert response.status_code == 201
    assert response.headers["Location"] == f"{url}/mine"
    first, _, last = consultation.questions
    assert response.json()["answers"] == [
        {"question_id": str(first.id), "option_ids": [str(first.options[1].id)], "text": None},
        {"question_id": str(last.id), "option_ids": [], "text": "Shade."},
    ]
    mine = await member.get(f"{url}/mine")
    assert mine.json() == response.json()
    assert mine.headers["ETag"] == '"1"'
    assert_problem(
        await member.post(url, json=answers_to(consultation, 0, None, None)), 409, "already_responded"
    )
    assert (await member.get(f"{url}/mine")).json() == mine.json()


async def test_hides_answers_from_everybody_when_anonymous(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    member = await client_for(Role.MEMBER)
    consultation = await store_consultation(anonymous=True)
    url = f"{CONSULTATIONS}/{consultation.id}/responses"
    assert_problem(await member.get(f"{url}/mine"), 404, "response_not_found")

    response = await member.post(url, json=answers_to(consultation, 1))

    assert response.status_code == 201
    assert response.json() == {
        "consultation_id": str(consultation.id),
        "anonymous": True,
        "responded_at": None,
        "answers": None,
    }
    assert (await member.get(f"{url}/mine")).json() == response.json()
    assert_problem(await member.post(url, json=answers_to(consultation, 1)), 409, "already_responded")


async def test_writes_nothing_elsewhere_when_a_secret_ballot_is_cast(
    client_for: ClientFor, store_consultation: StoreConsultation, connection: AsyncConnection
) -> None:
    """Rows in other tables could link voters to ballots, or copy the answers."""
    member = await client_for(Role.MEMBER)
    text = make_question(kind=QuestionKind.OPEN_TEXT, options=[])
    consultation = await store_consultation(anonymous=True, questions=[make_question(), text])
    before = await rows_by_table(connection)

    response = await member.post(
        f"{CONSULTATIONS}/{consultation.id}/responses", json=answers_to(consultation, 1, "cranberry")
    )

    assert response.status_code == 201
    after = await rows_by_table(connection)
    assert {name for name, rows in after.items() if rows != before[name]} == {"participations", "ballots"}
    assert [name for name, rows in after.items() if any("cranberry" in row for row in rows)] == ["ballots"]


async def rows_by_table(connection: AsyncConnection) -> dict[str, list[str]]:
    """Return every row of every table as text, the job queue included."""
    names = await connection.run_sync(lambda sync: inspect(sync).get_table_names())
    found = {}
    for name in names:
        row = cast(table(name).table_valued(), Text)
        found[name] = list(await connection.scalars(select(row).order_by(row)))
    return found


async def test_returns_422_with_the_place_when_an_answer_does_not_fit(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    member = await client_for(Role.MEMBER)
    consultation = await store_consultation(questions=[make_question(), make_question(required=False)])
    url = f"{CONSULTATIONS}/{consultation.id}/responses"
    fit = answers_to(consultation, 0, None)["answers"]
    foreign = {"question_id": str(consultation.questions[1].id), "option_ids": fit[0]["option_ids"]}

    wrong_option = await member.post(url, json={"answers": [*fit, foreign]})
    missing = await member.post(url, json={"answers": []})
    unknown = await member.post(url, json={"answers": [{"question_id": str(uuid4()), "text": "x"}]})

    assert_problem(wrong_option, 422, "answer_invalid", pointer="/body/answers/1/option_ids")
    assert_problem(missing, 422, "answer_missing", pointer="/body/answers")
    assert_problem(unknown, 422, "answer_invalid", pointer="/body/answers/0/question_id")
    assert_problem(await member.get(f"{url}/mine"), 404, "response_not_found")


async def test_returns_409_when_database_clock_is_past_the_deadline(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    """The stored status is still OPEN because the worker has not run yet."""
    member = await client_for(Role.MEMBER)
    consultation = await store_consultation(closes_at=datetime.now(UTC) - timedelta(seconds=1))

    response = await member.post(
        f"{CONSULTATIONS}/{consultation.id}/responses", json=answers_to(consultation, 0)
    )

    assert_problem(response, 409, "consultation_not_open")


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("visibility", ResultsVisibility)
@pytest.mark.parametrize("status", ConsultationStatus)
async def test_shows_results_to_whom_and_when_it_may(
    *,
    anonymous: bool,
    visibility: ResultsVisibility,
    status: ConsultationStatus,
    client_for: ClientFor,
    store_consultation: StoreConsultation,
) -> None:
    consultation = await store_consultation(status, anonymous=anonymous, results_visibility=visibility)
    url = f"{CONSULTATIONS}/{consultation.id}/results"
    supporter, member, board_member = [
        await client_for(role) for role in (Role.SUPPORTER, Role.MEMBER, Role.BOARD_MEMBER)
    ]
    closed = status in {ConsultationStatus.CLOSED, ConsultationStatus.ARCHIVED}

    for_the_board = await board_member.get(url)
    for_members = await member.get(url)

    if closed or (status is ConsultationStatus.OPEN and not anonymous):
        assert for_the_board.status_code == 200
    else:
        assert_problem(for_the_board, 409, "consultation_not_closed")
    if status in {ConsultationStatus.DRAFT, ConsultationStatus.ARCHIVED}:
        assert_problem(for_members, 404, "consultation_not_found")
    elif visibility is ResultsVisibility.PRIVATE:
        assert_problem(for_members, 403, "results_private")
    elif closed:
        assert for_members.json() == for_the_board.json()
    else:
        assert_problem(for_members, 409, "consultation_not_closed")
    assert_problem(await supporter.get(url), 404, "consultation_not_found")


async def test_counts_what_was_answered_when_results_are_read(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    text = make_question(kind=QuestionKind.OPEN_TEXT, options=[], required=False)
    consultation = await store_consultation(questions=[make_question(), text])
    url = f"{CONSULTATIONS}/{consultation.id}"
    for picks in ((1, "b"), (1, None), (0, "a")):
        member = await client_for(Role.MEMBER)
        await member.post(f"{url}/responses", json=answers_to(consultation, *picks))

    response = await board_member.get(f"{url}/results")

    read = response.json()
    assert (read["responses"], read["anonymous"]) == (3, False)
    choice, written = read["questions"]
    assert [(option["text"], option["count"]) for option in choice["options"]] == [("Yes", 1), ("No", 2)]
    assert choice["texts"] is None
    assert (written["options"], written["texts"]) == ([], ["a", "b"])
    seen = {"If-None-Match": response.headers["ETag"]}
    assert (await board_member.get(f"{url}/results", headers=seen)).status_code == 304
    await board_member.post(f"{url}/responses", json=answers_to(consultation, 0, None))
    assert (await board_member.get(f"{url}/results", headers=seen)).json()["responses"] == 4


async def test_withholds_small_counts_when_anonymous(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    text = make_question(kind=QuestionKind.OPEN_TEXT, options=[], required=False)
    choice = make_question(options=["A", "B", "C"])
    consultation = await store_consultation(anonymous=True, questions=[choice, text])
    url = f"{CONSULTATIONS}/{consultation.id}"
    for number, pick in enumerate([0] * 2 + [1] * 5 + [2] * 6):
        member = await client_for(Role.MEMBER)
        word = f"w{number}" if number < 4 else None
        response = await member.post(f"{url}/responses", json=answers_to(consultation, pick, word))
        assert response.status_code == 201
    await board_member.post(f"{url}/close")

    read = (await board_member.get(f"{url}/results")).json()

    assert read["responses"] == 13
    chosen, written = read["questions"]
    assert [option["count"] for option in chosen["options"]] == [None, None, 6]
    assert written["texts"] is None


@pytest.mark.parametrize("anonymous", [False, True])
async def test_returns_409_when_an_erased_member_answers_again(
    *,
    anonymous: bool,
    client_of: ClientOf,
    store_consultation: StoreConsultation,
    connection: AsyncConnection,
) -> None:
    consultation = await store_consultation(anonymous=anonymous)
    url = f"{CONSULTATIONS}/{consultation.id}/responses"
    email = EmailAddress("marta@pau2.example")
    first = await client_of(make_member(email=email, role=Role.MEMBER))
    assert (await first.post(url, json=answers_to(consultation, 1))).status_code == 201
    gone = await first.delete(ME, headers={"If-Match": "*"})
    assert gone.status_code == 204

    second = await client_of(make_member(email=email, role=Role.MEMBER))
    response = await second.post(url, json=answers_to(consultation, 0))

    assert_problem(response, 409, "already_responded")
    digests = (await connection.execute(select(erased_respondents))).all()
    assert [row.consultation_id for row in digests] == [consultation.id]
    assert email.value.encode() not in digests[0].digest
    board = await client_of(make_member(role=Role.BOARD_MEMBER))
    closed = await board.post(f"{CONSULTATIONS}/{consultation.id}/close")
    assert closed.status_code == 200
    assert (await connection.execute(select(erased_respondents))).all() == []


@pytest.mark.parametrize("field", ["options", "title"])
async def test_returns_422_when_question_looks_empty_or_options_alike(
    field: str, client_for: ClientFor
) -> None:
    board = await client_for(Role.BOARD_MEMBER)
    looks = {"options": ["Café", "Cafe\u0301\u200b"], "title": "\u3164"}[field]
    question = {"title": "Where?", "kind": "SINGLE_CHOICE", "options": ["Here", "There"]} | {field: looks}

    response = await board.post(
        CONSULTATIONS, json={"title": "Trees", "audience": "MEMBERS", "questions": [question]}
    )

    code = {"options": "options_invalid", "title": "question_title_invalid"}[field]
    assert_problem(response, 422, code, pointer=f"/body/questions/0/{field}")
