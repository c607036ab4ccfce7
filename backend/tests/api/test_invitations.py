from collections.abc import Awaitable, Callable
from functools import partial
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.core.settings import Settings
from app.domain.auth import OneTimePurpose
from app.domain.members.member import Role
from tests.api.problems import assert_problem
from tests.factories import PASSWORD
from tests.plugins.application import ClientFor
from tests.support.http import ANY_VERSION, AUTH, MEMBERS, mailed_token

INVITATION = {"email": "nurai@pau2.example", "full_name": "Nurai", "role": "ADMIN"}

InvitationToken = Callable[[], Awaitable[str]]
Accept = Callable[[str], Awaitable[Response]]


@pytest.fixture
async def admin(client_for: ClientFor) -> AsyncClient:
    return await client_for(Role.ADMIN)


@pytest.fixture
async def invited(admin: AsyncClient) -> str:
    """Invite a member and return their path."""
    return str((await admin.post(MEMBERS, json=INVITATION)).headers["Location"])


@pytest.fixture
def invitation_token(connection: AsyncConnection, settings: Settings) -> InvitationToken:
    """Return the token of the newest invitation."""
    return partial(mailed_token, connection, settings, OneTimePurpose.INVITATION)


@pytest.fixture
def accept(client: AsyncClient) -> Accept:
    async def reset(token: str) -> Response:
        form = {"token": token, "password": PASSWORD}
        return await client.post(f"{AUTH}/password/reset", json=form)

    return reset


async def test_only_new_token_works_when_invitation_is_resent(
    admin: AsyncClient, invited: str, invitation_token: InvitationToken, accept: Accept
) -> None:
    first = await invitation_token()

    response = await admin.post(f"{invited}/invitation/resend")

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await accept(first), 422, "one_time_token_invalid")
    assert (await accept(await invitation_token())).status_code == 204
    assert_problem(await admin.post(f"{invited}/invitation/resend"), 409, "invitation_accepted")


async def test_changes_only_what_is_sent_and_mails_anew_when_corrected(
    admin: AsyncClient, invited: str, invitation_token: InvitationToken, accept: Accept
) -> None:
    first = await invitation_token()
    before = (await admin.get(invited)).json()

    response = await admin.patch(
        f"{invited}/invitation", json={"email": "Nuria@pau2.example"}, headers={"If-Match": '"1"'}
    )

    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    changed = {name for name, value in response.json().items() if before[name] != value}
    assert changed - {"version", "updated_at"} == {"email"}
    assert response.json()["email"] == "nuria@pau2.example"
    assert_problem(await accept(first), 422, "one_time_token_invalid")
    assert (await accept(await invitation_token())).status_code == 204
    late = await admin.patch(f"{invited}/invitation", json={"full_name": "Nuria"}, headers=ANY_VERSION)
    assert_problem(late, 409, "invitation_accepted")


async def test_keeps_its_version_when_nothing_is_corrected(admin: AsyncClient, invited: str) -> None:
    response = await admin.patch(f"{invited}/invitation", json={}, headers=ANY_VERSION)

    assert (response.status_code, response.headers["ETag"]) == (200, '"1"')


async def test_address_can_be_invited_again_when_withdrawn(
    admin: AsyncClient, invited: str, invitation_token: InvitationToken, accept: Accept
) -> None:
    token = await invitation_token()

    response = await admin.delete(f"{invited}/invitation", headers={"If-Match": '"1"'})

    assert (response.status_code, response.content) == (204, b"")
    assert_problem(await accept(token), 422, "one_time_token_invalid")
    assert_problem(await admin.get(invited), 404, "member_not_found")
    assert (await admin.post(MEMBERS, json=INVITATION)).status_code == 201


async def test_returns_409_when_withdrawn_after_it_was_accepted(
    admin: AsyncClient, invited: str, invitation_token: InvitationToken, accept: Accept
) -> None:
    await accept(await invitation_token())

    response = await admin.delete(f"{invited}/invitation", headers=ANY_VERSION)

    assert_problem(response, 409, "invitation_accepted")


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"email": "nobody"}, "email_address_invalid", "email"),
        ({"email": None}, "validation_failed", "email"),
        ({"full_name": " "}, "full_name_invalid", "full_name"),
        ({"phone": "1"}, "phone_number_invalid", "phone"),
        ({"role": "KING"}, "validation_failed", "role"),
        ({"password": PASSWORD}, "validation_failed", "password"),
    ],
)
async def test_returns_422_when_a_correction_is_not_valid(
    admin: AsyncClient, invited: str, change: dict[str, str], code: str, field: str
) -> None:
    response = await admin.patch(f"{invited}/invitation", json=change, headers=ANY_VERSION)

    assert_problem(response, 422, code, pointer=f"/body/{field}")


async def test_returns_409_when_the_corrected_address_has_an_account(
    admin: AsyncClient, invited: str
) -> None:
    await admin.post(MEMBERS, json=INVITATION | {"email": "taken@pau2.example"})

    response = await admin.patch(
        f"{invited}/invitation", json={"email": "taken@pau2.example"}, headers=ANY_VERSION
    )

    assert_problem(response, 409, "email_taken")


async def test_returns_409_when_the_account_is_closed(admin: AsyncClient, invited: str) -> None:
    await admin.post(f"{invited}/deactivate")

    assert_problem(await admin.post(f"{invited}/invitation/resend"), 409, "member_inactive")


async def test_returns_428_or_412_when_version_is_missing_or_stale(admin: AsyncClient, invited: str) -> None:
    path = f"{invited}/invitation"
    stale = {"If-Match": '"7"'}

    assert_problem(await admin.patch(path, json={}), 428, "precondition_required")
    assert_problem(await admin.delete(path), 428, "precondition_required")
    assert_problem(await admin.patch(path, json={}, headers=stale), 412, "version_mismatch")
    assert_problem(await admin.delete(path, headers=stale), 412, "version_mismatch")


async def test_returns_429_when_five_mails_were_sent_again(admin: AsyncClient, invited: str) -> None:
    for _ in range(5):
        assert (await admin.post(f"{invited}/invitation/resend")).status_code == 204

    response = await admin.post(f"{invited}/invitation/resend")

    assert_problem(response, 429, "too_many_requests")
    assert response.headers["Retry-After"] == "1800"


async def test_returns_404_when_there_is_no_such_member(admin: AsyncClient) -> None:
    path = f"{MEMBERS}/{uuid4()}/invitation"

    responses = [
        await admin.patch(path, json={}, headers=ANY_VERSION),
        await admin.delete(path, headers=ANY_VERSION),
        await admin.post(f"{path}/resend"),
    ]

    for response in responses:
        assert_problem(response, 404, "member_not_found")
