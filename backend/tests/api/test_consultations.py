from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response

from app.domain.consultations.consultation import ConsultationStatus
from app.domain.consultations.drafts import ConsultationAudience
from app.domain.members.member import Role
from tests.api.consultations import StoreConsultation, answers_to
from tests.api.problems import assert_problem
from tests.factories import NOW, make_question
from tests.plugins.application import ClientFor
from tests.support.http import CONSULTATIONS, EXPORTS, follow_pages

CHOICE = {"title": "Where?", "kind": "SINGLE_CHOICE", "required": True, "options": ["Park", "School"]}
DRAFT = {"title": "A playground", "audience": "MEMBERS", "questions": [CHOICE]}
EVERYBODY = ConsultationAudience.MEMBERS_AND_SUPPORTERS

VISIBLE = {
    (ConsultationStatus.DRAFT, EVERYBODY): {Role.BOARD_MEMBER, Role.ADMIN},
    (ConsultationStatus.OPEN, EVERYBODY): set(Role),
    (ConsultationStatus.OPEN, ConsultationAudience.MEMBERS): {Role.MEMBER, Role.BOARD_MEMBER, Role.ADMIN},
    (ConsultationStatus.CLOSED, EVERYBODY): set(Role),
    (ConsultationStatus.CLOSED, ConsultationAudience.MEMBERS): {Role.MEMBER, Role.BOARD_MEMBER, Role.ADMIN},
    (ConsultationStatus.ARCHIVED, EVERYBODY): {Role.BOARD_MEMBER, Role.ADMIN},
}


