"""The policy table compared with the application: every route, every role, own entities and others'."""

import sys
from collections.abc import Awaitable, Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

import pytest
from httpx import AsyncClient, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from app.application import access
from app.application.access import POLICY, Action, Actor, is_allowed
from app.domain.members.member import Role
from app.presentation.http.errors import MEDIA_TYPE
from app.presentation.http.headers import HEADERS
from tests.api.conftest import Callers
from tests.api.contract import operation_of, published
from tests.api.routes import ROUTES
from tests.api.routes.requests import Call, Request, Route, route
from tests.factories import make_actor
from tests.support.http import NEWS

CALLS = [
    pytest.param(method, path, call, id=f"{method} {path} {number}")
    for (method, path), route in ROUTES.items()
    for number, call in enumerate(route.calls)
]
ABOUT_ONE = [each for each in CALLS if "{id}" in str(each.id)]
NONSENSE: list[dict[str, Any]] = [
    {"json": {"colour": "red"}},
    {"content": b"{", "headers": {"Content-Type": "application/json", "If-Match": "*"}},
    {"content": b"?", "headers": {"Content-Type": "text/plain"}},
    {"params": [("format", "csv"), ("format", "csv")]},
]
CREATING = [
    pytest.param(*each.values, id=each.id)
    for each in CALLS
    if isinstance(each.values[2], Call) and each.values[2].status == 201
]
READS = [
    name for name in ROUTES if name[0] == "GET" and not {"exports", "results", "data"} & {*name[1].split("/")}
]


Name = tuple[str, str]
"""Method and path of a route."""


def unfinished(routes: Mapping[Name, Route], contract: Collection[Name]) -> list[str]:
    """Return the edits that make the routes of the tests and of the contract agree."""
    place = "ROUTES in tests/api/routes/"
    missing = sorted({*contract} - routes.keys())
    found = [f"add `{name}: route(STATEMENTS, Call(STATUS, …)),` to {place}" for name in missing]
    found += [
        f"remove {name} from {place}: it is not in the contract" for name in routes if name not in contract
    ]
    return found + [f"add a Call to {name} in {place}" for name, route in routes.items() if not route.calls]


def test_has_calls_and_a_budget_when_a_route_is_in_the_contract() -> None:
    assert not (left := unfinished(ROUTES, published())), "\n".join(left)


def test_says_what_to_add_when_a_route_is_not_tested() -> None:
    routes = {("GET", "/a"): route(1), ("GET", "/old"): route(1, Call(200))}

    assert unfinished(routes, {("GET", "/a"), ("POST", "/a")}) == [
        "add `('POST', '/a'): route(STATEMENTS, Call(STATUS, …)),` to ROUTES in tests/api/routes/",
        "remove ('GET', '/old') from ROUTES in tests/api/routes/: it is not in the contract",
        "add a Call to ('GET', '/a') in ROUTES in tests/api/routes/",
    ]


@pytest.mark.parametrize("name", READS)
def test_needs_at_most_two_statements_when_listing_or_reading(name: tuple[str, str]) -> None:
    assert ROUTES[name].statements <= 2


def send(client: AsyncClient, method: str, path: str, request: Request) -> Awaitable[Response]:
    arguments = dict(request)
    places = {name: arguments.pop(name, "") for name in ("id", "code", "token")}
    return client.request(method, path.format(**places), **arguments)


def action_of(method: str, path: str) -> Action:
    return Action(operation_of(method, path)["x-action"])


def refusal(role: Role | None, method: str, path: str, call: Call) -> int | None:
    """Return the status by the policy table for this role: 401, 403, 404, or None."""
    actor = None if role is None else make_actor(role)
    if not is_allowed(actor, action_of(method, path)):
        return 401 if role is None else 403
    return None if call.visible is None or is_allowed(actor, call.visible) else 404


