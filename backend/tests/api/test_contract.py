"""The contract: every route has a policy row, declares its errors, and returns nothing else."""

import json
from types import ModuleType
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from app.application.access import POLICY, Action
from devtools.postgres import PROJECT
from tests.api.contract import contract, operation_of, published
from tests.api.routes import ROUTES
from tests.support.http import API


def test_publishes_every_route_when_the_application_is_made(app: FastAPI) -> None:
    """The contract omits only the pages for people and the files of the documentation."""
    routes = iter_route_contexts(app.routes)
    hidden = {route.path for route in routes if not getattr(route, "include_in_schema", False)}

    assert hidden == {"/", "/docs", "/docs/assets", "/openapi.json"}
    assert len(published()) > 15


def test_is_the_published_document() -> None:
    """`./noxw -s openapi` publishes it."""
    document = json.loads((PROJECT / "backend/openapi.json").read_text(encoding="utf-8"))

    assert json.loads(json.dumps(contract())) == document


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_is_bound_to_the_policy_when_published(method: str, path: str) -> None:
    operation = operation_of(method, path)
    rule = POLICY[Action(operation["x-action"])]
    secured = {name for need in operation.get("security", []) for name in need}

    assert rule.minimum_role is None or secured == {"AccessToken"}
    assert rule.minimum_role is not None or operation["security"] in ([], [{"AccessToken": []}, {}])


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_says_what_it_does_and_how_it_fails_when_published(method: str, path: str) -> None:
    operation = operation_of(method, path)
    assert operation["summary"]
    assert operation["description"]
    failures = {status: response for status, response in operation["responses"].items() if status >= "4"}
    is_oauth = "application/x-www-form-urlencoded" in operation.get("requestBody", {}).get("content", {})
    assert {"400" if is_oauth else "422", "500", "503"} <= failures.keys()
    for status, response in failures.items():
        [(media_type, content)] = response["content"].items()
        assert media_type == ("application/json" if status == "400" else "application/problem+json")
        assert content["examples"]
    assert ({"408", "413", "415"} <= failures.keys()) == ("requestBody" in operation)
    if "{id}" in path:
        assert "404" in failures
    headers = {
        each["name"]: each["required"] for each in operation.get("parameters", []) if each["in"] == "header"
    }
    assert ("if-none-match" in headers) is ("304" in operation["responses"])
    assert "if-none-match" not in headers or method == "GET"
    assert headers.get("if-match", False) is ("428" in failures)
    if method in {"PATCH", "PUT", "DELETE"} and "{id}" in path and path not in WITHOUT_VERSION:
        assert {"412", "428"} <= failures.keys()
    if {"AccessToken": []} in operation["security"]:
        assert "401" in failures
    if "201" in operation["responses"]:
        assert "idempotency-key" in [parameter["name"] for parameter in operation["parameters"]]
        assert "idempotency_key_in_use" in failures["409"]["content"]["application/problem+json"]["examples"]


VERBS = {
    "GET": {"check", "export", "list", "read"},
    "POST": {
        "activate",
        "archive",
        "cancel",
        "close",
        "complete",
        "confirm",
        "create",
        "deactivate",
        "invite",
        "issue",
        "open",
        "publish",
        "register",
        "request",
        "resend",
        "reset",
        "revoke",
        "verify",
    },
    "PATCH": {"correct", "edit"},
    "PUT": {"change", "renew", "request"},
    "DELETE": {"end", "erase", "remove", "withdraw"},
}
"""The first word of an operation id. A new special verb is added here on purpose."""


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_has_verb_and_noun_when_operation_is_named(method: str, path: str) -> None:
    operation = operation_of(method, path)
    verb, _, noun = operation["operationId"].partition("_")

    assert verb in VERBS[method]
    assert noun
    assert (verb == "list") is ("items" in _returned(operation).get("properties", {}))


def test_has_the_name_of_its_use_case_when_a_handler_calls_one(app: FastAPI) -> None:
    """The operation id leads from a generated client to the use case."""
    handlers = [route.endpoint for route in app.routes if isinstance(route, APIRoute)]

    assert handlers
    for handler in handlers:
        used = handler.__code__.co_names
        calls_use_case = any(isinstance(handler.__globals__.get(name), ModuleType) for name in used)
        assert not calls_use_case or handler.__name__ in used


def test_has_unique_operation_ids() -> None:
    """Generated clients turn each into a function, and some put all into one module."""
    ids = [operation_of(method, path)["operationId"] for method, path in published()]

    assert len(ids) == len(set(ids))


def _returned(operation: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of the response with status 200, or {} if it is not a JSON object."""
    content = operation["responses"].get("200", {}).get("content", {})
    reference = content.get("application/json", {}).get("schema", {}).get("$ref", "")
    schema: dict[str, Any] = contract()["components"]["schemas"].get(reference.rpartition("/")[2], {})
    return schema


def test_has_no_defaults_when_a_schema_is_of_a_change() -> None:
    """Omitted fields stay unchanged (RFC 7396 §2), but generated clients would send their defaults."""
    schemas = contract()["components"]["schemas"]
    patched = {
        path["patch"]["requestBody"]["content"]["application/merge-patch+json"]["schema"]["$ref"]
        for path in contract()["paths"].values()
        if "patch" in path
    }
    changes = {name for name in schemas if name.endswith("Update")}

    assert {reference.rpartition("/")[2] for reference in patched} < changes
    for name in changes:
        for field, schema in schemas[name]["properties"].items():
            assert "default" not in schema, (name, field)


WITHOUT_VERSION = {API + "/auth/sessions/{id}"}
"""Sessions cannot be edited, so there are no changes that could collide."""
