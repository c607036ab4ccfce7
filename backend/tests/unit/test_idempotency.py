from datetime import datetime, timedelta

import pytest

from app.application.idempotency import (
    IdempotentRequest,
    StoredResponse,
    StoredResponseFoundError,
    delete_expired_responses,
)
from app.domain.members.member import MemberId
from tests.factories import make_member
from tests.fakes import FixedClock

MEMBER = make_member().id
OTHER = make_member().id


def attempt(
    *,
    member_id: MemberId = MEMBER,
    route: str = "POST /news",
    key: str = "k-1",
    path: str = "/news",
    body: bytes = b'{"vote": "yes"}',
) -> IdempotentRequest:
    return IdempotentRequest.of(member_id, route=route, key=key, path=path, body=body)


def test_is_equal_when_the_request_is_the_same() -> None:
    assert attempt() == attempt()


@pytest.mark.parametrize("other", [attempt(member_id=OTHER), attempt(route="POST /x"), attempt(key="k-2")])
def test_is_another_attempt_when_member_route_or_key_differ(other: IdempotentRequest) -> None:
    assert other.key_digest != attempt().key_digest


@pytest.mark.parametrize("other", [attempt(path="/news/1"), attempt(body=b"{}")])
def test_treats_key_as_reused_when_path_or_body_differ(other: IdempotentRequest) -> None:
    assert other.key_digest == attempt().key_digest
    assert other.fingerprint != attempt().fingerprint


def test_replays_first_response_when_request_is_repeated() -> None:
    response = StoredResponse(201, {}, b"{}")

    assert StoredResponseFoundError(response).response is response


async def test_forgets_answers_when_they_are_a_day_old(clock: FixedClock) -> None:
    class Responses:
        async def remove_expired(self, *, before: datetime) -> None:
            assert before == clock.now() - timedelta(hours=24)
            forgotten.append(before)

    forgotten: list[datetime] = []

    await delete_expired_responses(responses=Responses(), clock=clock)

    assert len(forgotten) == 1


def test_says_nothing_about_the_body_when_the_key_is_not_known() -> None:
    assert attempt(key="k-2").fingerprint != attempt().fingerprint