def assert_declared_headers(method: str, path: str, response: Response) -> None:
    """Check that the contract declares every header that was sent: generated clients read them there."""
    declared = operation_of(method, path)["responses"][str(response.status_code)]["headers"].keys()
    sent = {name for name in HEADERS if name in response.headers}

    assert declared - {"Link"} <= sent <= declared


@pytest.mark.parametrize(("method", "path", "call"), CALLS)
async def test_answers_as_the_policy_table_says_when_each_role_calls(
    *, method: str, path: str, call: Call, callers: Callers, connection: AsyncConnection
) -> None:
    for role, client, context in callers:
        async with connection.begin_nested() as savepoint:
            response = await send(client, method, path, await call.prepare(context))
            await savepoint.rollback()

        refused = refusal(role, method, path, call)
        assert response.status_code == (refused or call.status), (role, response.text)
        assert (response.headers.get("Content-Type") == MEDIA_TYPE) is (response.status_code >= 400)
        assert_declared_headers(method, path, response)


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_refuses_the_caller_first_when_request_is_invalid_too(
    method: str, path: str, callers: Callers
) -> None:
    for role, client, _ in callers:
        for nonsense in NONSENSE:
            response = await send(client, method, path, {"id": "nobody", **nonsense})

            refused = refusal(role, method, path, Call(0))
            assert response.status_code == refused or (refused is None and response.status_code < 500), role


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> set[Action]:
    """Record the actions that use cases authorize."""
    found: set[Action] = set()
    authorize = access.authorize

    def ask(actor: Actor | None, action: Action, *, at: datetime | None = None) -> None:
        found.add(action)
        authorize(actor, action, at=at)

    for name, module in list(sys.modules.items()):
        if name.startswith("app.application.") and vars(module).get("authorize") is authorize:
            monkeypatch.setattr(module, "authorize", ask)
    return found


@pytest.mark.parametrize(("method", "path", "call"), CALLS)
async def test_authorizes_the_action_in_the_contract_when_called(
    *, method: str, path: str, call: Call, callers: Callers, asked: set[Action]
) -> None:
    """A use case for everybody need not authorize."""
    action = action_of(method, path)
    [(client, context)] = [(client, context) for role, client, context in callers if role is Role.ADMIN]
    request = await call.prepare(context)
    asked.clear()

    await send(client, method, path, request)

    assert asked == {action} or (asked == set() and POLICY[action].minimum_role is None)


@pytest.mark.parametrize(("method", "path", "call"), ABOUT_ONE)
async def test_returns_404_to_allowed_roles_when_the_entity_is_missing(
    method: str, path: str, call: Call, callers: Callers
) -> None:
    for role, client, context in callers:
        request = {**await call.prepare(context), "id": uuid4()}
        response = await send(client, method, path, request)

        refused = refusal(role, method, path, call)
        assert response.status_code == (refused or 404), (role, response.text)


@pytest.mark.parametrize(("method", "path", "call"), CREATING)
async def test_returns_the_first_answer_when_a_key_comes_again(
    method: str, path: str, call: Call, callers: Callers
) -> None:
    for role, client, context in callers:
        if refusal(role, method, path, call) is None:
            request = {**await call.prepare(context), "headers": {"Idempotency-Key": str(uuid4())}}
            first = await send(client, method, path, request)
            again = await send(client, method, path, request)

            assert (again.status_code, again.content) == (201, first.content)
            assert again.headers["Location"] == first.headers["Location"]


async def test_is_refused_when_a_route_costs_more_than_its_budget(
    client: AsyncClient, overruns: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    name = ("GET", NEWS)
    monkeypatch.setitem(ROUTES, name, route(0))
    await client.get(name[1])

    [overrun] = overruns
    assert overrun.startswith(f"{name}: 1 statements, 1 more than 0: combine statements or, ")
    assert "raise the budget in ROUTES in tests/api/routes/\n" in overrun
    assert "SELECT news.id" in overrun
    overruns.clear()
