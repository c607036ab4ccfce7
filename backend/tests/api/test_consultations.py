from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.consultations.consultation import (
    Consultation,
    ConsultationAudience,
    ConsultationStatus,
    ResultsVisibility,
)
from app.domain.consultations.questions import QuestionKind
from app.domain.members import Member, Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.problems import assert_problem
from tests.conftest import ClientFor
from tests.factories import NOW, make_consultation, make_member, make_question

CONSULTATIONS = "/api/v1/consultations"
CHOICE = {"title": "Where?", "kind": "SINGLE_CHOICE", "required": True, "options": ["Park", "School"]}
DRAFT = {"title": "A playground", "audience": "MEMBERS", "questions": [CHOICE]}
EVERYBODY = ConsultationAudience.MEMBERS_AND_SUPPORTERS
ORDER = list(ConsultationStatus)

Store = Callable[..., Awaitable[Consultation]]


@pytest.fixture
async def author(uow: SqlAlchemyUnitOfWork) -> Member:
    author = make_member(role=Role.BOARD_MEMBER)
    async with uow:
        uow.members.add(author)
        await uow.commit()
    return author


@pytest.fixture
def stored(uow: SqlAlchemyUnitOfWork, author: Member) -> Store:
    """Store a consultation with the given status; the other arguments go to `make_consultation`."""

    async def store(status: ConsultationStatus = ConsultationStatus.OPEN, **overrides: Any) -> Consultation:
        consultation = make_consultation(**{"created_by": author.id} | overrides)
        verbs = (consultation.open, consultation.close, consultation.archive)
        for hours, verb in enumerate(verbs[: ORDER.index(status)]):
            verb(NOW + timedelta(hours=hours))
        async with uow:
            uow.consultations.add(consultation)
            await uow.commit()
        return consultation

    return store


def body(consultation: Consultation, *picks: int | str | None) -> dict[str, Any]:
    """A request that answers the questions in turn."""
    answers: list[dict[str, Any]] = []
    for question, pick in zip(consultation.questions, picks, strict=True):
        if isinstance(pick, str):
            answers.append({"question_id": str(question.id), "text": pick})
        elif pick is not None:
            chosen = [str(question.options[pick].id)]
            answers.append({"question_id": str(question.id), "option_ids": chosen})
    return {"answers": answers}


VISIBLE = {
    (ConsultationStatus.DRAFT, EVERYBODY): {Role.BOARD_MEMBER, Role.ADMIN},
    (ConsultationStatus.OPEN, EVERYBODY): set(Role),
    (ConsultationStatus.OPEN, ConsultationAudience.MEMBERS): {Role.MEMBER, Role.BOARD_MEMBER, Role.ADMIN},
    (ConsultationStatus.CLOSED, EVERYBODY): set(Role),
    (ConsultationStatus.CLOSED, ConsultationAudience.MEMBERS): {Role.MEMBER, Role.BOARD_MEMBER, Role.ADMIN},
    (ConsultationStatus.ARCHIVED, EVERYBODY): {Role.BOARD_MEMBER, Role.ADMIN},
}


@pytest.mark.parametrize("role", Role)
async def test_shows_exactly_what_the_role_may_see_when_listing_reading_and_answering(
    role: Role, client_for: ClientFor, stored: Store
) -> None:
    reader = await client_for(role)
    expected = set()
    for (status, audience), roles in VISIBLE.items():
        consultation = await stored(status, audience=audience)
        where = f"{CONSULTATIONS}/{consultation.id}"
        read = await reader.get(where)
        answered = await reader.post(f"{where}/responses", json=body(consultation, 0))
        if role in roles:
            expected.add(str(consultation.id))
            assert read.status_code == 200
            assert answered.status_code == (201 if status is ConsultationStatus.OPEN else 409)
        else:
            for answer in (read, answered, await reader.get(f"{where}/responses/mine")):
                assert_problem(answer, 404, "consultation_not_found")
            assert_problem(await reader.get(f"{where}/results"), 404, "consultation_not_found")

    listed = (await reader.get(CONSULTATIONS)).json()["items"]

    assert {item["id"] for item in listed} == expected


