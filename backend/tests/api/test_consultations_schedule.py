"""Consultations open and close on time over HTTP, even when no worker runs."""

from datetime import UTC, datetime, timedelta

from app.application.consultations import follow_schedule
from app.domain.consultations.consultation import ConsultationStatus
from app.domain.members.member import Role
from app.infrastructure.database.unit_of_work import SqlAlchemyUnitOfWork
from tests.api.consultations import StoreConsultation, answers_to
from tests.api.problems import assert_problem
from tests.plugins.application import ClientFor
from tests.support.http import CONSULTATIONS, EXPORTS

HOUR = timedelta(hours=1)


def a_second_ago() -> datetime:
    return datetime.now(UTC) - timedelta(seconds=1)


async def test_can_be_seen_and_answered_when_its_time_to_open_has_come(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    member = await client_for(Role.MEMBER)
    consultation = await store_consultation(ConsultationStatus.DRAFT, opens_at=a_second_ago())
    url = f"{CONSULTATIONS}/{consultation.id}"

    read = await member.get(url)
    listed = await member.get(CONSULTATIONS, params={"status": "OPEN"})
    response = await member.post(f"{url}/responses", json=answers_to(consultation, 1))

    assert (read.json()["status"], read.headers["ETag"]) == ("OPEN", '"2"')
    assert [each["id"] for each in listed.json()["items"]] == [str(consultation.id)]
    assert response.status_code == 201
    assert (await member.get(f"{url}/responses/mine")).json() == response.json()


async def test_is_no_draft_any_more_when_its_time_to_open_has_come(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    consultation = await store_consultation(ConsultationStatus.DRAFT, opens_at=a_second_ago())
    url = f"{CONSULTATIONS}/{consultation.id}"
    seen = {"If-Match": (await board_member.get(url)).headers["ETag"]}

    assert_problem(await board_member.delete(url, headers=seen), 409, "consultation_not_draft")
    changed = await board_member.patch(url, json={"anonymous": True}, headers=seen)
    assert_problem(changed, 409, "consultation_frozen")
    retitled = await board_member.patch(url, json={"title": "Shrubs"}, headers=seen)
    assert (retitled.json()["status"], retitled.headers["ETag"]) == ("OPEN", '"3"')


async def test_has_another_tag_when_it_closed_since(
    client_for: ClientFor, store_consultation: StoreConsultation, uow: SqlAlchemyUnitOfWork
) -> None:
    """Polling readers see a new tag at closing time, and no second one when the worker records it."""
    member = await client_for(Role.MEMBER)
    consultation = await store_consultation(closes_at=a_second_ago())
    url = f"{CONSULTATIONS}/{consultation.id}"

    closed = await member.get(url, headers={"If-None-Match": '"1"'})
    seen = {"If-None-Match": closed.headers["ETag"]}
    await follow_schedule(uow=uow)

    assert closed.json()["status"] == "CLOSED"
    assert (await member.get(url, headers=seen)).status_code == 304
    assert (await member.get(CONSULTATIONS, params={"status": "OPEN"})).json()["items"] == []


async def test_shows_named_results_at_once_when_its_time_is_over(
    client_for: ClientFor, store_consultation: StoreConsultation
) -> None:
    member = await client_for(Role.MEMBER)
    consultation = await store_consultation(closes_at=a_second_ago())

    response = await member.get(f"{CONSULTATIONS}/{consultation.id}/results")

    assert response.status_code == 200


async def test_returns_409_until_ballots_are_shuffled_when_closed(
    client_for: ClientFor, store_consultation: StoreConsultation, uow: SqlAlchemyUnitOfWork
) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    consultation = await store_consultation(anonymous=True, closes_at=a_second_ago())
    urls = [
        f"{CONSULTATIONS}/{consultation.id}/results",
        f"{EXPORTS}/consultations/{consultation.id}/responses?format=csv",
    ]

    for url in urls:
        assert_problem(await board_member.get(url), 409, "results_not_ready")
    await follow_schedule(uow=uow)

    for url in urls:
        assert (await board_member.get(url)).status_code == 200


async def test_returns_current_status_when_planned_for_the_past(client_for: ClientFor) -> None:
    board_member = await client_for(Role.BOARD_MEMBER)
    draft = {"title": "Trees", "audience": "MEMBERS", "opens_at": "2020-01-01T00:00:00Z"}
    question = {"title": "Where?", "kind": "OPEN_TEXT"}

    created = await board_member.post(CONSULTATIONS, json=draft | {"questions": [question]})
    read = await board_member.get(created.headers["Location"])

    assert created.json()["status"] == "OPEN"
    assert (read.json(), read.headers["ETag"]) == (created.json(), created.headers["ETag"])