@pytest.mark.parametrize("role", Role)
async def test_shows_what_the_role_may_see_when_reading_and_answering(
    role: Role, client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    reader = await client_for(role)
    expected = set()
    for (status, audience), roles in VISIBLE.items():
        consultation = await store_consultation(status, audience=audience)
        url = f"{CONSULTATIONS}/{consultation.id}"
        read = await reader.get(url)
        answered = await reader.post(f"{url}/responses", json=answers_to(consultation, 0))
        if role in roles:
            expected.add(str(consultation.id))
            assert read.status_code == 200
            assert answered.status_code == (201 if status is ConsultationStatus.OPEN else 409)
        else:
            for response in (read, answered, await reader.get(f"{url}/responses/mine")):
                assert_problem(response, 404, "consultation_not_found")
            assert_problem(await reader.get(f"{url}/results"), 404, "consultation_not_found")

    listed = (await reader.get(CONSULTATIONS)).json()["items"]

    assert {item["id"] for item in listed} == expected


async def test_returns_401_when_nobody_is_logged_in(
    client: AsyncClient, store_consultation: StoreConsultation
) -> None:
    url = f"{CONSULTATIONS}/{(await store_consultation()).id}"

    for response in (
        await client.get(CONSULTATIONS),
        await client.get(url),
        await client.post(f"{url}/responses", json={"answers": []}),
        await client.get(f"{url}/responses/mine"),
        await client.get(f"{url}/results"),
    ):
        assert_problem(response, 401, "unauthenticated")


@pytest.mark.parametrize("role", [Role.SUPPORTER, Role.MEMBER])
async def test_returns_403_when_somebody_else_than_the_board_writes(
    role: Role, client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    caller = await client_for(role)
    url = f"{CONSULTATIONS}/{(await store_consultation()).id}"
    seen = {"If-Match": "*"}

    responses: list[Response] = [
        await caller.post(CONSULTATIONS, json=DRAFT),
        await caller.patch(url, json={"title": "New"}, headers=seen),
        await caller.delete(url, headers=seen),
        *[await caller.post(f"{url}/{verb}") for verb in ("open", "close", "archive")],
        await caller.get(f"{EXPORTS}/consultations/{uuid4()}/responses"),
    ]

    for response in responses:
        assert_problem(response, 403, "forbidden")


async def test_returns_201_with_location_and_etag_when_created(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    text = {"title": "Why?", "kind": "OPEN_TEXT", "description": "In a word."}
    plan = {"opens_at": "2051-12-01T10:00:00+01:00", "closes_at": "2051-12-24T00:00:00Z"}

    response = await board_member.post(CONSULTATIONS, json=DRAFT | plan | {"questions": [CHOICE, text]})

    assert response.status_code == 201
    assert response.headers["ETag"] == '"1"'
    read = response.json()
    assert response.headers["Location"] == f"{CONSULTATIONS}/{read['id']}"
    assert (read["status"], read["results_visibility"], read["anonymous"]) == ("DRAFT", "PRIVATE", False)
    assert (read["opens_at"], read["closes_at"]) == ("2051-12-01T09:00:00Z", "2051-12-24T00:00:00Z")
    url, why = read["questions"]
    assert [option["text"] for option in url["options"]] == ["Park", "School"]
    assert (url["required"], why["required"]) == (True, False)
    assert (why["description"], why["options"]) == ("In a word.", [])
    assert (await board_member.get(response.headers["Location"])).json() == read


async def test_goes_through_its_life_when_opened_closed_and_archived(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    member = await client_for(Role.MEMBER)
    url = (await board_member.post(CONSULTATIONS, json=DRAFT)).headers["Location"]
    assert (await member.get(url)).status_code == 404

    opened = await board_member.post(f"{url}/open")
    assert (opened.json()["status"], opened.headers["ETag"]) == ("OPEN", '"2"')
    assert (await member.get(url)).json() == opened.json()
    assert_problem(await board_member.post(f"{url}/open"), 409, "consultation_not_draft")
    assert_problem(await board_member.post(f"{url}/archive"), 409, "consultation_not_closed")

    closed = (await board_member.post(f"{url}/close")).json()
    assert closed["status"] == "CLOSED"
    assert opened.json()["opens_at"] < closed["closes_at"]
    assert_problem(await board_member.post(f"{url}/close"), 409, "consultation_not_open")

    archived = await board_member.post(f"{url}/archive")
    assert (archived.json()["status"], archived.headers["ETag"]) == ("ARCHIVED", '"4"')
    assert (await member.get(url)).status_code == 404
    edit = await board_member.patch(url, json={"title": "New"}, headers={"If-Match": "*"})
    assert_problem(edit, 409, "consultation_archived")


@pytest.mark.parametrize(
    "change", [{"questions": []}, {"closes_at": datetime(2020, 1, 1, tzinfo=UTC).isoformat()}]
)
async def test_returns_409_when_opened_incomplete(change: dict[str, Any], client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    url = (await board_member.post(CONSULTATIONS, json=DRAFT | change)).headers["Location"]

    assert_problem(await board_member.post(f"{url}/open"), 409, "consultation_incomplete")


async def test_changes_only_what_is_sent_when_patched(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    consultation = await store_consultation(
        ConsultationStatus.DRAFT, description="Why we ask.", closes_at=NOW
    )
    url = f"{CONSULTATIONS}/{consultation.id}"

    response = await board_member.patch(
        url,
        content=b'{"description": null, "anonymous": true, "questions": '
        b'[{"title": "New?", "kind": "OPEN_TEXT"}, {"title": "Newer?", "kind": "OPEN_TEXT"}]}',
        headers={"If-Match": '"1"', "Content-Type": "application/merge-patch+json"},
    )

    assert response.status_code == 200
    assert response.headers["ETag"] == '"2"'
    read = response.json()
    assert (read["title"], read["description"], read["anonymous"]) == (consultation.title, None, True)
    assert read["closes_at"] == "2026-11-22T09:30:00Z"
    assert [question["title"] for question in read["questions"]] == ["New?", "Newer?"]
    assert (await board_member.get(url)).json() == read


@pytest.mark.parametrize("change", [{"questions": [CHOICE]}, {"anonymous": True}, {"opens_at": None}])
async def test_returns_409_when_what_is_frozen_is_changed(
    change: dict[str, Any], client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    url = f"{CONSULTATIONS}/{(await store_consultation()).id}"

    response = await board_member.patch(url, json=change, headers={"If-Match": "*"})

    assert_problem(response, 409, "consultation_frozen")


async def test_returns_428_and_412_when_if_match_is_missing_or_stale(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    url = f"{CONSULTATIONS}/{(await store_consultation(ConsultationStatus.DRAFT)).id}"

    assert_problem(await board_member.patch(url, json={"title": "N"}), 428, "precondition_required")
    assert_problem(await board_member.delete(url), 428, "precondition_required")
    stale = {"If-Match": '"9"'}
    changed = await board_member.patch(url, json={"title": "N"}, headers=stale)
    assert_problem(changed, 412, "version_mismatch")
    assert_problem(await board_member.delete(url, headers=stale), 412, "version_mismatch")


async def test_returns_304_when_the_reader_has_the_version(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    member = await client_for(Role.MEMBER)
    url = f"{CONSULTATIONS}/{(await store_consultation()).id}"

    assert (await member.get(url, headers={"If-None-Match": '"1"'})).status_code == 304


async def test_is_gone_when_a_draft_is_deleted(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    draft = await store_consultation(ConsultationStatus.DRAFT)
    opened = await store_consultation()
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

    response = await board_member.post(CONSULTATIONS, json=DRAFT | change)

    assert_problem(response, 422, code, pointer=pointer)


async def test_returns_each_consultation_once_when_pages_are_followed(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    member = await client_for(Role.MEMBER)
    for number in range(5):
        await store_consultation(title=f"C{number % 2}", at=NOW - timedelta(days=number // 2))

    for sort in ("-opens_at", "opens_at", "title", "-title"):
        items = await follow_pages(member, CONSULTATIONS, limit=2, sort=sort)
        key = sort.removeprefix("-")
        keys = [(item[key], item["id"]) for item in items]
        assert len(set(keys)) == 5
        assert keys == sorted(keys, reverse=sort.startswith("-"))


async def test_lists_what_matches_when_filters_are_given(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    admin = await client_for(Role.ADMIN)
    wanted = await store_consultation(ConsultationStatus.CLOSED, anonymous=True, audience=EVERYBODY)
    await store_consultation(ConsultationStatus.CLOSED)
    await store_consultation(anonymous=True)

    for query in ("status=CLOSED&anonymous=true", "audience=MEMBERS_AND_SUPPORTERS"):
        items = (await admin.get(f"{CONSULTATIONS}?{query}")).json()["items"]
        assert [item["id"] for item in items] == [str(wanted.id)]
    for query in ("created_by=me", "sort=version", "status=GONE"):
        assert_problem(await admin.get(f"{CONSULTATIONS}?{query}"), 422, "validation_failed")


async def test_takes_two_statements_when_read_with_a_token(
    client_for: ClientFor, store_consultation: StoreConsultation, statements: list[tuple[str, Any]]
) -> None:
    """One statement identifies the caller and one reads, however many questions there are."""
    consultation = await store_consultation(questions=[make_question() for _ in range(3)])
    member = await client_for(Role.MEMBER)
    url = f"{CONSULTATIONS}/{consultation.id}"
    await member.post(f"{url}/responses", json=answers_to(consultation, 0, 1, 0))
    for path in (CONSULTATIONS, url, f"{url}/responses/mine"):
        statements.clear()
        assert (await member.get(path)).status_code == 200
        assert len(statements) == 2, statements