async def test_returns_401_when_nobody_is_logged_in(client: AsyncClient, stored: Store) -> None:
    where = f"{CONSULTATIONS}/{(await stored()).id}"

    for answer in (
        await client.get(CONSULTATIONS),
        await client.get(where),
        await client.post(f"{where}/responses", json={"answers": []}),
        await client.get(f"{where}/responses/mine"),
        await client.get(f"{where}/results"),
    ):
        assert_problem(answer, 401, "unauthenticated")


@pytest.mark.parametrize("role", [Role.SUPPORTER, Role.MEMBER])
async def test_returns_403_when_somebody_else_than_the_board_writes(
    role: Role, client_for: ClientFor, stored: Store
) -> None:
    caller = await client_for(role)
    where = f"{CONSULTATIONS}/{(await stored()).id}"
    seen = {"If-Match": "*"}

    answers: list[Response] = [
        await caller.post(CONSULTATIONS, json=DRAFT),
        await caller.patch(where, json={"title": "New"}, headers=seen),
        await caller.delete(where, headers=seen),
        *[await caller.post(f"{where}/{verb}") for verb in ("open", "close", "archive")],
        await caller.get(f"/api/v1/exports/consultations/{uuid4()}/responses"),
    ]

    for answer in answers:
        assert_problem(answer, 403, "forbidden")


