"""Breaks without a change of types: other credentials, and another meaning of omitted values."""

from typing import Any

import pytest

from gates.contract.openapi_diff import breaking_changes

GET = "/paths/~1news/get"
SCHEME, LIMIT = "/components/securitySchemes/token", f"{GET}/parameters/limit/schema/default"


def document(
    *, scheme: str = "bearer", scopes: tuple[str, ...] = ("read",), says: str = "", **limit: Any
) -> dict[str, Any]:
    parameter = {"in": "query", "name": "limit", "schema": {"type": "integer"} | limit}
    operation = {"security": [{"token": [*scopes]}], "parameters": [parameter], "responses": {}}
    return {
        "paths": {"/news": {"get": operation}},
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": scheme, "description": says}}},
    }


@pytest.mark.parametrize(
    ("new", "pointer", "message"),
    [
        ({"scheme": "basic"}, SCHEME, "the security scheme changed"),
        ({"scopes": ("read", "write")}, f"{GET}/security", "it asks for credentials that it did not ask for"),
        ({"default": 50}, LIMIT, "the default changed from 20 to 50"),
        ({"default": None}, LIMIT, "the default changed from 20 to None"),
    ],
)
def test_finds_break_when_the_same_request_means_something_else(
    new: dict[str, Any], pointer: str, message: str
) -> None:
    found = breaking_changes(document(default=20), document(**{"default": 20} | new))

    assert [(one.pointer, one.message) for one in found] == [(pointer, message)]


def test_finds_break_when_a_way_to_authenticate_is_gone() -> None:
    new = document()
    new["components"] = {}

    assert [found.pointer for found in breaking_changes(document(), new)] == [SCHEME]


@pytest.mark.parametrize(
    "new", [{"scopes": ()}, {"says": "From `POST /token`."}, {"default": 20, "title": "Limit"}]
)
def test_finds_nothing_when_requests_mean_the_same(new: dict[str, Any]) -> None:
    old = document(default=20) if "default" in new else document()

    assert breaking_changes(old, document(**new)) == []


def test_finds_nothing_when_a_default_is_new() -> None:
    assert breaking_changes(document(), document(default=20)) == []
