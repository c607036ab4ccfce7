"""Patches without effect, on every route that takes a merge patch (RFC 7396)."""

from datetime import timedelta
from typing import Any

import pytest
from httpx import AsyncClient, Response
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.domain.members.member import Role
from tests.api.conftest import Callers
from tests.api.contract import contract, operation_of
from tests.api.routes import ROUTES
from tests.fakes import FixedClock
from tests.support.http import MEMBERS

PATCHES = [path for method, path in ROUTES if method == "PATCH"]


def fields_of(path: str) -> set[str]:
    """Return the names of the fields of a patch, except questions, which are read in another form."""
    content = operation_of("PATCH", path)["requestBody"]["content"]["application/merge-patch+json"]
    schema = contract()["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
    return {*schema["properties"]} - {"questions"}


async def audit_entries(connection: AsyncConnection) -> int:
    number: int = (await connection.execute(text("SELECT count(*) FROM audit_entries"))).scalar_one()
    return number


@pytest.mark.parametrize("path", PATCHES)
async def test_keeps_the_version_when_a_patch_changes_nothing(
    path: str, callers: Callers, connection: AsyncConnection, clock: FixedClock
) -> None:
    [(client, world)] = [(client, world) for role, client, world in callers if role is Role.ADMIN]
    request = await ROUTES["PATCH", path].calls[0].prepare(world)
    url = path.format(id=request.get("id", ""))
    resource = url.removesuffix("/invitation")  # of a member, who is read as a whole
    read = await client.get(resource)
    entries = await audit_entries(connection)
    clock.move(timedelta(minutes=1))

    for patch in ({}, {field: read.json()[field] for field in fields_of(path)}):
        response = await sent(client, url, patch, read.headers["ETag"])

        assert (response.status_code, response.headers["ETag"]) == (200, read.headers["ETag"]), response.text
        assert response.json() == read.json()
    assert (await client.get(resource)).json() == read.json()
    assert await audit_entries(connection) == entries


async def sent(client: AsyncClient, url: str, patch: dict[str, Any], tag: str) -> Response:
    return await client.patch(url, json=patch, headers={"If-Match": tag})


async def test_keeps_the_version_when_the_role_is_the_same(
    callers: Callers, connection: AsyncConnection, clock: FixedClock
) -> None:
    [(client, world)] = [(client, world) for role, client, world in callers if role is Role.ADMIN]
    member = await world.member(role=Role.MEMBER)
    entries = await audit_entries(connection)
    clock.move(timedelta(minutes=1))

    response = await client.put(
        f"{MEMBERS}/{member.id}/role", json={"role": "MEMBER"}, headers={"If-Match": '"1"'}
    )

    assert (response.status_code, response.headers["ETag"]) == (200, '"1"')
    assert await audit_entries(connection) == entries