async def test_returns_201_with_location_and_etag_when_created(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    text = {"title": "Why?", "kind": "OPEN_TEXT", "description": "In a word."}
    plan = {"opens_at": "2026-12-01T10:00:00+01:00", "closes_at": "2026-12-24T00:00:00Z"}

    answer = await board_member.post(CONSULTATIONS, json=DRAFT | plan | {"questions": [CHOICE, text]})

    assert answer.status_code == 201
    assert answer.headers["ETag"] == '"1"'
    read = answer.json()
    assert answer.headers["Location"] == f"{CONSULTATIONS}/{read['id']}"
    assert (read["status"], read["results_visibility"], read["anonymous"]) == ("DRAFT", "PRIVATE", False)
    assert (read["opens_at"], read["closes_at"]) == ("2026-12-01T09:00:00Z", "2026-12-24T00:00:00Z")
    where, why = read["questions"]
    assert [option["text"] for option in where["options"]] == ["Park", "School"]
    assert (where["required"], why["required"]) == (True, False)
    assert (why["description"], why["options"]) == ("In a word.", [])
    assert (await board_member.get(answer.headers["Location"])).json() == read


async def test_goes_through_its_life_when_opened_closed_and_archived(client_for: ClientFor) -> None:
    board_member, member = await client_for(Role.BOARD_MEMBER), await client_for(Role.MEMBER)
    where = (await board_member.post(CONSULTATIONS, json=DRAFT)).headers["Location"]
    assert (await member.get(where)).status_code == 404

    opened = await board_member.post(f"{where}/open")
    assert (opened.json()["status"], opened.headers["ETag"]) == ("OPEN", '"2"')
    assert (await member.get(where)).json() == opened.json()
    assert_problem(await board_member.post(f"{where}/open"), 409, "consultation_not_draft")
    assert_problem(await board_member.post(f"{where}/archive"), 409, "consultation_not_closed")

    closed = (await board_member.post(f"{where}/close")).json()
    assert closed["status"] == "CLOSED"
    assert opened.json()["opens_at"] < closed["closes_at"]
    assert_problem(await board_member.post(f"{where}/close"), 409, "consultation_not_open")

    archived = await board_member.post(f"{where}/archive")
    assert (archived.json()["status"], archived.headers["ETag"]) == ("ARCHIVED", '"4"')
    assert (await member.get(where)).status_code == 404
    edit = await board_member.patch(where, json={"title": "New"}, headers={"If-Match": "*"})
    assert_problem(edit, 409, "consultation_archived")


@pytest.mark.parametrize(
    "change", [{"questions": []}, {"closes_at": datetime(2020, 1, 1, tzinfo=UTC).isoformat()}]
)
async def test_returns_409_when_opened_incomplete(change: dict[str, Any], client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    where = (await board_member.post(CONSULTATIONS, json=DRAFT | change)).headers["Location"]

    assert_problem(await board_member.post(f"{where}/open"), 409, "consultation_incomplete")


async def test_changes_only_what_is_sent_when_patched(client_for: ClientFor, stored: Store) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    consultation = await stored(ConsultationStatus.DRAFT, description="Why we ask.", closes_at=NOW)
    where = f"{CONSULTATIONS}/{consultation.id}"

    answer = await board_member.patch(
        where,
        content=b'{"description": null, "anonymous": true, "questions": '
        b'[{"title": "New?", "kind": "OPEN_TEXT"}, {"title": "Newer?", "kind": "OPEN_TEXT"}]}',
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )

    assert answer.status_code == 200
    assert answer.headers["ETag"] == '"2"'
    read = answer.json()
    assert (read["title"], read["description"], read["anonymous"]) == (consultation.title, None, True)
    assert read["closes_at"] == "2026-11-22T09:30:00Z"
    assert [question["title"] for question in read["questions"]] == ["New?", "Newer?"]
    assert (await board_member.get(where)).json() == read


@pytest.mark.parametrize("change", [{"questions": [CHOICE]}, {"anonymous": True}, {"opens_at": None}])
async def test_returns_409_when_what_is_frozen_is_changed(
    change: dict[str, Any], client_for: ClientFor, stored: Store
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    where = f"{CONSULTATIONS}/{(await stored()).id}"

    answer = await board_member.patch(where, json=change, headers={"If-Match": "*"})

    assert_problem(answer, 409, "consultation_frozen")


async def test_returns_428_and_412_when_if_match_is_missing_or_stale(
    client_for: ClientFor, stored: Store
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    where = f"{CONSULTATIONS}/{(await stored(ConsultationStatus.DRAFT)).id}"

    assert_problem(await board_member.patch(where, json={"title": "N"}), 428, "precondition_required")
    assert_problem(await board_member.delete(where), 428, "precondition_required")
    stale = {"If-Match": '"9"'}
    changed = await board_member.patch(where, json={"title": "N"}, headers=stale)
    assert_problem(changed, 412, "version_mismatch")
    assert_problem(await board_member.delete(where, headers=stale), 412, "version_mismatch")


async def test_returns_304_when_the_reader_has_the_version(client_for: ClientFor, stored: Store) -> None:
    member = await client_for(Role.MEMBER)
    where = f"{CONSULTATIONS}/{(await stored()).id}"

    assert (await member.get(where, headers={"If-None-Match": '"1"'})).status_code == 304


async def test_is_gone_when_a_draft_is_deleted(client_for: ClientFor, stored: Store) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    draft, opened = await stored(ConsultationStatus.DRAFT), await stored()
    seen = {"If-Match": '"1"'}

    deleted = await board_member.delete(f"{CONSULTATIONS}/{draft.id}", headers=seen)

    assert deleted.status_code == 204
    again = await board_member.delete(f"{CONSULTATIONS}/{draft.id}", headers=seen)
    assert_problem(again, 404, "consultation_not_found")
    refused = await board_member.delete(f"{CONSULTATIONS}/{opened.id}", headers=seen)
    assert_problem(refused, 409, "consultation_not_draft")


@pytest.mark.parametrize(
    ("change", "code", "pointer"),
    [
        ({"title": " "}, "consultation_title_invalid", "/body/title"),
        ({"description": " "}, "consultation_description_invalid", "/body/description"),
        (
            {"opens_at": "2026-12-01T00:00:00Z", "closes_at": "2026-12-01T00:00:00Z"},
            "consultation_period_invalid",
            "/body/closes_at",
        ),
        (
            {"questions": [CHOICE, CHOICE | {"title": " "}]},
            "question_title_invalid",
            "/body/questions/1/title",
        ),
        (
            {"questions": [CHOICE | {"description": " "}]},
            "question_description_invalid",
            "/body/questions/0/description",
        ),
        ({"questions": [CHOICE | {"options": ["A", "a "]}]}, "options_invalid", "/body/questions/0/options"),
        ({"questions": [CHOICE] * 51}, "validation_failed", "/body/questions"),
        ({"opens_at": "2026-12-01T00:00:00"}, "validation_failed", "/body/opens_at"),
        ({"opens_at": "0001-01-01T00:00:00+14:00"}, "validation_failed", "/body/opens_at"),
        ({"opens_at": "9999-12-31T23:59:59-14:00"}, "validation_failed", "/body/opens_at"),
        ({"status": "OPEN"}, "validation_failed", "/body/status"),
    ],
)
async def test_returns_422_when_a_value_breaks_a_rule(
    change: dict[str, Any], code: str, pointer: str, client_for: ClientFor
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)

    answer = await board_member.post(CONSULTATIONS, json=DRAFT | change)

    assert_problem(answer, 422, code, pointer=pointer)


async def test_keeps_the_response_when_a_named_consultation_is_answered(
    client_for: ClientFor, stored: Store
) -> None:
    member = await client_for(Role.MEMBER)
    text = make_question(kind=QuestionKind.OPEN_TEXT, options=[], required=False)
    consultation = await stored(questions=[make_question(), text, text])
    where = f"{CONSULTATIONS}/{consultation.id}/responses"
    assert_problem(await member.get(f"{where}/mine"), 404, "response_not_found")

    answer = await member.post(where, json=body(consultation, 1, None, " Shade. "))

    assert answer.status_code == 201
    assert answer.headers["Location"] == f"{where}/mine"
    first, _, last = consultation.questions
    assert answer.json()["answers"] == [
        {"question_id": str(first.id), "option_ids": [str(first.options[1].id)], "text": None},
        {"question_id": str(last.id), "option_ids": [], "text": "Shade."},
    ]
    mine = await member.get(f"{where}/mine")
    assert mine.json() == answer.json()
    assert mine.headers["ETag"] == '"1"'
    assert_problem(await member.post(where, json=body(consultation, 0, None, None)), 409, "already_responded")
    assert (await member.get(f"{where}/mine")).json() == mine.json()


async def test_tells_nobody_what_was_said_when_an_anonymous_consultation_is_answered(
    client_for: ClientFor, stored: Store
) -> None:
    member = await client_for(Role.MEMBER)
    consultation = await stored(anonymous=True)
    where = f"{CONSULTATIONS}/{consultation.id}/responses"
    assert_problem(await member.get(f"{where}/mine"), 404, "response_not_found")

    answer = await member.post(where, json=body(consultation, 1))

    assert answer.status_code == 201
    assert answer.json() == {
        "consultation_id": str(consultation.id),
        "anonymous": True,
        "responded_at": None,
        "answers": None,
    }
    assert (await member.get(f"{where}/mine")).json() == answer.json()
    assert_problem(await member.post(where, json=body(consultation, 1)), 409, "already_responded")


async def test_returns_422_with_the_place_when_an_answer_does_not_fit(
    client_for: ClientFor, stored: Store
) -> None:
    member = await client_for(Role.MEMBER)
    consultation = await stored(questions=[make_question(), make_question(required=False)])
    where = f"{CONSULTATIONS}/{consultation.id}/responses"
    fit = body(consultation, 0, None)["answers"]
    foreign = {"question_id": str(consultation.questions[1].id), "option_ids": fit[0]["option_ids"]}

    wrong_option = await member.post(where, json={"answers": [*fit, foreign]})
    missing = await member.post(where, json={"answers": []})
    unknown = await member.post(where, json={"answers": [{"question_id": str(uuid4()), "text": "x"}]})

    assert_problem(wrong_option, 422, "answer_invalid", pointer="/body/answers/1/option_ids")
    assert_problem(missing, 422, "answer_missing", pointer="/body/answers")
    assert_problem(unknown, 422, "answer_invalid", pointer="/body/answers/0/question_id")
    assert_problem(await member.get(f"{where}/mine"), 404, "response_not_found")


async def test_returns_409_when_the_deadline_is_over_on_the_clock_of_the_database(
    client_for: ClientFor, stored: Store
) -> None:
    """The status still says OPEN: the worker has not come by yet."""
    member = await client_for(Role.MEMBER)
    consultation = await stored(closes_at=datetime.now(UTC) - timedelta(seconds=1))

    answer = await member.post(f"{CONSULTATIONS}/{consultation.id}/responses", json=body(consultation, 0))

    assert_problem(answer, 409, "consultation_not_open")


@pytest.mark.parametrize("anonymous", [False, True])
@pytest.mark.parametrize("visibility", ResultsVisibility)
@pytest.mark.parametrize("status", ConsultationStatus)
async def test_shows_results_to_whom_and_when_it_may(
    *,
    anonymous: bool,
    visibility: ResultsVisibility,
    status: ConsultationStatus,
    client_for: ClientFor,
    stored: Store,
) -> None:
    consultation = await stored(status, anonymous=anonymous, results_visibility=visibility)
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


async def test_counts_what_was_answered_when_results_are_read(client_for: ClientFor, stored: Store) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    text = make_question(kind=QuestionKind.OPEN_TEXT, options=[], required=False)
    consultation = await stored(questions=[make_question(), text])
    where = f"{CONSULTATIONS}/{consultation.id}"
    for picks in ((1, "b"), (1, None), (0, "a")):
        member = await client_for(Role.MEMBER)
        await member.post(f"{where}/responses", json=body(consultation, *picks))

    read = (await board_member.get(f"{where}/results")).json()

    assert (read["responses"], read["anonymous"]) == (3, False)
    choice, written = read["questions"]
    assert [(option["text"], option["count"]) for option in choice["options"]] == [("Yes", 1), ("No", 2)]
    assert choice["texts"] is None
    assert (written["options"], written["texts"]) == ([], ["a", "b"])


async def test_keeps_small_counts_back_when_the_consultation_was_anonymous(
    client_for: ClientFor, stored: Store
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    text = make_question(kind=QuestionKind.OPEN_TEXT, options=[], required=False)
    choice = make_question(options=["A", "B", "C"])
    consultation = await stored(anonymous=True, questions=[choice, text])
    where = f"{CONSULTATIONS}/{consultation.id}"
    for number, pick in enumerate([0] * 2 + [1] * 5 + [2] * 6):
        member = await client_for(Role.MEMBER)
        word = f"w{number}" if number < 4 else None
        answer = await member.post(f"{where}/responses", json=body(consultation, pick, word))
        assert answer.status_code == 201
    await board_member.post(f"{where}/close")

    read = (await board_member.get(f"{where}/results")).json()

    assert read["responses"] == 13
    chosen, written = read["questions"]
    assert [option["count"] for option in chosen["options"]] == [None, None, 6]
    assert written["texts"] is None


async def test_returns_each_consultation_once_when_pages_are_followed(
    client_for: ClientFor, stored: Store
) -> None:
    member = await client_for(Role.MEMBER)
    for number in range(5):
        await stored(title=f"C{number % 2}", at=NOW - timedelta(days=number // 2))

    for sort in ("-opens_at", "opens_at", "title", "-title"):
        items: list[dict[str, Any]] = []
        params: dict[str, Any] = {"limit": 2, "sort": sort}
        for _ in range(3):
            page = (await member.get(CONSULTATIONS, params=params)).json()
            items += page["items"]
            params["cursor"] = page["next_cursor"]
        assert params["cursor"] is None
        key = sort.removeprefix("-")
        keys = [(item[key], item["id"]) for item in items]
        assert len(set(keys)) == 5
        assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_lists_what_matches_when_filters_are_given(client_for: ClientFor, stored: Store) -> None:
    admin = await client_for(Role.ADMIN)
    wanted = await stored(ConsultationStatus.CLOSED, anonymous=True, audience=EVERYBODY)
    await stored(ConsultationStatus.CLOSED)
    await stored(anonymous=True)

    for query in ("status=CLOSED&anonymous=true", "audience=MEMBERS_AND_SUPPORTERS"):
        items = (await admin.get(f"{CONSULTATIONS}?{query}")).json()["items"]
        assert [item["id"] for item in items] == [str(wanted.id)]
    for query in ("created_by=me", "sort=version", "status=GONE"):
        assert_problem(await admin.get(f"{CONSULTATIONS}?{query}"), 422, "validation_failed")


async def test_takes_two_statements_when_read_with_a_token(
    client_for: ClientFor, stored: Store, engine: AsyncEngine
) -> None:
    """One tells who is asking, one reads, however many questions there are."""
    consultation = await stored(questions=[make_question() for _ in range(3)])
    member = await client_for(Role.MEMBER)
    where = f"{CONSULTATIONS}/{consultation.id}"
    await member.post(f"{where}/responses", json=body(consultation, 0, 1, 0))
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine.sync_engine, "before_cursor_execute", note)
    for url in (CONSULTATIONS, where, f"{where}/responses/mine"):
        seen.clear()
        assert (await member.get(url)).status_code == 200
        assert len(seen) == 2, seen
    event.remove(engine.sync_engine, "before_cursor_execute", note)
