"""The contract: every route is bound to the policy table, says what can go wrong, and keeps its word."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from httpx import AsyncClient

from app.application.access import POLICY, Action
from app.core.settings import Environment, Settings
from app.domain.members import Role
from app.main import create_app
from tests.conftest import ClientFor

CONTRACT = create_app(Settings(environment=Environment.TEST)).openapi()


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in CONTRACT["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


OPERATIONS = [pytest.param(*each, id=f"{each[0]} {each[1]}") for each in operations()]
SECURITY = [pytest.param(operation, id=f"{method} {path}") for method, path, operation in operations()]
WITH_ROLE = [
    pytest.param(method, path, Action(operation["x-action"]), id=f"{method} {path}")
    for method, path, operation in operations()
    if POLICY[Action(operation["x-action"])].least_role is not None
]


def test_publishes_every_route_when_the_application_is_made(app: FastAPI) -> None:
    """Only the documentation itself and its files are outside of the contract."""
    hidden = {
        getattr(route, "path", "") for route in app.routes if not getattr(route, "include_in_schema", False)
    }

    assert hidden - {""} == {"/docs", "/docs/assets", "/openapi.json"}
    assert len(OPERATIONS) > 15


@pytest.mark.parametrize("operation", SECURITY)
def test_is_bound_to_the_policy_when_published(operation: dict[str, Any]) -> None:
    rule = POLICY[Action(operation["x-action"])]
    secured = {name for need in operation.get("security", []) for name in need}

    assert rule.least_role is None or secured == {"AccessToken"}
    assert rule.least_role is not None or {} in operation["security"]


@pytest.mark.parametrize(("method", "path", "operation"), OPERATIONS)
def test_says_what_it_does_and_how_it_fails_when_published(
    method: str, path: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    failures = {status: answer for status, answer in operation["responses"].items() if status >= "4"}
    assert {"422", "500", "503"} <= failures.keys()
    for answer in failures.values():
        assert list(answer["content"]) == ["application/problem+json"]
        assert answer["content"]["application/problem+json"]["examples"]
    if "{id}" in path:
        assert "404" in failures
    if method in {"patch", "put", "delete"} and "{id}" in path and path not in WITHOUT_VERSION:
        assert {"412", "428"} <= failures.keys()


@pytest.mark.parametrize(("method", "path", "action"), WITH_ROLE)
async def test_follows_the_table_when_each_role_calls(
    method: str, path: str, action: Action, client: AsyncClient, client_for: ClientFor
) -> None:
    """Who may gets anything but 401 and 403, here mostly 404, 422 or 428; everybody else gets those."""
    least = POLICY[action].least_role
    assert least is not None
    url = path.format(id=uuid4())

    assert (await client.request(method, url, json=BODIES.get(path))).status_code == 401
    for role in Role:
        caller = await client_for(role)
        answer = await caller.request(method, url, json=BODIES.get(path), headers={"If-Match": "*"})
        assert (answer.status_code != 403) is role.at_least(least), (role, answer.text)
        assert answer.status_code != 401


WITHOUT_VERSION = {"/api/v1/auth/sessions/{id}"}
"""Nothing of a session can be edited, so there is no change that a second one could undo."""

BODIES: dict[str, Any] = {
    "/api/v1/news": {"title": "T", "content": "C", "scope": "PUBLIC"},
    "/api/v1/news/{id}": {"title": "T"},
    "/api/v1/events": {
        "title": "T",
        "starts_at": "2026-12-05T18:00:00Z",
        "ends_at": "2026-12-05T20:00:00Z",
        "location": "L",
        "organizer": "O",
        "audience": "PUBLIC",
    },
    "/api/v1/events/{id}": {"title": "T"},
    "/api/v1/members/{id}": {"full_name": "N"},
    "/api/v1/members/me": {"full_name": "N"},
    "/api/v1/consultations": {"title": "T", "audience": "MEMBERS"},
    "/api/v1/consultations/{id}": {"title": "T"},
    "/api/v1/consultations/{id}/responses": {"answers": []},
    "/api/v1/members": {"email": "new@pau2.example", "full_name": "N"},
    "/api/v1/members/{id}/role": {"role": "MEMBER"},
    "/api/v1/auth/password": {"current_password": "x", "password": "y"},
}
"""Valid bodies, since what is not valid is refused before anybody asks who it came from."""
